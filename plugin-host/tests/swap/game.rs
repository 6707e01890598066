//! A game without a world: a test's own folder, bus, host and minimal engine.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use plugin_host::{FrameInfo, Host, PluginStats, library_path};
use plugin_sdk::abi::Stage;
use plugin_sdk::state::{PluginState, restore};
use shm_bus::{Bus, TopicInfo};
use tempfile::TempDir;

use super::engine::Bare;
use super::support::fixtures;
use super::support::log::Log;

/// A longer wait is a failure, not a slow machine.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Game {
    pub(crate) host: Host,
    pub(crate) engine: Bare,
    pub(crate) log: Log,
    /// Whether it tells the host that its systems are done.
    pub(crate) hands_over: bool,
    tick: u64,
    /// Dropped last: the bus and the plugins.
    place: TempDir,
}

impl Game {
    /// A game with these plugins in its folder: the plugin's name and the fixture.
    pub(crate) fn with(plugins: &[(&str, &str)]) -> Self {
        Self::with_lock_timeout(plugins, Duration::from_secs(5))
    }

    /// Like [`Self::with`], on a bus with this lock timeout.
    pub(crate) fn with_lock_timeout(plugins: &[(&str, &str)], lock_timeout: Duration) -> Self {
        let place = tempfile::tempdir().expect("a folder for one test");
        let folder = place.path().join("plugins");
        fs::create_dir(&folder).expect("a new folder");
        for (plugin, fixture) in plugins {
            fs::copy(fixtures::library(fixture), library_path(&folder, plugin))
                .expect("a plugin is put into the folder");
        }
        let bus = Bus::builder("game").folder(place.path().join("bus")).lock_timeout(lock_timeout).open();
        let bus = bus.expect("a bus of one test");
        // Before the host, whose other threads log to the subscriber of the thread that started it.
        let log = Log::start();
        let mut game = Self {
            host: Host::start(&folder, bus).expect("a host over a folder"),
            engine: Bare::default(),
            log,
            hands_over: true,
            tick: 0,
            place,
        };
        // Calls in flight end when the test wants it.
        game.host.set_calls_wait(PATIENCE);
        game.host.load_present(&mut game.engine).expect("the folder can be read");
        game
    }

    /// The path of `plugin`'s library.
    pub(crate) fn path(&self, plugin: &str) -> PathBuf {
        library_path(self.host.folder(), plugin)
    }

    /// A folder on the same disk that is not watched.
    pub(crate) fn aside(&self) -> &Path {
        self.place.path()
    }

    /// Another participant of the bus, as a process of its own would be.
    pub(crate) fn another_handle(&self) -> Bus {
        let folder = self.host.bus().path().parent().expect("a bus lies in a folder");
        Bus::attach_in(folder, "game").expect("the bus has room")
    }

    /// Replaces `plugin`'s file by `bytes`, in one step.
    pub(crate) fn put_bytes(&self, plugin: &str, bytes: &[u8]) {
        let aside = self.aside().join("new-build");
        fs::write(&aside, bytes).expect("a file beside the folder");
        fs::rename(aside, self.path(plugin)).expect("a file is renamed into the folder");
    }

    /// Replaces `plugin`'s file by `fixture`, and runs no frame until the swap.
    pub(crate) fn swap(&mut self, plugin: &str, fixture: &str) {
        let generation = self.stats(plugin).generation;
        self.put_bytes(plugin, &fixtures::bytes(fixture));
        self.await_that(|game| game.stats(plugin).generation > generation);
    }

    /// Replaces `plugin`'s file by `fixture`, and waits until it is refused.
    pub(crate) fn refuse(&mut self, plugin: &str, fixture: &str) {
        self.refuse_bytes(plugin, &fixtures::bytes(fixture));
    }

    /// Replaces `plugin`'s file by `bytes`, and waits until they are refused.
    pub(crate) fn refuse_bytes(&mut self, plugin: &str, bytes: &[u8]) {
        let before = self.stats(plugin);
        self.put_bytes(plugin, bytes);
        self.await_that(|game| game.stats(plugin).failed_loads > before.failed_loads);
        assert_eq!(self.stats(plugin).generation, before.generation, "the old build keeps running");
    }

    /// Passes the watcher's events to the frame edge until `done`.
    pub(crate) fn await_that(&mut self, done: impl Fn(&Self) -> bool) {
        while !done(self) {
            assert!(self.host.wait_for_change(PATIENCE), "nothing happened: {:#?}", self.log.lines());
            self.systems_done();
            self.host.frame_edge(&mut self.engine);
        }
    }

    /// Tells the host that all systems are done, if this game hands over.
    pub(crate) fn systems_done(&mut self) {
        if self.hands_over {
            self.host.stage_done(Stage::Render);
        }
    }

    /// Replaces `plugin`'s file by `fixture` and begins its handover.
    pub(crate) fn begin_handover(&mut self, plugin: &str, fixture: &str) {
        let builds = self.log.count("a build waits for the frame edge");
        self.put_bytes(plugin, &fixtures::bytes(fixture));
        assert!(self.host.wait_for_change(PATIENCE), "nothing came: {:#?}", self.log.lines());
        self.await_line("a build waits for the frame edge", builds + 1);
    }

    /// Receives the watcher's events, without an edge, until `part` was logged `times` times.
    pub(crate) fn await_line(&mut self, part: &str, times: usize) {
        let begun = Instant::now();
        while self.log.count(part) < times {
            assert!(begun.elapsed() < PATIENCE, "no {part:?} in {:#?}", self.log.lines());
            self.systems_done();
            std::thread::yield_now();
        }
    }

    /// Runs the frame edge; returns the number of plugins that changed.
    pub(crate) fn edge(&mut self) -> usize {
        self.host.frame_edge(&mut self.engine)
    }

    /// Runs the systems, without telling the host that they are done.
    pub(crate) fn systems(&mut self) -> usize {
        let frame = FrameInfo { tick: self.tick, seed: 1, delta_seconds: 1.0 / 60.0 };
        self.engine.run(&frame, self.host.arena())
    }

    /// Runs `count` frames; returns the number of bytes of their commands.
    pub(crate) fn frames(&mut self, count: u64) -> usize {
        let mut commands = 0;
        for _ in 0..count {
            self.edge();
            let frame = FrameInfo { tick: self.tick, seed: 1, delta_seconds: 1.0 / 60.0 };
            self.host.deliver(&frame, |_, bytes| commands += bytes.len());
            commands += self.systems();
            self.systems_done();
            self.host.end_frame();
            self.tick += 1;
        }
        commands
    }

    /// Runs one frame with this number; returns the number of bytes of its commands.
    pub(crate) fn run_at(&mut self, tick: u64) -> usize {
        self.tick = tick;
        self.frames(1)
    }

    /// The number of the next frame.
    pub(crate) fn tick(&self) -> u64 {
        self.tick
    }

    pub(crate) fn stats(&self, plugin: &str) -> PluginStats {
        self.host.stats().find(|(name, _)| *name == plugin).map(|(_, stats)| stats).unwrap_or_default()
    }

    /// Those fields of `plugin`'s state that `S` names.
    pub(crate) fn state<S: PluginState>(&self, plugin: &str) -> S {
        let states = self.host.states();
        let (_, state) = states.iter().find(|(name, _)| *name == plugin).expect("the plugin runs");
        restore(state.as_ref().expect("its state can be saved")).expect("the state has these fields")
    }

    /// The topics of the bus, but for the one that the host itself reads.
    pub(crate) fn topics(&self) -> Vec<TopicInfo> {
        let mut topics = self.host.bus().snapshot().topics;
        topics.retain(|topic| topic.name != "host/status/request");
        topics
    }

    /// Names of the plugins that the engine runs.
    pub(crate) fn running(&self) -> Vec<&str> {
        self.engine.running.iter().map(|plugin| plugin.slot.name()).collect()
    }

    pub(crate) fn is_suspended(&self, plugin: &str) -> bool {
        self.engine.running.iter().any(|running| running.slot.name() == plugin && running.slot.is_suspended())
    }
}
