//! An arena game whose rules live in hot-swapped plugins. Composition root: flags, plugins, bus, world, presenter; no rules.

mod app;
mod bot;
mod cli;
mod meter;
mod play;
mod plugins;
mod presenter;
mod report;
mod tuning;

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::Parser as _;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let options = cli::Options::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .log_internal_errors(false)
        .init();
    match play::play(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let causes = std::iter::successors(error.source(), |cause| cause.source());
            let message = causes.fold(error.to_string(), |message, cause| format!("{message}: {cause}"));
            tracing::error!("{message}");
            ExitCode::FAILURE
        }
    }
}
