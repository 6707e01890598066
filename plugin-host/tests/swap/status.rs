//! What a host says about its plugins to other processes.

use std::fs::File;
use std::time::Duration;

use plugin_host::status::{HostStatus, METHOD, PluginStatus, SERVICE, state};
use plugin_host::{ExportsOnly, FrameInfo, Host};
use shm_bus::wire::{Status, method_id};
use shm_bus::{Bus, Client};

use super::game::Game;

const FOREVER: Duration = Duration::from_secs(1 << 20);

fn client(game: &Game) -> Client {
    game.host.bus().client(SERVICE).expect("there is room")
}

/// The answer that the next edge gives to `argument`.
fn answer(game: &mut Game, argument: &[u8]) -> HostStatus {
    let mut client = client(game);
    let ticket = client.send(method_id(METHOD), argument, FOREVER).expect("the host offers it");
    game.edge();
    let answer = client.finish(ticket).expect("it answers");
    rmp_serde::from_slice(answer.payload).expect("a status")
}

/// The status of `plugin`, as other processes see it.
fn of(game: &mut Game, plugin: &str) -> PluginStatus {
    let plugins = answer(game, &rmp_serde::to_vec(&(plugin,)).expect("a name")).plugins;
    let [status] = <[PluginStatus; 1]>::try_from(plugins).expect("one plugin is asked for");
    status
}

#[test]
fn a_running_plugin_is_described_in_full() {
    let mut game = Game::with(&[("exports", "exports"), ("mover", "mover_v1"), ("listener", "listener_v1")]);
    let all = answer(&mut game, &[]);
    let names: Vec<&str> = all.plugins.iter().map(|plugin| &*plugin.name).collect();
    assert_eq!((names, all.pid), (vec!["exports", "listener", "mover"], std::process::id()));

    let exports = of(&mut game, "exports");
    assert_eq!((&*exports.version, exports.generation, &*exports.state), ("1.0.0", 1, state::RUNNING));
    assert!(exports.systems.is_empty() && exports.subscriptions.is_empty());
    let add = &exports.exports[0];
    assert_eq!((&*add.name, &*add.signature), ("add", "add(amount: u64) -> u64"));
    assert_eq!(add.docs, "Adds to the counter and returns the sum.", "the first line");
    assert_eq!(exports.swap.map(|swap| swap.from), Some(0));
    assert_eq!((exports.refusal, exports.postponed, exports.faults, exports.fault), (None, None, 0, None));

    let mover = of(&mut game, "mover");
    assert!(mover.exports.is_empty());
    let system = &mover.systems[0];
    assert!(system.signature.contains("&mut fixtures.Position, &fixtures.Velocity"), "{}", system.signature);

    let listener = of(&mut game, "listener");
    let subscription = &listener.subscriptions[0];
    assert_eq!(subscription.topic, "fixtures/number");
    assert!(subscription.signature.ends_with("(fixtures.Number)"), "{}", subscription.signature);
}

#[test]
fn a_swap_and_a_refusal_are_told_until_another_build_runs() {
    let mut game = Game::with(&[("exports", "exports")]);
    game.swap("exports", "exports_later");
    let swapped = of(&mut game, "exports");
    assert_eq!((&*swapped.version, swapped.generation), ("2.0.0", 2));
    let swap = swapped.swap.expect("it was swapped");
    assert_eq!(swap.from, 1);
    assert!(swap.held_ns > 0);

    game.refuse_bytes("exports", b"no library");
    let refused = of(&mut game, "exports");
    assert_eq!((&*refused.state, refused.generation, refused.swap.map(|swap| swap.from)), (state::RUNNING, 2, Some(1)));
    assert!(refused.refusal.expect("it was refused").reason.contains("is refused until it changes or is touched"));

    game.swap("exports", "exports");
    assert_eq!(of(&mut game, "exports").refusal, None);
}

#[test]
fn a_plugin_that_was_never_loaded_and_one_that_was_removed_are_told() {
    let mut game = Game::with(&[("exports", "exports")]);
    game.refuse_bytes("broken", b"no library");
    let broken = of(&mut game, "broken");
    assert_eq!((&*broken.state, broken.generation, broken.swap), (state::NOT_LOADED, 0, None));
    assert!(broken.refusal.is_some());
    std::fs::remove_file(game.path("exports")).expect("the library is there");
    game.await_that(|game| game.running().is_empty());
    let removed = of(&mut game, "exports");
    assert_eq!((&*removed.state, &*removed.version, removed.generation), (state::REMOVED, "", 1));
    assert!(removed.exports.is_empty());
}

#[test]
fn a_suspended_plugin_tells_its_last_fault() {
    let mut game = Game::with(&[("counter", "counter_system_panics"), ("exports", "exports")]);
    game.frames(1);
    let counter = of(&mut game, "counter");
    assert_eq!((&*counter.state, counter.faults), (state::SUSPENDED, 1));
    let fault = counter.fault.expect("it has failed");
    assert!(fault.during.contains("system"), "{fault:?}");
    assert!(fault.location.contains("counter_system_panics.rs:"), "{fault:?}");
    let _ = game.host.plugins().call::<_, ()>("exports", "panics", ()).expect_err("it panics");
    let exports = of(&mut game, "exports");
    assert_eq!((&*exports.state, exports.faults), (state::RUNNING, 1));
    let fault = exports.fault.expect("a call has failed");
    assert_eq!(fault.message, "panics, as it should");
    assert!(fault.during.contains("`panics`"), "{fault:?}");
}

#[test]
fn a_build_that_waits_for_other_plugins_is_told() {
    let mut game = Game::with(&[("counter", "counter_v1")]);
    game.engine.refused.push("2.0.0");
    game.refuse("counter", "counter_v2");
    let counter = of(&mut game, "counter");
    assert_eq!(counter.postponed.as_deref(), Some("a build waits until other plugins change"));
    assert!(counter.refusal.is_some());
}

#[test]
fn a_game_without_plugins_answers_too() {
    let mut game = Game::with(&[]);
    let status = answer(&mut game, &[]);
    assert_eq!((status.plugins.len(), status.format), (0, 1));
    assert_eq!(status.folder, game.host.folder().display().to_string());
    let named = rmp_serde::to_vec(&("nobody",)).expect("a name");
    assert!(answer(&mut game, &named).plugins.is_empty());
}

#[test]
fn a_host_that_only_calls_exports_answers_too() {
    let mut game = Game::with(&[("mover", "mover_v1")]);
    let mut client = client(&game);
    let ticket = client.send(method_id(METHOD), &[], FOREVER).expect("the host offers it");
    game.host.frame_edge(&mut ExportsOnly);
    let answer = client.finish(ticket).expect("it answers");
    let status: HostStatus = rmp_serde::from_slice(answer.payload).expect("a status");
    assert_eq!(status.plugins[0].name, "mover");
}

#[test]
fn a_bad_request_is_refused() {
    let mut game = Game::with(&[]);
    let mut client = client(&game);
    for (method, argument, refusal) in
        [("statsu", &[][..], Status::NoSuchMethod), (METHOD, &[0xc1][..], Status::Malformed)]
    {
        let ticket = client.send(method_id(method), argument, FOREVER).expect("the host offers it");
        game.edge();
        match client.finish(ticket).map(|answer| answer.payload.to_vec()) {
            Err(shm_bus::CallError::Refused { status, .. }) => assert_eq!(status, refusal),
            other => panic!("{other:?}"),
        }
    }
}

/// The host's own thread holds the gate of the plugin, as a call in flight does.
#[test]
fn calls_in_flight_do_not_delay_the_answer() {
    let mut game = Game::with(&[("listener", "listener_v1"), ("talker", "talker_v1")]);
    game.frames(1);
    let (frame, mut answers) = (FrameInfo { tick: 1, seed: 1, delta_seconds: 1.0 / 60.0 }, 0);
    let host = &game.host;
    host.deliver(&frame, |_, _| answers += host.status().plugins.len());
    assert!(answers > 0, "something is delivered");
}

#[test]
fn the_service_is_offered_and_answers_when_another_process_lets_go_of_the_lock() {
    let place = tempfile::tempdir().expect("a folder for one test");
    let bus = Bus::builder("game").folder(place.path().join("bus")).lock_timeout(FOREVER).open().expect("a bus");
    let mut client = bus.client(SERVICE).expect("there is room");
    let hold = || {
        let lock = File::options().write(true).open(place.path().join("bus/game/bus.lock")).expect("it is there");
        lock.lock().expect("it can be locked");
        lock
    };
    let mut host = Host::start(place.path(), bus).expect("a host over a folder");
    let held = hold();
    host.frame_edge(&mut ExportsOnly);
    host.frame_edge(&mut ExportsOnly);
    assert!(!client.has_server());
    drop(held);
    host.frame_edge(&mut ExportsOnly);
    assert!(client.has_server());
    // The first answer to a client needs a lane.
    let held = hold();
    let ticket = client.send(method_id(METHOD), &[], FOREVER).expect("the host offers it");
    host.frame_edge(&mut ExportsOnly);
    assert!(client.poll(ticket).expect("it waits").is_none());
    drop(held);
    host.frame_edge(&mut ExportsOnly);
    client.finish(ticket).expect("it answers");
}

#[test]
fn of_two_hosts_on_a_bus_the_second_says_once_that_nobody_can_ask_it() {
    let game = Game::with(&[]);
    let folder = game.aside().join("plugins of another host");
    std::fs::create_dir(&folder).expect("a new folder");
    let mut other = Host::start(&folder, game.host.bus().clone()).expect("a host over a folder");
    other.frame_edge(&mut ExportsOnly);
    other.frame_edge(&mut ExportsOnly);
    assert!(game.log.line("`hotframe status` cannot ask this game").contains("already has a live server"));
}
