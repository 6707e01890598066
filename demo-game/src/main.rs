//! An arena game whose rules live in hot-swapped plugins. Composition root: flags, plugins, bus, world, presenter; no rules.

mod app;
mod bot;
mod build;
mod cli;
mod meter;
mod output;
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
    // Makes a file that may not grow further (`ulimit -f`) an error of the write, not the end of the game.
    #[cfg(unix)]
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, std::sync::Arc::default());
    let (filter, misread) = match EnvFilter::try_from_default_env() {
        Ok(filter) => (filter, None),
        Err(error) => (EnvFilter::new("info"), std::env::var_os(EnvFilter::DEFAULT_ENV).map(|_| error)),
    };
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .log_internal_errors(false)
        .init();
    if let Some(error) = misread {
        tracing::warn!("cannot parse RUST_LOG: {error}; logging at level info");
    }
    match play::play(&options) {
        Ok(code) => code,
        Err(error) => {
            tracing::error!("{}", plugin_host::with_causes(&*error));
            if stop::is_asked() { ExitCode::from(stop::INTERRUPTED) } else { ExitCode::FAILURE }
        }
    }
}
