//! The `hotframe` command: looks into running games.

use std::process::ExitCode;

use clap::Parser as _;
use plugin_host::cli::Command;

fn main() -> ExitCode {
    let command = Command::parse();
    for line in plugin_host::environment::unread() {
        eprintln!("hotframe: {line}");
    }
    command.run().unwrap_or_else(|error| {
        let causes = std::iter::successors(error.source(), |cause| cause.source());
        let message = causes.fold(error.to_string(), |message, cause| format!("{message}: {cause}"));
        eprintln!("hotframe: {message}");
        ExitCode::FAILURE
    })
}
