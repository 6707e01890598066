//! An arena game whose rules live in hot-swapped plugins. Composition root: flags, plugins, bus, world, presenter; no rules.

mod app;
mod bot;
mod build;
mod cli;
mod meter;
mod play;
mod plugins;
mod presenter;
mod report;
mod stop;
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
        Ok(code) => code,
        Err(error) => {
            tracing::error!("{}", play::with_causes(&*error));
            if stop::is_asked() { ExitCode::from(stop::INTERRUPTED) } else { ExitCode::FAILURE }
        }
    }
}
