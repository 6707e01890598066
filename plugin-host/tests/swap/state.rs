//! State over a swap: fields are kept by name; added ones get their default, removed ones are dropped, renamed ones need an alias.

use plugin_sdk::prelude::*;

use super::game::Game;

/// The fields of `counter`'s state that tests read.
#[derive(Default, PluginState)]
pub(crate) struct Counter {
    pub(crate) count: u64,
}

/// The fields of `counter_v2`.
#[derive(Default, PluginState)]
struct CounterTwo {
    count: u64,
    renamed: String,
    added: u32,
    removed_later: u64,
}

#[derive(Default, PluginState)]
struct OpaqueOne {
    frames: u64,
    #[state(opaque, version = "solver 1")]
    solver: Vec<u32>,
}

#[test]
fn state_is_kept_and_new_code_runs_on_it() {
    let mut game = Game::with(&[("counter", "counter_v1")]);
    game.frames(5);
    game.swap("counter", "counter_v2");
    game.frames(2);
    assert_eq!(game.state::<Counter>("counter").count, 205);
    let stats = game.stats("counter");
    assert_eq!((stats.generation, stats.reloads, stats.failed_loads, stats.swaps.len()), (2, 1, 0, 1));
}

#[test]
fn an_added_field_takes_its_default_a_removed_one_goes_and_a_renamed_one_keeps_its_value() {
    let mut game = Game::with(&[("counter", "counter_v1")]);
    game.frames(1);
    game.swap("counter", "counter_v2");
    let state = game.state::<CounterTwo>("counter");
    assert_eq!((state.count, state.added, state.removed_later), (1, 42, 0));
    assert_eq!(state.renamed, "from v1");
}

#[test]
fn what_the_older_build_needs_of_a_newer_state_takes_its_default() {
    let mut game = Game::with(&[("counter", "counter_v2")]);
    game.frames(1);
    game.swap("counter", "counter_v1");
    game.frames(1);
    assert_eq!(game.state::<Counter>("counter").count, 101);
}

#[test]
fn opaque_state_of_the_same_format_is_kept() {
    let mut game = Game::with(&[("opaque", "opaque_v1")]);
    game.frames(2);
    game.swap("opaque", "opaque_v1_later");
    game.frames(1);
    let state = game.state::<OpaqueOne>("opaque");
    assert_eq!((state.frames, state.solver), (3, vec![1, 1, 11]));
}

#[test]
fn opaque_state_of_another_format_is_refused_and_the_old_build_goes_on() {
    let mut game = Game::with(&[("opaque", "opaque_v1")]);
    game.frames(2);
    game.refuse("opaque", "opaque_v2");
    let line = game.log.line("generation 1 keeps running");
    assert!(line.contains("\"solver 1\"") && line.contains("\"solver 2\""), "{line}");
    game.frames(1);
    let state = game.state::<OpaqueOne>("opaque");
    assert_eq!((state.frames, state.solver), (3, vec![1, 1, 1]));
}

#[test]
fn a_file_that_is_removed_and_added_again_starts_afresh_as_the_refusal_advises() {
    let mut game = Game::with(&[("opaque", "opaque_v1")]);
    game.frames(2);
    game.refuse("opaque", "opaque_v2");
    assert!(game.log.line("generation 1 keeps running").contains("remove the plugin's file and add it again"));
    std::fs::remove_file(game.path("opaque")).expect("the file can be removed");
    game.await_that(|game| game.running().is_empty());
    game.put_bytes("opaque", &super::support::fixtures::bytes("opaque_v2"));
    game.await_that(|game| game.running() == ["opaque"]);
    game.frames(1);
    assert_eq!(game.stats("opaque").generation, 2);
}

#[test]
fn many_swaps_keep_the_state() {
    let mut game = Game::with(&[("counter", "counter_v1")]);
    let mut expected = 0;
    for swap in 0..10 {
        game.frames(1);
        expected += if swap % 2 == 0 { 1 } else { 100 };
        game.swap("counter", if swap % 2 == 0 { "counter_v2" } else { "counter_v1" });
    }
    assert_eq!(game.state::<Counter>("counter").count, expected);
    assert_eq!(game.stats("counter").reloads, 10);
}
