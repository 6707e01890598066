//! Exports that the host's thread answers, while no frame runs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use plugin_host::{LIST, service_of};
use shm_bus::wire::{Status, method_id};
use shm_bus::{CallError, Client};

use super::game::Game;
use super::support::fixtures;

const FOREVER: Duration = Duration::from_secs(1 << 20);

fn game() -> (Game, Client) {
    let game = Game::with(&[("exports", "exports_on_thread")]);
    let client = client(&game);
    (game, client)
}

fn client(game: &Game) -> Client {
    game.host.bus().client(service_of("exports").as_str()).expect("there is room")
}

/// Calls an export of the thread; no frame runs.
fn call(client: &mut Client, method: &str) -> Result<Vec<u8>, CallError> {
    client.call(method_id(method), &[], FOREVER).map(|answer| answer.payload.to_vec())
}

fn one() -> Vec<u8> {
    rmp_serde::to_vec(&(1_u64,)).expect("a number")
}

#[test]
fn exports_of_the_thread_the_list_and_errors_are_answered_while_no_frame_runs() {
    let (game, mut client) = game();
    assert_eq!(call(&mut client, "value").expect("it is answered"), [0]);
    let list = call(&mut client, LIST).expect("it is answered");
    assert!(String::from_utf8_lossy(&list).contains("add(amount: u64) -> u64"));
    for (method, refusal) in [("panics", Status::Failed), ("no_export", Status::NoSuchMethod)] {
        match call(&mut client, method) {
            Err(CallError::Refused { status, .. }) => assert_eq!(status, refusal),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(call(&mut client, "value").expect("it goes on"), [0]);
    assert_eq!(game.stats("exports").panics, 1);
}

#[test]
fn other_exports_of_the_same_plugin_wait_for_the_frame_edge() {
    let (mut game, mut client) = game();
    let add = client.send(method_id("add"), &one(), FOREVER).expect("it is offered");
    // Requests of one client are read in order, so the thread has read the first one, too.
    assert_eq!(call(&mut client, "value").expect("it is answered"), [0]);
    assert!(client.poll(add).expect("it waits").is_none());
    game.edge();
    assert_eq!(client.finish(add).expect("it is answered").payload, [1]);
    assert_eq!(call(&mut client, "value").expect("it is answered"), [1]);
}

#[test]
fn a_request_whose_deadline_passes_before_the_edge_is_not_executed_and_its_answer_is_dropped() {
    let (mut game, mut client) = game();
    let add = client.send(method_id("add"), &one(), Duration::from_millis(1)).expect("it is offered");
    match client.finish(add).map(|answer| answer.payload.to_vec()) {
        Err(CallError::Deadline { .. }) => {}
        other => panic!("{other:?}"),
    }
    call(&mut client, "value").expect("the thread has read both");
    game.edge();
    // Answers to one client come in order, so that of `add` has arrived.
    let add = client.send(method_id("add"), &one(), FOREVER).expect("it is offered");
    call(&mut client, "value").expect("the thread has read it");
    game.edge();
    assert_eq!(client.finish(add).expect("it is answered").payload, [1], "the first was not executed");
    assert_eq!(client.counts().late, 1);
}

#[test]
fn no_call_of_another_process_fails_while_the_plugin_is_swapped() {
    let (mut game, mut client) = game();
    let is_over = AtomicBool::new(false);
    let build = fixtures::bytes("exports_on_thread");
    std::thread::scope(|scope| {
        let calling = scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                assert_eq!(call(&mut client, "value").expect("no call fails"), [0]);
            }
        });
        for swap in 1..=20_u32 {
            let mut next = build.clone();
            next.extend(swap.to_le_bytes());
            game.put_bytes("exports", &next);
            game.await_that(|game| calling.is_finished() || game.stats("exports").reloads == swap);
        }
        is_over.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_plugin_moves_to_the_thread_with_the_build_that_asks_for_it_and_no_request_is_lost() {
    let mut game = Game::with(&[("exports", "exports")]);
    let mut client = client(&game);
    let value = client.send(method_id("value"), &[], FOREVER).expect("it is offered");
    game.put_bytes("exports", &fixtures::bytes("exports_on_thread"));
    game.await_that(|game| game.stats("exports").generation == 2);
    assert_eq!(client.finish(value).expect("it is answered").payload, [0]);
    assert_eq!(call(&mut client, "value").expect("it is answered"), [0]);
    game.swap("exports", "exports");
    let greet = client.send(method_id("value"), &[], FOREVER).expect("it is offered");
    call(&mut client, LIST).expect("the thread goes on reading");
    game.edge();
    assert_eq!(client.finish(greet).expect("it is answered").payload, [0]);
}

#[test]
fn a_removed_plugin_is_no_service_until_it_is_back() {
    let (mut game, mut client) = game();
    for _ in 0..3 {
        std::fs::remove_file(game.path("exports")).expect("the library is there");
        game.await_that(|game| game.running().is_empty());
        game.put_bytes("exports", &fixtures::bytes("exports_on_thread"));
        game.await_that(|game| !game.running().is_empty());
        while !client.has_server() {
            game.edge();
        }
        // It may still be the former server, which ends.
        while call(&mut client, "value").is_err() {
            game.edge();
        }
    }
}

#[test]
fn the_service_ends_with_its_host() {
    let (game, mut client) = game();
    assert_eq!(call(&mut client, "value").expect("it is answered"), [0]);
    drop(game.host);
    while client.has_server() {
        std::thread::yield_now();
    }
}
