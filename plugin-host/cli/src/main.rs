//! The `hotframe` command. Each area of it has a folder; `command` has the list of areas.

mod bus;
mod call;
mod command;
mod output;
mod status;

use std::process::ExitCode;

use clap::Parser as _;
use plugin_host::with_causes;
use shm_bus::Shown;

use crate::command::Command;

fn main() -> ExitCode {
    told_of_large_files();
    let command = Command::parse();
    for line in plugin_host::environment::unread() {
        eprintln!("hotframe: {line}");
    }
    command.run().unwrap_or_else(|error| {
        eprintln!("hotframe: {}", Shown(&with_causes(&*error)));
        ExitCode::FAILURE
    })
}

/// Makes a file that may not grow further (`ulimit -f`) an error of the write, not the end of the process.
fn told_of_large_files() {
    #[cfg(unix)]
    {
        // If this fails, the system ends the process as before; nothing else depends on it.
        let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, std::sync::Arc::default());
    }
}
