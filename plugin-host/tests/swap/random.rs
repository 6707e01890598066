//! Random sequences of good and bad builds, faults and removals, compared with a model of a few lines.

use std::time::SystemTime;

use proptest::prelude::*;

use super::game::Game;
use super::refusal::with_another_abi;
use super::state::Counter;
use super::support::fixtures;

/// Content of the counter's file.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Build {
    One,
    Two,
    /// Its system panics.
    Panicking,
    /// A fresh start runs, but it can't restore a state.
    Unreadable,
    /// Refused before any of its code runs.
    OtherAbi,
}

impl Build {
    fn bytes(self) -> Vec<u8> {
        match self {
            Self::One => fixtures::bytes("counter_v1"),
            Self::Two => fixtures::bytes("counter_v2"),
            Self::Panicking => fixtures::bytes("counter_system_panics"),
            Self::Unreadable => fixtures::bytes("counter_restore_panics"),
            Self::OtherAbi => with_another_abi("counter_v2"),
        }
    }

    /// The amount that it adds to the count in a frame.
    fn step(self) -> u64 {
        match self {
            Self::Two => 100,
            Self::Panicking => 1000,
            _ => 1,
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Action {
    Put(Build),
    /// The unchanged file is touched.
    Touch,
    Remove,
    /// The folder is renamed, and renamed back after some frames.
    Away(u64),
    Frames(u64),
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let build = prop::sample::select(&[Build::One, Build::Two, Build::Panicking, Build::Unreadable, Build::OtherAbi]);
    let action = prop_oneof![
        6 => build.prop_map(Action::Put),
        2 => Just(Action::Touch),
        1 => Just(Action::Remove),
        1 => (0..3_u64).prop_map(Action::Away),
        4 => (1..4_u64).prop_map(Action::Frames),
    ];
    prop::collection::vec(action, 1..16)
}

#[derive(Clone, Copy, Debug)]
struct Running {
    build: Build,
    count: u64,
    is_suspended: bool,
}

/// The model's expectation.
#[derive(Debug, Default)]
struct Model {
    running: Option<Running>,
    /// The content that the watcher accepted last; it is tried again only if it doesn't run well.
    accepted: Option<Build>,
    /// The last build was refused at the edge.
    is_refused: bool,
    /// The build in the folder.
    file: Option<Build>,
    generation: u32,
    reloads: u32,
    refused: u32,
    panics: u64,
}

impl Model {
    /// Whether there is an event to wait for.
    fn put(&mut self, build: Build) -> bool {
        self.file = Some(build);
        if self.accepted == Some(build) {
            let runs_badly = self.is_refused || self.running.is_some_and(|running| running.is_suspended);
            if !runs_badly {
                return false;
            }
        }
        if build == Build::OtherAbi {
            self.refused += 1;
            return true;
        }
        self.accepted = Some(build);
        self.is_refused = self.running.is_some() && build == Build::Unreadable;
        match &mut self.running {
            Some(_) if build == Build::Unreadable => self.refused += 1,
            Some(running) => {
                *running = Running { build, is_suspended: false, ..*running };
                self.generation += 1;
                self.reloads += 1;
            }
            None => {
                self.running = Some(Running { build, count: 0, is_suspended: false });
                self.generation += 1;
            }
        }
        true
    }

    fn frame(&mut self) {
        let Some(running) = self.running.as_mut().filter(|running| !running.is_suspended) else { return };
        running.count += running.build.step();
        if running.build == Build::Panicking {
            running.is_suspended = true;
            self.panics += 1;
        }
    }

    fn check(&self, game: &Game) {
        let stats = game.stats("counter");
        let counts = (stats.generation, stats.reloads, stats.failed_loads, stats.panics);
        assert_eq!(counts, (self.generation, self.reloads, self.refused, self.panics));
        assert_eq!(stats.swaps.len(), self.reloads as usize);
        assert_eq!(game.running().len(), usize::from(self.running.is_some()));
        if let Some(running) = self.running {
            assert_eq!(game.state::<Counter>("counter").count, running.count);
            assert_eq!(game.is_suspended("counter"), running.is_suspended);
        }
    }
}

fn run(actions: &[Action], hands_over: bool) {
    let mut game = Game::with(&[]);
    game.hands_over = hands_over;
    let mut model = Model::default();
    for action in actions {
        match *action {
            Action::Put(build) => {
                let awaited = model.put(build);
                game.put_bytes("counter", &build.bytes());
                await_what_comes(&mut game, &model, awaited);
            }
            Action::Touch => {
                let Some(build) = model.file else { continue };
                let awaited = model.put(build);
                let file = std::fs::File::options().append(true).open(game.path("counter"));
                file.and_then(|file| file.set_modified(SystemTime::now())).expect("the counter's file can be touched");
                await_what_comes(&mut game, &model, awaited);
            }
            Action::Remove if model.file.is_some() => {
                std::fs::remove_file(game.path("counter")).expect("the counter's file can be removed");
                await_the_removal(&mut game, model.running.is_some());
                (model.running, model.accepted, model.file, model.is_refused) = (None, None, None, false);
            }
            Action::Remove => {}
            Action::Away(frames) => {
                let (folder, away) = (game.host.folder().to_path_buf(), game.aside().join("away"));
                std::fs::rename(&folder, &away).expect("the folder can be renamed");
                for _ in 0..frames {
                    game.frames(1);
                    model.frame();
                }
                std::fs::rename(&away, &folder).expect("the folder can be renamed back");
                await_the_watcher(&mut game);
            }
            Action::Frames(count) => {
                for _ in 0..count {
                    game.frames(1);
                    model.frame();
                }
            }
        }
        model.check(&game);
    }
}

fn await_what_comes(game: &mut Game, model: &Model, is_awaited: bool) {
    if !is_awaited {
        return await_the_watcher(game);
    }
    let (generation, refused) = (model.generation, model.refused);
    game.await_that(|game| {
        let stats = game.stats("counter");
        (stats.generation, stats.failed_loads) == (generation, refused)
    });
}

/// A file that was never accepted is forgotten without a log line.
fn await_the_removal(game: &mut Game, runs: bool) {
    if runs {
        game.await_that(|game| game.running().is_empty());
    } else {
        let removals = game.log.count("its file was deleted");
        game.await_that(|game| game.log.count("its file was deleted") > removals);
    }
}

/// Returns when the watcher has seen every change so far: it tries files one after the other, and refuses this one.
fn await_the_watcher(game: &mut Game) {
    let before = game.stats("zz_last").failed_loads;
    game.put_bytes("zz_last", format!("no library {before}").as_bytes());
    game.await_that(|game| game.stats("zz_last").failed_loads > before);
}

/// Number of cases; `HOTFRAME_SOAK` (default 1) multiplies it.
fn cases() -> u32 {
    24 * std::env::var("HOTFRAME_SOAK").ok().and_then(|times| times.parse().ok()).unwrap_or(1)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_builds_faults_and_frames_goes_as_the_model_says(actions in actions(), hands_over in any::<bool>()) {
        run(&actions, hands_over);
    }
}
