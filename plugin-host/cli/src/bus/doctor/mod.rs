//! `hotframe bus doctor`: problems of the buses here, and advice.
//!
//! | checks | finds |
//! |---|---|
//! | [`folder`] | a runtime folder that can't be used, little space, leftovers of killed games |
//! | [`bus`] | stopped and hanging processes, readers that hold up a lane, dropped messages, corrupt entries, tables nearly full |
//! | [`queue`] | work without a worker, stopped workers with claims, dead letters |
//! | `removed`, on Linux | processes that use a bus whose files were deleted or moved |
//! | [`system`] | limits of the system that a game may exceed |
//!
//! A **problem** needs action and makes the exit code 1; a **hint** is just information.

mod bus;
mod finding;
mod folder;
mod queue;
#[cfg(target_os = "linux")]
mod removed;
mod system;

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;
use shm_bus::Shown;

use self::finding::Finding;
use crate::output::figures::several;

/// Checks the runtime folder, each bus in it and the system, and says what is wrong and what to do about it. The exit code is
/// 1 if there is a problem. A hint is not a problem.
///
/// Example: hotframe bus doctor || echo 'call somebody'
///
/// It watches each bus for a second, to see which processes make progress. Games do not notice it.
#[derive(Clone, Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Only this bus [default: all]
    #[arg(long, value_name = "NAME")]
    bus: Option<String>,
    /// Seconds to watch each bus
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0, value_parser = crate::output::figures::seconds)]
    interval: f64,
    /// One line of JSON per finding
    #[arg(long)]
    json: bool,
}

pub(super) fn doctor(args: &Args, out: &mut impl Write) -> Result<ExitCode, Box<dyn Error>> {
    let folder = shm_bus::runtime_folder();
    let mut findings = folder::look(&folder);
    #[cfg(target_os = "linux")]
    findings.extend(removed::look(&folder));
    let names = match &args.bus {
        Some(name) => vec![name.clone()],
        // A folder that can't be listed has been reported above.
        None => shm_bus::list().unwrap_or_default(),
    };
    for name in &names {
        findings.extend(bus::look(&folder, name, Duration::from_secs_f64(args.interval)));
    }
    findings.extend(system::look());
    for finding in &findings {
        print(args, finding, out)?;
    }
    let problems = findings.iter().filter(|finding| finding.is_problem).count();
    if !args.json {
        let looked =
            if names.is_empty() { "no live bus".to_owned() } else { format!("looked at {}", names.join(", ")) };
        let (problems, hints) =
            (several(problems as u64, "problem"), several((findings.len() - problems) as u64, "hint"));
        let (looked, folder) = (Shown(&looked), folder.display().to_string());
        writeln!(out, "{problems}, {hints}; {looked} in {}", Shown(&folder))?;
    }
    out.flush()?;
    Ok(if problems > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn print(args: &Args, finding: &Finding, out: &mut impl Write) -> std::io::Result<()> {
    let Finding { is_problem, about, what, advice } = finding;
    let level = if *is_problem { "problem" } else { "hint" };
    if args.json {
        writeln!(out, "{}", json!({ "level": level, "about": about, "what": what, "advice": advice }))
    } else {
        let [about, what, advice] = [about, what, advice].map(|text| Shown(text));
        writeln!(out, "{level}: {about}: {what}\n    {advice}")
    }
}
