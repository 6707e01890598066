//! A running game without a window, and its results.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde_json::Value;
use tempfile::TempDir;

use super::built;
use super::plugins::Plugins;
use super::process::{Process, Stream};

/// The bus of a [`Game`].
pub(crate) const BUS: &str = "e2e";

/// A running game; see the module. Its bus is [`BUS`], in a folder of its own.
pub(crate) struct Game {
    process: Process,
    home: TempDir,
}

impl Game {
    /// Starts the game headless with these plugins and more flags, separated by spaces.
    pub(crate) fn start(plugins: &Plugins, flags: &str) -> Self {
        Self::start_logging(plugins, flags, "info")
    }

    /// Like [`Self::start`], with another log filter.
    pub(crate) fn start_logging(plugins: &Plugins, flags: &str, filter: &str) -> Self {
        let home = TempDir::new().expect("a folder for the bus");
        let mut command = command(&home);
        command.args(["--headless", "--bus", BUS]).args(flags.split_whitespace()).env("RUST_LOG", filter);
        command.arg("--plugins").arg(plugins.folder()).arg("--report").arg(home.path().join("report.json"));
        Self { process: Process::start(&mut command, Stream::Err), home }
    }

    /// The folder of its bus.
    pub(crate) fn bus_folder(&self) -> PathBuf {
        self.home.path().join("bus")
    }

    /// Its folder for temporary files.
    pub(crate) fn scratch_folder(&self) -> PathBuf {
        self.home.path().join("tmp")
    }

    /// Reads its log up to a line that contains `part`.
    pub(crate) fn line(&mut self, part: &str) -> String {
        self.process.line(part)
    }

    /// Like [`Self::line`]; `None` if the game ends without such a line.
    pub(crate) fn line_or_end(&mut self, part: &str) -> Option<String> {
        self.process.line_or_end(part)
    }

    /// Waits for its end, which must be a success.
    pub(crate) fn end(self) -> Run {
        self.end_keeping_home().0
    }

    /// Like [`Self::end`]; also returns the folder in which it ran, which contains its bus's folder.
    pub(crate) fn end_keeping_home(mut self) -> (Run, TempDir) {
        let (status, log) = self.process.end();
        assert!(status.success(), "the game ended with {status}: {log:#?}");
        let report = fs::read(self.home.path().join("report.json")).expect("it wrote a report");
        let report = serde_json::from_slice(&report).expect("the report is JSON");
        let left_behind = files(&self.bus_folder());
        (Run { report, summary: self.process.rest(), log, left_behind }, self.home)
    }
}

/// Results of a game.
pub(crate) struct Run {
    pub(crate) report: Value,
    /// Its output on stdout.
    pub(crate) summary: String,
    pub(crate) log: Vec<String>,
    /// Files of its bus that still existed after its end.
    pub(crate) left_behind: Vec<String>,
}

impl Run {
    /// Plays to the end, without interference.
    pub(crate) fn play(plugins: &Plugins, flags: &str) -> Self {
        Game::start(plugins, flags).end()
    }

    /// The run with all plugins and without interference, played once for each `flags`.
    pub(crate) fn undisturbed(flags: &'static str) -> Arc<Self> {
        type Runs = Mutex<HashMap<&'static str, Arc<OnceLock<Arc<Run>>>>>;
        static RUNS: OnceLock<Runs> = OnceLock::new();
        let runs = RUNS.get_or_init(Runs::default);
        let run = runs.lock().unwrap_or_else(PoisonError::into_inner).entry(flags).or_default().clone();
        run.get_or_init(|| Arc::new(Self::play(&Plugins::all(), flags))).clone()
    }

    pub(crate) fn hash(&self) -> &str {
        let hash = self.report["world_hash"].as_str().expect("the report has a hash");
        assert_eq!(hash.len(), 16, "{hash}");
        hash
    }

    /// A number from a plugin's part of the report.
    pub(crate) fn plugin(&self, plugin: &str, field: &str) -> u64 {
        self.report["plugins"][plugin][field].as_u64().unwrap_or_else(|| panic!("no {plugin}.{field}: {}", self.report))
    }

    /// A count of a topic, over all priorities; 0 if nobody uses the topic.
    pub(crate) fn traffic(&self, topic: &str, field: &str) -> u64 {
        let priorities = self.report["bus"][topic].as_object();
        priorities.into_iter().flatten().map(|(_, counts)| counts[field].as_u64().expect("a count")).sum()
    }
}

/// Names of the files in a folder.
pub(crate) fn files(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).expect("a folder");
    files.map(|file| file.expect("a file").file_name().to_string_lossy().into_owned()).collect()
}

/// The game's command: it runs in `home` and leaves nothing elsewhere, even if it is killed; without a display.
pub(crate) fn command(home: &TempDir) -> Command {
    let (bus, scratch) = (home.path().join("bus"), home.path().join("tmp"));
    for folder in [&bus, &scratch] {
        fs::create_dir_all(folder).expect("a folder for the game");
    }
    let mut command = Command::new(built::game());
    command.current_dir(home.path()).env("HOTFRAME_DIR", bus).env("TMPDIR", scratch).env_remove("RUST_LOG");
    for display in ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"] {
        command.env_remove(display);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}
