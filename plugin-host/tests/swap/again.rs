//! Copying or touching the file of a plugin that was refused or is suspended is a request to retry it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::game::Game;
use super::state::Counter;
use super::support::fixtures;

/// The file that `counter_needs_file` reads; removed at the end of the test.
struct Needed(PathBuf);

impl Needed {
    fn missing() -> Self {
        Self(std::env::temp_dir().join(format!("hotframe-fixture-needs-{}", std::process::id())))
    }

    fn put(&self) {
        fs::write(&self.0, "5").expect("the needed file can be written");
    }

    fn take(&self) {
        fs::remove_file(&self.0).expect("the needed file can be removed");
    }
}

impl Drop for Needed {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// An action by which a person asks for a library with unchanged content to be tried again.
type Request = fn(&Game);

const REQUESTS: [(&str, Request); 3] = [
    ("copied over itself", |game| {
        fs::copy(fixtures::library("counter_needs_file"), game.path("counter")).expect("it can be written over");
    }),
    ("renamed over", |game| game.put_bytes("counter", &fixtures::bytes("counter_needs_file"))),
    ("touched", |game| touch(&game.path("counter"))),
];

fn touch(file: &Path) {
    let file = File::options().append(true).open(file).expect("the file can be opened");
    file.set_modified(SystemTime::now()).expect("the file can be touched");
}

/// Returns when the watcher has reported everything else.
fn await_the_watcher(game: &mut Game) {
    let before = game.stats("zz_last").failed_loads;
    game.put_bytes("zz_last", format!("no library {before}").as_bytes());
    game.await_that(|game| game.stats("zz_last").failed_loads > before);
}

fn counts(game: &Game) -> (u32, u32) {
    let stats = game.stats("counter");
    (stats.generation, stats.failed_loads)
}

/// One test, because every part of it uses the same file of this process.
#[test]
fn what_was_refused_or_is_suspended_is_tried_again_when_its_file_is_copied_or_touched() {
    let needed = Needed::missing();
    for (what, request) in REQUESTS {
        let mut game = Game::with(&[("counter", "counter_needs_file")]);
        assert_eq!(counts(&game), (0, 1), "{what}: its default cannot read the file");
        request(&game);
        game.await_that(|game| counts(game) == (0, 2));
        needed.put();
        request(&game);
        game.await_that(|game| counts(game) == (1, 2));
        game.frames(1);
        assert_eq!(game.state::<Counter>("counter").count, 10, "{what}");

        // A plugin that runs well is not loaded again, and the log says so.
        request(&game);
        await_the_watcher(&mut game);
        assert_eq!(counts(&game), (1, 2), "{what}");
        let line = game.log.line("counter: the file holds the running build; nothing to do");
        assert!(line.starts_with("INFO"), "{what}: {line}");

        needed.take();
        game.frames(1);
        assert!(game.is_suspended("counter"), "{what}");
        needed.put();
        request(&game);
        game.await_that(|game| counts(game) == (2, 2));
        assert!(!game.is_suspended("counter"), "{what}");
        game.frames(1);
        assert_eq!(game.state::<Counter>("counter").count, 15, "{what}: its state is kept");
        needed.take();
    }
}

#[test]
fn a_build_that_does_not_take_the_state_is_tried_again_when_it_is_touched_and_the_old_one_goes_on() {
    let mut game = Game::with(&[("counter", "counter_v1")]);
    game.frames(2);
    game.refuse("counter", "counter_other_type");
    touch(&game.path("counter"));
    game.await_that(|game| counts(game) == (1, 2));
    game.frames(1);
    assert_eq!(game.state::<Counter>("counter").count, 3);
    game.log.line("its file was copied or touched, so it is tried again");
}

#[test]
fn what_runs_well_is_not_loaded_again_when_its_file_returns_after_a_refused_one() {
    let mut game = Game::with(&[("counter", "counter_v1")]);
    game.refuse_bytes("counter", b"no library at all");
    touch(&game.path("counter"));
    game.await_that(|game| counts(game) == (1, 2));
    game.put_bytes("counter", &fixtures::bytes("counter_v1"));
    await_the_watcher(&mut game);
    assert_eq!(counts(&game), (1, 2), "a plugin that runs well is not loaded again");
    let line = game.log.line("counter keeps running as generation 1: its file holds that build again");
    assert!(line.starts_with("INFO"), "{line}");
    // Logged once; the next copy is one of the running build.
    game.put_bytes("counter", &fixtures::bytes("counter_v1"));
    await_the_watcher(&mut game);
    game.log.line("counter keeps running as generation 1");
    game.log.line("counter: the file holds the running build; nothing to do");
}
