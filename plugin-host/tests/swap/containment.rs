//! A fault costs its own plugin, until its file changes, and nobody else anything.

use plugin_sdk::prelude::*;

use super::game::Game;
use super::state::Counter;

/// What tests look at in `opaque`'s state, whose frames show that the game goes on.
#[derive(Default, PluginState)]
struct Frames {
    frames: u64,
}

/// A game in which `counter` is swapped for a build with a fault, beside a plugin without any.
fn game(fixture: &str) -> Game {
    let mut game = Game::with(&[("counter", "counter_v1"), ("opaque", "opaque_v1")]);
    game.frames(2);
    game.swap("counter", fixture);
    game
}

/// `counter` is suspended after one fault, the rest goes on, and the next build takes the state over.
fn is_contained(mut game: Game, count: u64, words: &[&str]) {
    game.frames(3);
    assert!(game.is_suspended("counter"));
    let line = game.log.line("is suspended until its file changes");
    for word in words {
        assert!(line.contains(word), "no {word:?} in {line}");
    }
    assert_eq!(game.stats("counter").panics, 1, "a suspended plugin is not called");
    assert_eq!(game.state::<Counter>("counter").count, count);
    assert_eq!(game.state::<Frames>("opaque").frames, game.tick());
    game.swap("counter", "counter_v1");
    assert!(!game.is_suspended("counter"));
    game.frames(1);
    assert_eq!(game.state::<Counter>("counter").count, count + 1);
    assert_eq!(game.stats("counter").panics, 1, "its faults stay counted");
}

#[test]
fn a_panic_in_a_system_suspends_its_plugin_until_its_file_changes() {
    is_contained(game("counter_system_panics"), 1002, &["a bug in count", "counter_system_panics.rs:", "dropped"]);
}

#[test]
fn a_panic_in_a_payloads_drop_is_contained_and_both_are_told() {
    let words = ["a panic with a payload that is no text", "the payload's drop", "counter_payload_panics.rs:"];
    is_contained(game("counter_payload_panics"), 3, &words);
}

#[test]
fn a_panic_in_the_states_drop_does_not_disturb_the_swap() {
    let mut game = game("counter_drop_panics");
    game.frames(1);
    game.swap("counter", "counter_v1");
    game.frames(1);
    let line = game.log.line("its state panicked when dropped");
    assert!(line.contains("the state's drop") && line.contains("generation=2"), "{line}");
    assert_eq!(game.state::<Counter>("counter").count, 4);
    assert_eq!(game.stats("counter").panics, 0);
}

#[test]
fn a_panic_in_the_states_drop_does_not_disturb_the_removal() {
    let mut game = game("counter_drop_panics");
    game.frames(1);
    std::fs::remove_file(game.path("counter")).expect("the plugin's file can be removed");
    game.await_that(|game| game.running() == ["opaque"]);
    game.log.line("its state panicked when dropped");
    game.frames(1);
    assert_eq!(game.state::<Frames>("opaque").frames, game.tick());
}

#[test]
fn a_build_that_is_refused_leaves_a_suspended_plugin_suspended() {
    let mut game = game("counter_system_panics");
    game.frames(1);
    game.refuse("counter", "counter_other_type");
    game.frames(1);
    assert!(game.is_suspended("counter"));
    assert_eq!(game.stats("counter").panics, 1);
}

#[test]
fn a_plugins_log_lines_carry_its_name_and_generation() {
    let mut game = Game::with(&[("log_all", "log_all")]);
    game.frames(1);
    let line = game.log.line("an error of tick 0");
    assert!(line.starts_with("ERROR ") && line.contains("plugin=\"log_all\" generation=1"), "{line}");
    assert!(game.log.line("an info").starts_with("INFO "));
}
