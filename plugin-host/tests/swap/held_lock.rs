//! While another process holds the bus's lock, perhaps because it was stopped, no frame waits for it: what needs the lock is done when the
//! lock is free.
//!
//! The game's lock timeout is longer than any test runs, so a frame that waits hangs its test.

use std::fs::File;
use std::time::Duration;

use plugin_host::service_of;
use plugin_sdk::prelude::*;
use shm_bus::wire::method_id;

use super::game::Game;
use super::support::fixtures;
use super::talk::{BOTH, Listener, Talker};
use super::types::{AUrgent, Evicting, Number};

const FOREVER: Duration = Duration::from_secs(1 << 20);

#[derive(Default, PluginState)]
struct In {
    heard: [u64; 6],
}

/// The lock of the game's bus, until it is dropped.
fn hold(game: &Game) -> File {
    let lock = File::options().write(true).open(game.aside().join("bus/game/bus.lock")).expect("made with the bus");
    lock.lock().expect("it can be locked");
    lock
}

/// Runs frames until `done`.
fn frames_until(game: &mut Game, done: impl Fn(&Game) -> bool) {
    while !done(game) {
        game.frames(1);
        std::thread::yield_now();
    }
}

#[test]
fn a_subscription_that_a_swap_drops_ends_when_the_lock_is_free_and_its_messages_count() {
    let mut game = Game::with_lock_timeout(&[("listener", "listener_more"), ("talker", "talker_v1")], FOREVER);
    let mut urgent = game.host.bus().publisher_of::<AUrgent>("stranger").expect("anybody may publish");
    game.frames(3);
    let held = hold(&game);
    game.swap("listener", "listener_v1");
    for sent in 1..=3 {
        urgent.send(&Number { value: 1 }).expect("there is room");
        game.frames(1);
        assert_eq!(game.stats("listener").undelivered, sent);
    }
    assert!(game.log.line("a subscription could not be ended").contains("topic=\"fixtures/a\""));
    urgent.send(&Number { value: 1 }).expect("there is room");
    drop(held);
    game.frames(1);
    urgent.send(&Number { value: 1 }).expect("nobody is waited for");
    game.frames(2);
    assert_eq!(game.stats("listener").undelivered, 4, "the subscription has ended");
    let sent = game.state::<Talker>("talker").sent - 10;
    let heard = Listener { heard: sent, sum: sent * (sent + 1) / 2, out_of_order: 0 };
    assert_eq!(game.state::<Listener>("listener"), heard);
}

#[test]
fn a_plugin_is_removed_while_the_lock_is_held() {
    let mut game = Game::with_lock_timeout(&BOTH, FOREVER);
    game.frames(1);
    let held = hold(&game);
    std::fs::remove_file(game.path("listener")).expect("the file can be removed");
    game.await_that(|game| game.running() == ["talker"]);
    game.frames(200);
    assert_eq!(game.state::<Talker>("talker").held_back, 0, "nobody waits for its inbox");
    drop(held);
}

#[test]
fn a_build_that_needs_the_lock_is_swapped_in_when_the_lock_is_free() {
    let mut game = Game::with_lock_timeout(&BOTH, FOREVER);
    game.frames(1);
    let held = hold(&game);
    game.put_bytes("listener", &fixtures::bytes("listener_more"));
    frames_until(&mut game, |game| game.log.count("a build waits for the bus") == 2);
    assert_eq!((game.stats("listener").generation, game.stats("listener").failed_loads), (1, 0));
    drop(held);
    game.await_that(|game| game.stats("listener").generation == 2);
}

#[test]
fn a_build_that_is_refused_because_the_lock_stays_held_is_tried_again_when_the_lock_is_free() {
    let mut game = Game::with_lock_timeout(&BOTH, Duration::from_millis(1));
    game.frames(1);
    let held = hold(&game);
    game.put_bytes("listener", &fixtures::bytes("listener_more"));
    game.await_that(|game| game.stats("listener").failed_loads == 1);
    let line = game.log.line("generation 1 keeps running");
    assert!(line.contains("`bus.lock`") && line.contains("it is tried again every second"), "{line}");
    drop(held);
    game.await_that(|game| game.stats("listener").generation == 2);
    assert_eq!(game.stats("listener").failed_loads, 1);
}

#[test]
fn a_build_whose_file_is_overwritten_while_it_waits_for_the_lock_is_never_loaded() {
    let mut game = Game::with_lock_timeout(&BOTH, FOREVER);
    game.frames(1);
    let held = hold(&game);
    game.put_bytes("listener", &fixtures::bytes("listener_more"));
    frames_until(&mut game, |game| game.log.count("a build waits for the bus") == 1);
    game.refuse_bytes("listener", b"no library");
    drop(held);
    game.swap("talker", "talker_v2");
    game.frames(2);
    assert_eq!(game.stats("listener").generation, 1);
}

#[test]
fn the_first_plugins_are_awaited_while_the_lock_is_held() {
    let mut game = Game::with_lock_timeout(&[], FOREVER);
    game.put_bytes("talker", &fixtures::bytes("talker_v1"));
    let held = hold(&game);
    let other = std::thread::spawn(move || drop(held));
    game.host.load_present(&mut game.engine).expect("the folder can be read");
    assert_eq!(game.running(), ["talker"]);
    other.join().expect("it drops a file");
}

#[test]
fn a_topic_that_evicted_its_reader_is_joined_again_when_the_lock_is_free() {
    let mut game = Game::with_lock_timeout(&[("policies_in", "policies_in")], FOREVER);
    let mut evicting = game.host.bus().publisher_of::<Evicting>("flood").expect("a lane");
    game.frames(1);
    let held = hold(&game);
    for value in 0..200 {
        evicting.send(&Number { value }).expect("overwrites");
    }
    game.frames(5);
    assert!(game.log.line("a topic could not be joined again").contains("topic=\"fixtures/evict\""));
    drop(held);
    game.frames(1);
    let before = game.state::<In>("policies_in").heard[5];
    evicting.send(&Number { value: 1 }).expect("sent");
    game.frames(1);
    assert_eq!(game.state::<In>("policies_in").heard[5], before + 1);
}

#[test]
fn exports_are_offered_to_other_processes_when_the_lock_is_free() {
    let mut game = Game::with_lock_timeout(&[], FOREVER);
    let mut client = game.host.bus().client(service_of("exports").as_str()).expect("there is room");
    let held = hold(&game);
    game.put_bytes("exports", &fixtures::bytes("exports"));
    game.await_that(|game| game.running() == ["exports"]);
    game.frames(3);
    assert!(!client.has_server());
    game.log.line("other processes cannot call exports yet");
    drop(held);
    game.frames(1);
    assert!(client.has_server());
}

#[test]
fn the_first_call_of_another_process_is_answered_when_the_lock_is_free() {
    let mut game = Game::with_lock_timeout(&[("exports", "exports")], FOREVER);
    let mut client = game.host.bus().client(service_of("exports").as_str()).expect("there is room");
    let held = hold(&game);
    let ticket = client.send(method_id("value"), &[], FOREVER).expect("there is a server");
    game.frames(3);
    assert!(client.poll(ticket).expect("it waits").is_none());
    drop(held);
    game.frames(1);
    let answer = client.finish(ticket).expect("the export returns");
    assert_eq!(answer.payload, [0], "MessagePack");
}
