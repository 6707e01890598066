//! shm-bus measured beside its peers: rings and channels between threads, transports between processes, and, as lower bounds, bare system
//! calls and cache lines.
//!
//! See the crate `measure` for cases, rounds, contenders and sessions. A session between processes starts this program again as its far end, which must end in
//! order; each end stays on a core of its own.
//!
//! # Failure
//! An unexpected empty result or error ends its session, and the program ends with code 1. It leaves neither a process nor a file, even if
//! it is killed.

mod abilities;
mod block;
mod cases;
mod far;
mod goals;
mod link;
mod peers;
mod run_folder;
mod system;

use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

use cases::{Contender, Session};
use measure::{Effort, Report, Round};
use run_folder::RunFolder;

/// Measures shm-bus and its peers side by side and prints the figures beside the goals.
///
/// Times are nanoseconds. A ratio is the peer's cost divided by ours: above 1, ours is better. Keep the machine quiet;
/// two cores are needed. Linux only.
#[derive(Debug, Parser)]
struct Args {
    /// Measure five short rounds, in less than a minute, instead of eleven longer ones, in about eight minutes
    #[arg(long)]
    quick: bool,
    /// Also write all rows to FILE as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Measure only the case NAME; may be given several times
    #[arg(long = "case", value_name = "NAME", value_parser = clap::builder::PossibleValuesParser::new(case_names()))]
    cases: Vec<String>,
    #[command(subcommand)]
    role: Option<Role>,
}

/// A role in which this program starts itself.
#[derive(Debug, Subcommand)]
enum Role {
    /// The far end of one session.
    #[command(hide = true)]
    Far { case: String, peer: String, folder: PathBuf },
    /// Cleans up after a run.
    #[command(hide = true)]
    Janitor { run: String },
}

fn case_names() -> Vec<&'static str> {
    cases::all().into_iter().map(|case| case.name).collect()
}

fn main() -> Result<ExitCode> {
    let args = Args::parse();
    match &args.role {
        None => measure(&args),
        Some(Role::Janitor { run }) => run_folder::clear_after_end(run).map(|()| ExitCode::SUCCESS),
        Some(Role::Far { case, peer, folder }) => {
            let case = cases::all().into_iter().find(|known| known.name == case).context("no such case")?;
            let contender = case.contenders.iter().find(|known| known.peer == peer).context("no such peer")?;
            contender.far.context("this peer has no far end")?(folder)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn measure(args: &Args) -> Result<ExitCode> {
    let effort = Effort::new(args.quick);
    let mut run = RunFolder::new()?;
    let mut report = Report::default();
    for case in cases::all() {
        if !args.cases.is_empty() && !args.cases.iter().any(|name| name == case.name) {
            continue;
        }
        let name = case.name;
        eprintln!("{name} …");
        let contenders: Vec<_> = case.contenders.iter().map(|known| (known.peer, known.between.name())).collect();
        let session = |index| session(name, &case.contenders[index], &effort, &mut run);
        report.add(&case.outline(), &measure::measure(name, &contenders, &effort, session));
    }
    measure::print(&report, goals::GOALS);
    if let Some(path) = &args.json {
        let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        serde_json::to_writer_pretty(BufWriter::new(file), &report)?;
    }
    Ok(if report.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn session(case: &str, contender: &Contender, effort: &Effort, run: &mut RunFolder) -> Result<Round> {
    let folder = run.session_folder()?;
    let session = Session { case, peer: contender.peer, folder, budget: effort.budget };
    let figures = (contender.near)(&session)?;
    std::fs::remove_dir_all(&session.folder)?;
    Ok(figures)
}
