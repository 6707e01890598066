//! The `hotframe` command: looks into running games.

use std::process::ExitCode;

use clap::Parser as _;
use plugin_host::cli::Command;
use plugin_host::with_causes;
use shm_bus::Shown;

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

/// A file that may not grow further (`ulimit -f`) is an error of the write, not the end of the process.
fn told_of_large_files() {
    #[cfg(unix)]
    {
        // Without it the system ends the process as before; nothing else depends on it.
        let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, std::sync::Arc::default());
    }
}
