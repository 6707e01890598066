//! A child process that runs frames, and its log.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use plugin_host::{ExitGuard, FrameInfo, Host, library_path};
use plugin_sdk::abi::Stage;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use shm_bus::Bus;
use tempfile::TempDir;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::engine::Bare;
use super::fixtures;
use super::line::line;

/// Set for a child: the folder in which it runs.
const HOME: &str = "HOTFRAME_TEST_HOME";
/// Set for a child: its scenario, see [`child`].
const WAY: &str = "HOTFRAME_TEST_WAY";
/// A longer wait is a failure, not a slow machine.
const PATIENCE: Duration = Duration::from_secs(120);
const FRAMES: u64 = 3;

/// A process that runs in a folder of its own; killed when dropped.
pub(crate) struct Played {
    process: Child,
    log: BufReader<std::process::ChildStderr>,
    /// Its log lines so far.
    lines: Vec<String>,
    home: TempDir,
}

impl Played {
    /// Starts a process in which the plugin does `does` at `at`; `way` is one of the scenarios of [`child`].
    pub(crate) fn start(way: &str, at: &str, does: &str) -> Self {
        Self::start_with(way, &[("ENDER_AT", at), ("ENDER_DOES", does)])
    }

    pub(crate) fn start_with(way: &str, environment: &[(&str, &str)]) -> Self {
        let program = std::env::current_exe().expect("this test has a name");
        Self::start_as(Command::new(program), way, environment)
    }

    /// Starts a process in its own mount namespace, after the shell commands `prepare`; `None` if the system doesn't allow that.
    #[cfg(target_os = "linux")]
    pub(crate) fn start_inside(prepare: &str, way: &str) -> Option<Self> {
        let inside = |script: &str| {
            let mut command = Command::new("unshare");
            command.args(["-m", "sh", "-ec", script]);
            command
        };
        if !inside("mount --make-rprivate /").output().is_ok_and(|output| output.status.success()) {
            eprintln!("skipped: no `unshare -m` here");
            return None;
        }
        let mut command = inside(&format!("mount --make-rprivate /\n{prepare}\nexec \"$0\" \"$@\""));
        command.arg(std::env::current_exe().expect("this test has a name"));
        Some(Self::start_as(command, way, &[]))
    }

    fn start_as(mut program: Command, way: &str, environment: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().expect("a folder for one test");
        for folder in ["plugins", "tmp"] {
            std::fs::create_dir(home.path().join(folder)).expect("a new folder");
        }
        let plugins = home.path().join("plugins");
        std::fs::copy(fixtures::library("ender"), library_path(&plugins, "ender")).expect("a plugin in the folder");
        let mut process = program
            .args(["child", "--exact", "--nocapture"])
            .env(HOME, home.path())
            .env(WAY, way)
            .env("TMPDIR", home.path().join("tmp"))
            .env("ENDER_WAITS_FOR", home.path().join("go on"))
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("this test can be started again");
        let log = BufReader::new(process.stderr.take().expect("it is piped"));
        Self { process, log, lines: Vec::new(), home }
    }

    /// Reads its log up to a line that contains `part`.
    pub(crate) fn line(&mut self, part: &str) -> String {
        self.line_of(&[part])
    }

    /// Reads its log up to a line that contains one of these parts.
    pub(crate) fn line_of(&mut self, parts: &[&str]) -> String {
        loop {
            let mut line = String::new();
            let read = self.log.read_line(&mut line).expect("text");
            assert!(read > 0, "it ended without {parts:?}: {:#?}", self.lines);
            self.lines.push(line.trim_end().to_owned());
            if parts.iter().any(|part| line.contains(part)) {
                return line;
            }
        }
    }

    /// Lets a hanging plugin continue.
    pub(crate) fn go_on(&self) {
        std::fs::write(self.home.path().join("go on"), "").expect("a file");
    }

    /// Lets a waiting process end.
    #[cfg(target_os = "linux")]
    pub(crate) fn end_waiting(&self) {
        std::fs::write(self.home.path().join("end"), "").expect("a file");
    }

    /// Waits for its end; returns its exit status and all its lines.
    pub(crate) fn end(mut self) -> (ExitStatus, Vec<String>) {
        let mut rest = String::new();
        self.log.read_to_string(&mut rest).expect("text");
        let status = self.process.wait().expect("it can be waited for");
        let mut lines = std::mem::take(&mut self.lines);
        lines.extend(rest.lines().map(str::to_owned));
        (status, lines)
    }
}

impl Drop for Played {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A child's game.
struct Game {
    host: Host,
    engine: Bare,
    tick: u64,
}

impl Game {
    fn start(home: &Path, bus: &str) -> Self {
        let bus = Bus::open_in(home.join("bus"), bus).expect("a bus of one test");
        let host = Host::start(&home.join("plugins"), bus).expect("a host over a folder");
        let mut game = Self { host, engine: Bare::default(), tick: 0 };
        game.host.load_present(&mut game.engine).expect("the folder can be read");
        game
    }

    fn frame(&mut self) {
        self.host.frame_edge(&mut self.engine);
        let frame = FrameInfo { tick: self.tick, seed: 1, delta_seconds: 1.0 / 60.0 };
        self.host.deliver(&frame, |_, _| {});
        self.engine.run(&frame, self.host.arena());
        self.host.stage_done(Stage::Render);
        self.host.end_frame();
        self.tick += 1;
    }
}

/// The child's side.
pub(crate) fn child() {
    let Some(home) = std::env::var_os(HOME).map(PathBuf::from) else { return };
    tracing::subscriber::set_global_default(Printer).expect("the first one of this process");
    let way = std::env::var(WAY).expect("it is set with the other");
    let guard = (way == "guarded").then(ExitGuard::hold);
    let mut game = Game::start(&home, "game");
    match way.as_str() {
        "plays" | "guarded" => (0..FRAMES).for_each(|_| game.frame()),
        "exits itself" => std::process::exit(3),
        "has a thread that exits" => {
            drop(std::thread::spawn(|| std::process::exit(3)).join());
        }
        "exits guarded" => {
            let _guard = ExitGuard::hold();
            std::process::exit(0);
        }
        "plays twice at once" => {
            let mut other = Game::start(&home, "other");
            (0..FRAMES).for_each(|_| other.frame());
        }
        "quick-exits itself" => quick_exit(3),
        "quick-exits guarded" => {
            let _guard = ExitGuard::hold();
            quick_exit(0);
        }
        "saves" => drop(game.host.states()),
        "saves and waits" => {
            let states = game.host.states();
            assert!(states.len() == 1 && states[0].1.is_ok(), "{states:?}");
            wait(&home);
        }
        "finds a better place" => {
            wait(&home);
            let status = Command::new("mount").args(["-o", "remount,exec"]).arg(std::env::temp_dir()).status();
            assert!(status.is_ok_and(|status| status.success()), "the folder for copies cannot be remounted");
            play_on(&mut game, 1);
        }
        "lacks descriptors at the edge" => lack_descriptors_at_the_edge(&mut game, &home),
        "lacks descriptors" => lack_descriptors(&mut game, &home),
        "swaps beside a frame and waits" => {
            game.frame();
            reload(&mut game, 0);
            wait(&home);
        }
        "swaps at the edge and waits" => {
            reload(&mut game, 0);
            wait(&home);
        }
        "reloads" => reload(&mut game, 10),
        "reloads often" => reload(&mut game, 210),
        other => panic!("no way {other:?}"),
    }
    drop(guard);
    drop(game);
    eprintln!("it has ended as it wanted");
}

/// Runs frames until this generation runs.
fn play_on(game: &mut Game, generation: u32) {
    while game.host.stats().all(|(_, stats)| stats.generation < generation) {
        assert!(game.host.wait_for_change(PATIENCE), "nothing happened");
        game.frame();
    }
}

/// Adds a build while no descriptor is left, runs frames until [`Played::end_waiting`], then frees the descriptors and runs frames again.
fn lack_descriptors(game: &mut Game, home: &Path) {
    let (file, aside) = (library_path(game.host.folder(), "ender"), home.join("aside"));
    let mut next = std::fs::read(&file).expect("a library");
    next.push(0);
    std::fs::write(&aside, next).expect("a new build");
    let limit = take_descriptors();
    std::fs::rename(aside, file).expect("a new build");
    play_to_the_end(game, home);
    give_descriptors(limit);
    play_on(game, 2);
}

/// Runs frames until [`Played::end_waiting`].
fn play_to_the_end(game: &mut Game, home: &Path) {
    while !home.join("end").exists() {
        game.frame();
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Like [`lack_descriptors`], but the new build is loaded before, and needs a lane of another size at the edge.
fn lack_descriptors_at_the_edge(game: &mut Game, home: &Path) {
    let file = library_path(game.host.folder(), "talker");
    for (generation, fixture) in [(1, "talker_v1"), (2, "talker_larger_lane")] {
        std::fs::copy(fixtures::library(fixture), home.join("aside")).expect("a new build");
        std::fs::rename(home.join("aside"), &file).expect("a new build");
        assert!(game.host.wait_for_change(PATIENCE), "nothing happened");
        if generation == 2 {
            let limit = take_descriptors();
            play_to_the_end(game, home);
            give_descriptors(limit);
        }
        while !game.host.stats().any(|(name, stats)| name == "talker" && stats.generation == generation) {
            game.frame();
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Allows this process no further descriptor, even if others are closed; returns the former limit.
fn take_descriptors() -> Rlimit {
    let before = getrlimit(Resource::Nofile);
    // Standard input, output and error are open.
    setrlimit(Resource::Nofile, Rlimit { current: Some(3), ..before }).expect("a lower limit");
    before
}

fn give_descriptors(before: Rlimit) {
    setrlimit(Resource::Nofile, before).expect("the limit that was");
}

/// Waits for [`Played::end_waiting`].
fn wait(home: &Path) {
    eprintln!("it keeps running");
    while !home.join("end").exists() {
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "declares and calls a function of C")]
fn quick_exit(code: i32) {
    unsafe extern "C" {
        fn quick_exit(code: i32) -> !;
    }
    // SAFETY: ends the process.
    unsafe { quick_exit(code) }
}

#[cfg(not(target_os = "linux"))]
fn quick_exit(_code: i32) {}

/// Replaces the plugin once, then `times` times, and prints how much the process's memory has grown per replacement.
fn reload(game: &mut Game, times: u32) {
    let file = library_path(game.host.folder(), "ender");
    let library = std::fs::read(&file).expect("a library");
    let generation = |game: &Game| game.host.stats().next().map_or(0, |(_, stats)| stats.generation);
    let mut before = 0;
    for reload in 0..=times {
        let mut next = library.clone();
        next.resize(library.len() + reload as usize + 1, 0);
        let aside = file.with_extension("aside");
        std::fs::write(&aside, next).and_then(|()| std::fs::rename(&aside, &file)).expect("a new build");
        let last = generation(game);
        while generation(game) == last {
            assert!(game.host.wait_for_change(PATIENCE), "nothing happened");
            game.frame();
        }
        game.frame();
        if reload == 0 {
            before = resident();
        }
    }
    eprintln!("grown by {} KiB a reload", (resident().saturating_sub(before)) / u64::from(times.max(1)));
}

/// Resident memory of this process, in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}

/// Prints events as lines: `LEVEL message field=value …`.
struct Printer;

impl Subscriber for Printer {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("plugin_host::calls") || *metadata.level() <= tracing::Level::INFO
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        // Like real subscribers: its buffer has a destructor, which runs when the thread ends.
        thread_local!(static BUFFERS: std::cell::RefCell<HashMap<u8, String>> = std::cell::RefCell::default());
        BUFFERS.with_borrow_mut(|buffers| {
            let text = buffers.entry(0).or_default();
            *text = line(event);
            eprintln!("{text}");
        });
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
