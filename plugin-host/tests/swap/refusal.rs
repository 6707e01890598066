//! Refused builds: the old build keeps running with its memory, and the message states the reason.

use plugin_sdk::abi::ABI_VERSION;

use super::game::Game;
use super::state::Counter;
use super::support::fixtures;

/// A game whose counter has counted to 3.
fn game() -> Game {
    let mut game = Game::with(&[("counter", "counter_v1")]);
    game.frames(3);
    game
}

/// The counter still counts by one, in its former state, and the refusal contains `words`.
fn goes_on(mut game: Game, words: &[&str]) {
    let line = game.log.line("generation 1 keeps running");
    for word in words {
        assert!(line.contains(word), "no {word:?} in {line}");
    }
    game.frames(2);
    assert_eq!(game.state::<Counter>("counter").count, 5);
    let stats = game.stats("counter");
    assert_eq!((stats.generation, stats.reloads, stats.failed_loads, stats.panics), (1, 0, 1, 0));
    assert!(!game.is_suspended("counter"));
    // A good build is still accepted.
    game.swap("counter", "counter_v2");
    game.frames(1);
    assert_eq!(game.state::<Counter>("counter").count, 105);
}

/// Offset of the section's record in a library; see `plugin_sdk::abi::section`.
fn record(library: &[u8]) -> usize {
    let places: Vec<usize> = (0..library.len()).filter(|at| library[*at..].starts_with(b"HOTFRAME")).collect();
    let is_record = |at: &&usize| library[**at..].get(12..14) == Some(&1_u16.to_le_bytes());
    *places.iter().find(is_record).expect("a plugin has a record")
}

/// A fixture whose record says that it was built for ABI version 77.
pub(crate) fn with_another_abi(fixture: &str) -> Vec<u8> {
    let mut library = fixtures::bytes(fixture);
    let at = record(&library);
    library[at + 14..at + 18].copy_from_slice(&77_u32.to_le_bytes());
    library
}

#[test]
fn old_image_keeps_running_when_the_new_one_has_another_abi() {
    let mut game = game();
    game.refuse_bytes("counter", &with_another_abi("counter_v2"));
    goes_on(game, &["ABI version 77", &format!("this host has {ABI_VERSION}")]);
}

#[test]
fn old_image_keeps_running_when_the_new_one_aborts_on_panic() {
    let mut game = game();
    let mut library = fixtures::bytes("counter_v2");
    let at = record(&library);
    library[at + 18] = 0;
    game.refuse_bytes("counter", &library);
    goes_on(game, &["panic = \"abort\"", "panic = \"unwind\""]);
}

#[test]
fn old_image_keeps_running_when_the_new_file_is_truncated() {
    let mut game = game();
    let library = fixtures::bytes("counter_v2");
    game.refuse_bytes("counter", &library[..library.len() / 2]);
    assert_eq!(game.log.line("incomplete").matches("Invalid ELF").count(), usize::from(cfg!(target_os = "linux")));
    goes_on(game, &["counter", "is refused until it changes", "incomplete"]);
}

#[test]
fn old_image_keeps_running_when_the_new_file_is_no_library() {
    let mut game = game();
    game.refuse_bytes("counter", b"error: could not compile `counter`, to name one\n");
    goes_on(game, &["no library at all"]);
}

#[test]
fn old_image_keeps_running_when_the_new_one_has_no_entry() {
    let mut game = game();
    game.refuse("counter", "no_plugin");
    goes_on(game, &["does not export `hotframe_plugin`", "#[plugin]"]);
}

#[cfg(target_os = "linux")]
#[test]
fn old_image_keeps_running_when_the_new_one_needs_a_symbol_that_nobody_has() {
    let mut game = game();
    game.refuse("counter", "counter_undefined_symbol");
    goes_on(game, &["the system cannot load it", "hotframe_fixture_symbol_of_nobody"]);
}

#[test]
fn old_image_keeps_running_when_the_new_file_holds_another_plugin() {
    let mut game = game();
    game.refuse("counter", "opaque_v1");
    goes_on(game, &["the file is named for plugin \"counter\"", "the plugin's name is \"opaque\""]);
}

#[test]
fn old_image_keeps_running_when_the_new_ones_default_panics() {
    let mut game = game();
    game.refuse("counter", "counter_default_panics");
    goes_on(game, &["no default today", "counter_default_panics.rs:"]);
}

#[test]
fn old_image_keeps_running_when_the_new_one_panics_in_restore() {
    let mut game = game();
    game.refuse("counter", "counter_restore_panics");
    goes_on(game, &["cannot restore the saved state", "cannot read a count", "counter_restore_panics.rs:"]);
}

#[test]
fn old_image_keeps_running_when_the_new_one_can_t_read_the_state() {
    let mut game = game();
    game.refuse("counter", "counter_other_type");
    goes_on(game, &["cannot restore the saved state", "invalid type"]);
}

#[test]
fn old_image_keeps_running_when_the_engine_refuses_the_new_one() {
    let mut game = game();
    game.engine.refused.push("3.0.0");
    game.refuse("counter", "counter_drop_panics");
    goes_on(game, &["the new build does not fit the engine", "no room for counter 3.0.0"]);
}

#[test]
fn old_image_keeps_running_when_it_can_t_save_its_own_state() {
    let mut game = Game::with(&[("counter", "counter_save_panics")]);
    game.frames(1);
    game.refuse("counter", "counter_v2");
    let line = game.log.line("generation 1 keeps running");
    assert!(line.contains("the running generation cannot save") && line.contains("cannot write a count"), "{line}");
    game.frames(1);
    assert!(!game.is_suspended("counter"));
    // The plugin is suspended, so its state is lost either way and doesn't prevent the swap.
    game.frames(1);
    assert!(game.is_suspended("counter"));
    game.swap("counter", "counter_v1");
    game.frames(1);
    assert_eq!(game.state::<Counter>("counter").count, 1);
    game.log.line("starting afresh");
}

#[test]
fn a_first_build_that_can_t_be_made_is_not_loaded_and_the_next_one_is() {
    let mut game = Game::with(&[("counter", "counter_default_panics")]);
    assert!(game.running().is_empty());
    let line = game.log.line("not loaded");
    assert!(line.contains("no default today"), "{line}");
    game.swap("counter", "counter_v1");
    game.frames(1);
    assert_eq!(game.state::<Counter>("counter").count, 1);
}

#[test]
fn what_was_refused_is_not_tried_again_until_it_changes_or_somebody_copies_it_again() {
    let mut game = game();
    let library = fixtures::bytes("counter_v2");
    game.refuse_bytes("counter", &library[..9000]);
    game.put_bytes("opaque", &fixtures::bytes("opaque_v1"));
    game.await_that(|game| game.stats("opaque").generation == 1);
    assert_eq!(game.stats("counter").failed_loads, 1);
    game.refuse_bytes("counter", &library[..9000]);
    game.swap("counter", "counter_v2");
    assert_eq!(game.stats("counter").failed_loads, 2);
}
