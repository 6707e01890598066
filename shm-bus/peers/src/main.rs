//! shm-bus measured beside its peers: rings and channels between threads, transports between processes, and, as lower bounds, bare system
//! calls and cache lines.
//!
//! A **case** is measured in **rounds**; in each round every **contender** has one **session**, one directly after the other, so that all
//! of them meet the same state of the machine. A session between processes starts this program again as its far end, which must end in
//! order; each end stays on a core of its own.
//!
//! # Failure
//! An unexpected empty result or error ends its session, and the program ends with code 1. It leaves neither a process nor a file, even if
//! it is killed.

mod abilities;
mod block;
mod cases;
mod far;
mod link;
mod peers;
mod report;
mod run_folder;
mod samples;
mod system;

use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand};

use cases::{Case, Contender, Session};
use report::{Measured, Report};
use run_folder::RunFolder;
use samples::Round;

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
    let (rounds, budget) = if args.quick { (5, Duration::from_millis(40)) } else { (11, Duration::from_millis(400)) };
    if let Some(load) = system::load().filter(|load| *load > 0.5) {
        eprintln!("The machine is busy (load {load}): ends that spin lose their cores, and the figures say little.");
    }
    let mut run = RunFolder::new()?;
    let watchdog = watchdog();
    let mut report = Report::default();
    let mut failed = 0;
    for case in cases::all() {
        if !args.cases.is_empty() && !args.cases.iter().any(|name| name == case.name) {
            continue;
        }
        eprintln!("{} …", case.name);
        let measured = measure_case(&case, rounds, budget, &mut run, &watchdog);
        for (peer, error) in
            measured.iter().filter_map(|measured| Some((measured.peer, measured.rounds.as_ref().err()?)))
        {
            eprintln!("FAILED: {} by {peer}: {error}", case.name);
            failed += 1;
        }
        report.add(&case, &measured);
    }
    report::print(&report);
    if let Some(path) = &args.json {
        let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        serde_json::to_writer_pretty(BufWriter::new(file), &report)?;
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// All rounds of one case. A contender that fails is not tried again.
fn measure_case(
    case: &Case,
    rounds: usize,
    budget: Duration,
    run: &mut RunFolder,
    watchdog: &Sender<()>,
) -> Vec<Measured> {
    let start = |contender: &Contender| Measured {
        peer: contender.peer,
        between: contender.between.name(),
        rounds: Ok(Vec::with_capacity(rounds)),
    };
    let mut measured: Vec<_> = case.contenders.iter().map(start).collect();
    let count = case.contenders.len();
    for round in 0..rounds {
        // Each round begins with another contender, so that none always follows the same one.
        for index in (0..count).map(|index| (index + round) % count) {
            let Ok(taken) = &mut measured[index].rounds else { continue };
            let figures = measure_once(case, &case.contenders[index], budget, run);
            let _ = watchdog.send(());
            match figures {
                Ok(figures) => taken.push(figures),
                Err(error) => measured[index].rounds = Err(format!("{error:#}")),
            }
        }
    }
    measured
}

fn measure_once(case: &Case, contender: &Contender, budget: Duration, run: &mut RunFolder) -> Result<Round> {
    let folder = run.session_folder()?;
    let session = Session { case: case.name, peer: contender.peer, folder, budget };
    let figures = (contender.near)(&session)?;
    ensure!(figures.p50 > 0.0 && figures.p99 >= figures.p50, "impossible figures: {figures:?}");
    std::fs::remove_dir_all(&session.folder)?;
    Ok(figures)
}

/// Ends the program if a session hangs; receives a message after each session.
fn watchdog() -> Sender<()> {
    const SESSION_MAX: Duration = Duration::from_secs(60);
    let (alive, heard) = channel();
    std::thread::spawn(move || {
        loop {
            match heard.recv_timeout(SESSION_MAX) {
                Ok(()) => {}
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {
                    eprintln!("FAILED: a session hangs");
                    std::process::exit(1);
                }
            }
        }
    });
    alive
}
