//! A fault suspends its own plugin until its file changes, is copied again or touched; it affects no other plugin.

use plugin_sdk::prelude::*;

use super::game::Game;
use super::state::Counter;

/// The fields of `opaque`'s state that tests read; its frames show that the game keeps running.
#[derive(Default, PluginState)]
struct Frames {
    frames: u64,
}

/// A game in which `counter` is swapped for a build with a fault, beside a plugin without one.
fn game(fixture: &str) -> Game {
    let mut game = Game::with(&[("counter", "counter_v1"), ("opaque", "opaque_v1")]);
    game.frames(2);
    game.swap("counter", fixture);
    game
}

/// `counter` is suspended after one fault, the other plugin keeps running, and the next build takes the state over.
fn is_contained(mut game: Game, count: u64, words: &[&str]) {
    game.frames(3);
    assert!(game.is_suspended("counter"));
    let line = game.log.line("is suspended until its file changes, is copied again or touched");
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
    let words = ["a panic whose payload is not text", "the payload's drop", "counter_payload_panics.rs:"];
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
    // The suspended instance is dropped at the end of the frame, like a replaced one.
    game.frames(1);
    game.log.line("its state panicked when dropped");
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

/// After a frame, `counter` is suspended, and its report contains `words` and none of the words in the last argument.
fn is_suspended_with(fixture: &str, words: &[&str], without: &[&str]) -> Game {
    let mut game = game(fixture);
    game.frames(1);
    let line = game.log.line("is suspended until its file changes, is copied again or touched");
    for word in [&["generation=2", "in its system `count`"], words].concat() {
        assert!(line.contains(word), "no {word:?} in {line}");
    }
    for word in [&["without a reason"], without].concat() {
        assert!(!line.contains(word), "{word:?} in {line}");
    }
    game
}

#[test]
fn a_panic_is_told_when_it_happens_with_plugin_generation_system_text_and_place() {
    let game = is_suspended_with("counter_system_panics", &[], &[]);
    let lines = game.log.lines();
    let at = |part: &str| lines.iter().position(|line| line.contains(part));
    let told = at("counter panicked in its system `count`: a bug in count, at ").expect("it is told");
    assert!(lines[told].starts_with("ERROR ") && lines[told].contains("plugin=\"counter\" generation=2"), "{lines:#?}");
    assert!(lines[told].contains("counter_system_panics.rs:15:9"), "{}", lines[told]);
    assert!(Some(told) < at("is suspended"), "{lines:#?}");
}

#[test]
fn under_a_hook_of_its_own_a_panic_has_text_and_place_and_is_told_once() {
    let game = is_suspended_with("counter_own_hook", &["a bug under a hook", "counter_own_hook.rs:23:9"], &[]);
    assert_eq!(game.log.count("counter panicked"), 1);
}

#[test]
fn under_a_hook_that_a_system_installs_a_panic_has_its_text_and_the_next_one_its_place() {
    let mut game = is_suspended_with("counter_late_hook", &["a bug under a silent hook"], &[".rs:"]);
    game.swap("counter", "counter_v1");
    game.frames(1);
    let line = game.log.line("its state panicked when dropped");
    assert!(line.contains("the next panic") && line.contains("counter_late_hook.rs:12:9"), "{line}");
}

#[test]
fn without_any_hook_a_panic_has_its_text() {
    is_suspended_with("counter_no_hook", &["a bug under no hook"], &[]);
}

#[test]
fn a_panic_that_the_plugin_caught_itself_is_not_the_reason_of_the_next_one() {
    let words = ["the one that counts", "counter_catches.rs:16:9"];
    let game = is_suspended_with("counter_catches", &words, &["caught by itself", "counter_catches.rs:15"]);
    assert_eq!(game.log.count("counter panicked in its system `count`: caught by itself"), 1);
}

#[test]
fn what_is_thrown_without_a_panic_has_its_text_and_no_others_place() {
    is_suspended_with("counter_resumes", &["thrown"], &["caught by itself", ".rs:"]);
}

#[test]
fn a_panic_that_is_caught_and_thrown_on_keeps_its_place() {
    is_suspended_with("counter_rethrows", &["attempt to add with overflow", "counter_rethrows.rs:15:"], &[]);
}

#[test]
fn a_panic_on_a_thread_of_the_plugin_is_told_with_the_plugins_name_and_costs_it_nothing() {
    let mut game = game("counter_thread_panics");
    game.frames(3);
    assert!(!game.is_suspended("counter"));
    let line = game.log.line("a thread of counter panicked: a helper's bug, at ");
    let words = ["ERROR ", "counter_thread_panics.rs:16:", "plugin=\"counter\" generation=2 thread=\"helper\""];
    assert!(words.iter().all(|word| line.contains(word)), "{line}");
    assert_eq!(game.stats("counter").panics, 0);
}
