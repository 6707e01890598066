//! Whatever comes in whatever order: builds good and bad, faults, removals, against a model of a few lines.

use proptest::prelude::*;

use super::game::Game;
use super::refusal::with_another_abi;
use super::state::Counter;
use super::support::fixtures;

/// A content of the counter's file.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Build {
    One,
    Two,
    /// Its system panics.
    Panicking,
    /// Made afresh it runs, but it takes over no state.
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

    /// What it adds to the count in a frame.
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
    Remove,
    Frames(u64),
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let build = prop::sample::select(&[Build::One, Build::Two, Build::Panicking, Build::Unreadable, Build::OtherAbi]);
    let action = prop_oneof![
        6 => build.prop_map(Action::Put),
        1 => Just(Action::Remove),
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

/// What must be so.
#[derive(Debug, Default)]
struct Model {
    running: Option<Running>,
    /// The contents that the watcher doesn't try again: the last accepted and the last refused one.
    known: [Option<Build>; 2],
    generation: u32,
    reloads: u32,
    refused: u32,
    panics: u64,
}

impl Model {
    /// Whether anything is to be awaited.
    fn put(&mut self, build: Build) -> bool {
        let [accepted, refused] = &mut self.known;
        if *accepted == Some(build) {
            *refused = None;
            return false;
        }
        if *refused == Some(build) {
            return false;
        }
        if build == Build::OtherAbi {
            *refused = Some(build);
            self.refused += 1;
            return true;
        }
        self.known = [Some(build), None];
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
                if awaited {
                    let (generation, refused) = (model.generation, model.refused);
                    game.await_that(|game| {
                        let stats = game.stats("counter");
                        (stats.generation, stats.failed_loads) == (generation, refused)
                    });
                } else {
                    await_the_watcher(&mut game);
                }
            }
            Action::Remove if model.running.is_some() => {
                std::fs::remove_file(game.path("counter")).expect("the counter's file can be removed");
                game.await_that(|game| game.running().is_empty());
                (model.running, model.known) = (None, [None; 2]);
            }
            Action::Remove => {}
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

/// Returns when the watcher has seen all that was done so far: it tries files one after the other, and refuses this one.
fn await_the_watcher(game: &mut Game) {
    let before = game.stats("zz_last").failed_loads;
    game.put_bytes("zz_last", format!("no library {before}").as_bytes());
    game.await_that(|game| game.stats("zz_last").failed_loads > before);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_builds_faults_and_frames_goes_as_the_model_says(actions in actions(), hands_over in any::<bool>()) {
        run(&actions, hands_over);
    }
}
