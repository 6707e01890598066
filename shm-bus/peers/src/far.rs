//! The far end's process: this program again, with a case, a peer and a folder as arguments.
//!
//! It prints `ready` once it is connected, does its part of the case, prints its figures, if it has any, and ends. If its standard input
//! ends before that, the run is gone, and the far end exits at once; the janitor cleans up after it.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, ensure};
use measure::Round;

/// The process, killed when dropped before its end.
#[derive(Debug)]
pub(crate) struct Far {
    process: Child,
    answers: BufReader<ChildStdout>,
}

impl Far {
    pub(crate) fn start(case: &str, peer: &str, folder: &Path) -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["far", case, peer])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .context("cannot start the far end")?;
        let answers = BufReader::new(process.stdout.take().context("its output is a pipe")?);
        Ok(Self { process, answers })
    }

    pub(crate) fn wait_until_ready(&mut self) -> Result<()> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        ensure!(line == "ready\n", "the far end did not get ready");
        Ok(())
    }

    /// Waits for an orderly end; returns the far end's figures, if it has any.
    pub(crate) fn finish(mut self) -> Result<Option<Round>> {
        let mut answer = String::new();
        self.answers.read_to_string(&mut answer)?;
        let status = self.process.wait()?;
        ensure!(status.success(), "the far end failed: {status}");
        let Some((p50, p99)) = answer.trim_end().split_once(' ') else { return Ok(None) };
        Ok(Some(Round { p50: p50.parse()?, p99: p99.parse()? }))
    }
}

impl Drop for Far {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Ends this process when the process that started it is gone.
pub(crate) fn leave_with_the_run() {
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(2);
    });
}

pub(crate) fn say_ready() -> Result<()> {
    say("ready")
}

pub(crate) fn say_figures(round: Round) -> Result<()> {
    say(&format!("{} {}", round.p50, round.p99))
}

fn say(line: &str) -> Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}
