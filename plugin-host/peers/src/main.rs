//! Calls of plugins measured beside their peers, and, as lower bounds, bare function pointers and `dlopen`.
//!
//! See the crate `measure` for cases, rounds, contenders and sessions. The libraries of this workspace are built beside the program.
//!
//! # Failure
//! Every reply is checked; an unexpected one ends its session, and the program ends with code 1.

mod cases;
mod goals;
mod libraries;
mod peers;

use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use measure::{Effort, Report};

/// Measures calls of plugins and their peers side by side and prints the figures beside the goals.
///
/// Times are nanoseconds. A ratio is the peer's cost divided by ours: above 1, ours is better. Keep the machine quiet; two cores are
/// needed. Linux only.
#[derive(Debug, Parser)]
struct Args {
    /// Measure five short rounds instead of eleven longer ones
    #[arg(long)]
    quick: bool,
    /// Also write all rows to FILE as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Measure only the case NAME; may be given several times
    #[arg(long = "case", value_name = "NAME", value_parser = clap::builder::PossibleValuesParser::new(case_names()))]
    cases: Vec<String>,
}

fn case_names() -> Vec<&'static str> {
    cases::all().into_iter().map(|case| case.outline.name).collect()
}

fn main() -> Result<ExitCode> {
    let args = Args::parse();
    let effort = Effort::new(args.quick);
    let mut report = Report::default();
    for case in cases::all() {
        let name = case.outline.name;
        if !args.cases.is_empty() && !args.cases.iter().any(|wanted| wanted == name) {
            continue;
        }
        eprintln!("{name} …");
        let contenders: Vec<_> = case.contenders.iter().map(|known| (known.peer, known.between)).collect();
        let session = |index: usize| (case.contenders[index].session)(effort.budget);
        report.add(&case.outline, &measure::measure(name, &contenders, &effort, session));
    }
    measure::print(&report, goals::GOALS);
    if let Some(path) = &args.json {
        let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        serde_json::to_writer_pretty(BufWriter::new(file), &report)?;
    }
    Ok(if report.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
