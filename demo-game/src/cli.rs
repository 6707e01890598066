//! Command-line flags.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::Parser;
use clap::builder::{PathBufValueParser, TypedValueParser as _};

const EXIT_CODES: &str = "\
Exit codes: 0 played, and did everything that was requested
            1 could not play, or could not save a plugin's state, the report or the picture at the end
            2 wrong flag
           70 a plugin ended the process
          130 was asked to end twice, or while building its plugins";

/// An arena game whose rules live in hot-swapped plugins.
///
/// Without flags it builds its plugins, opens a window and plays: WASD or arrows to fly, mouse to aim, left button or space to
/// fire, P to pause, R to restart. Without a display it plays 600 frames at 60 Hz with the bot and writes a screenshot.
///
/// Replace a library in the plugins folder while it runs: the new code takes over between two frames; score and wave continue.
#[derive(Clone, Debug, Parser)]
#[command(name = "demo-game", version, after_help = EXIT_CODES)]
pub(crate) struct Options {
    /// Play without a window, as fast as possible
    #[arg(long)]
    pub(crate) headless: bool,
    /// With --headless: at 60 Hz
    #[arg(long)]
    pub(crate) realtime: bool,
    /// End after N frames [default: 600 without a window, else unlimited]
    #[arg(long, value_name = "N")]
    pub(crate) frames: Option<u64>,
    /// Seed of all random numbers
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Keep N enemies alive by respawning, instead of waves
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub(crate) agents: u32,
    /// Let the bot play [default when no window can be opened]
    #[arg(long)]
    pub(crate) bot: bool,
    /// Write the last frame as a PNG; the name ends with .png
    #[arg(long, value_name = "FILE", value_parser = PathBufValueParser::new().try_map(picture))]
    pub(crate) screenshot: Option<PathBuf>,
    /// Folder of the plugins; used unchanged if it holds a library, else created and filled [default: plugins, refreshed from the sources]
    #[arg(long, value_name = "DIR")]
    pub(crate) plugins: Option<PathBuf>,
    /// Name of the bus, to share it with other processes [default: demo- and the process id]
    #[arg(long, value_name = "NAME")]
    pub(crate) bus: Option<String>,
    /// Write a report of the run as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Serve figures to Prometheus at http://ADDR/metrics; a port alone is one of this machine's own [default: 127.0.0.1:9464]
    #[arg(long, value_name = "ADDR", num_args = 0..=1, default_missing_value = "9464", value_parser = metrics_address)]
    pub(crate) metrics: Option<SocketAddr>,
}

/// An address, or a port of the loopback interface.
fn metrics_address(text: &str) -> Result<SocketAddr, String> {
    match text.parse::<u16>() {
        Ok(port) => Ok((Ipv4Addr::LOCALHOST, port).into()),
        Err(_) => {
            text.parse().map_err(|_| "write a port, or an address with a port, such as 127.0.0.1:9464".to_owned())
        }
    }
}

/// Refuses a name of another picture format before anything is played: only PNG is written.
fn picture(file: PathBuf) -> Result<PathBuf, String> {
    if file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("png")) {
        return Ok(file);
    }
    let png = file.with_extension("png");
    Err(format!("the screenshot is a PNG, so its name must end with .png: --screenshot {}", png.display()))
}
