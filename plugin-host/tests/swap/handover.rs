//! Handovers: the next generation is created in parallel with the frame, and the edge switches to it or discards it.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use plugin_host::{FrameArena, FrameInfo, Slot};
use plugin_sdk::abi::Stage;
use plugin_sdk::prelude::*;

use super::game::Game;
use super::state::Counter;
use super::support::fixtures;

#[derive(Default, PluginState)]
struct Listener {
    heard: u64,
}

/// A game whose counter has counted to 2, and in which no change is pending.
fn game() -> Game {
    let mut game = Game::with(&[("counter", "counter_v1"), ("opaque", "opaque_v1")]);
    game.frames(2);
    game
}

/// A game whose listener has a message waiting in its inbox.
fn talking() -> Game {
    let mut game = Game::with(&[("listener", "listener_v1"), ("talker", "talker_v1")]);
    game.frames(1);
    game
}

fn count(game: &Game) -> u64 {
    game.state::<Counter>("counter").count
}

/// The build is refused at the edge, not before, with these words, and the old one keeps running.
fn is_refused(mut game: Game, fixture: &str, words: &[&str]) {
    game.begin_handover("counter", fixture);
    assert_eq!(game.stats("counter").failed_loads, 0);
    assert_eq!(game.edge(), 0);
    let line = game.log.line("generation 1 keeps running");
    for word in words {
        assert!(line.contains(word), "no {word:?} in {line}");
    }
    let stats = game.stats("counter");
    assert_eq!((stats.generation, stats.failed_loads, stats.swaps.len()), (1, 1, 0));
    assert!(!game.host.wait_for_change(Duration::ZERO), "nothing waits any more");
    game.systems();
    assert!(!game.is_suspended("counter"));
}

/// A thread that holds a plugin's slot lock, as a delivery does, so that no handover of it can end.
struct Holder {
    release: Sender<()>,
    thread: JoinHandle<()>,
}

impl Holder {
    /// Takes the lock of `plugin`, which has a message waiting in its inbox.
    fn of(game: &Game, plugin: &str) -> Self {
        let (slot, (release, released), (entered, holds)) = (slot(game, plugin), channel(), channel());
        let thread = std::thread::spawn(move || hold(&slot, &entered, &released));
        holds.recv().expect("something is delivered");
        Self { release, thread }
    }

    /// Releases the lock at some later moment.
    fn let_go(self) -> JoinHandle<()> {
        drop(self.release);
        self.thread
    }
}

fn hold(slot: &Slot, entered: &Sender<()>, released: &Receiver<()>) {
    let frame = FrameInfo { tick: 1, seed: 1, delta_seconds: 1.0 / 60.0 };
    slot.deliver(&frame, &FrameArena::new(1 << 20), |_| {
        let _ = entered.send(());
        let _ = released.recv();
    });
}

fn slot(game: &Game, plugin: &str) -> Arc<Slot> {
    let running = game.engine.running.iter().find(|running| running.slot.name() == plugin);
    running.expect("the plugin runs").slot.clone()
}

#[test]
fn what_a_handover_made_runs_from_the_next_edge_on() {
    let mut game = game();
    game.begin_handover("counter", "counter_v2");
    assert_eq!(game.stats("counter").generation, 1, "the old one is in place until the edge");
    assert_eq!(game.edge(), 1);
    assert_eq!((game.stats("counter").generation, count(&game)), (2, 2));
    game.systems();
    assert_eq!(count(&game), 102);
    let line = game.log.line("counter runs as generation 2, frame edge held");
    assert!(line.contains("of state saved in") && line.contains("restored in"), "{line}");
}

#[test]
fn several_plugins_are_handed_over_at_once() {
    let mut game = game();
    game.begin_handover("counter", "counter_v2");
    game.begin_handover("opaque", "opaque_v1_later");
    assert_eq!(game.edge(), 2);
    assert_eq!(["counter", "opaque"].map(|plugin| game.stats(plugin).generation), [2, 2]);
}

#[test]
fn a_build_that_comes_after_the_systems_waits_for_those_of_the_next_frame() {
    let mut game = game();
    game.put_bytes("counter", &fixtures::bytes("counter_v2"));
    assert!(game.host.wait_for_change(Duration::MAX));
    assert_eq!(game.edge(), 0, "this edge holds no save");
    assert_eq!(game.log.count("its state is saved"), 0);
    assert!(game.host.wait_for_change(Duration::ZERO), "the build still waits");
    game.systems();
    game.systems_done();
    assert_eq!(game.edge(), 1);
    assert_eq!(count(&game), 3);
}

#[test]
fn a_plugin_with_a_system_in_a_later_stage_is_not_handed_over_yet() {
    let mut game = game();
    game.put_bytes("counter", &fixtures::bytes("counter_v2"));
    assert!(game.host.wait_for_change(Duration::MAX));
    game.host.stage_done(Stage::First);
    assert_eq!(game.edge(), 0);
    game.host.stage_done(Stage::First);
    game.host.stage_done(Stage::Update);
    assert_eq!(game.edge(), 1);
}

#[test]
fn in_an_engine_that_hands_nothing_over_the_edge_does_the_whole_swap() {
    let mut game = game();
    assert_eq!(game.edge(), 0);
    game.put_bytes("counter", &fixtures::bytes("counter_v2"));
    assert!(game.host.wait_for_change(Duration::MAX));
    assert_eq!(game.edge(), 1);
    assert_eq!((game.stats("counter").generation, count(&game)), (2, 2));
}

#[test]
fn a_build_that_does_not_take_the_state_is_refused() {
    is_refused(game(), "counter_restore_panics", &["cannot restore the saved state", "cannot read a count"]);
}

#[test]
fn a_build_that_can_t_be_made_is_refused() {
    is_refused(game(), "counter_default_panics", &["cannot restore the saved state", "no default today"]);
}

#[test]
fn a_build_that_the_engine_has_no_room_for_is_refused_at_the_edge() {
    let mut game = game();
    game.engine.refused.push("2.0.0");
    is_refused(game, "counter_v2", &["has no room for counter 2.0.0"]);
}

#[test]
fn a_state_that_can_t_be_saved_refuses_the_build() {
    let mut game = Game::with(&[("counter", "counter_save_panics")]);
    game.frames(1);
    is_refused(game, "counter_v2", &["cannot save its state", "cannot write a count"]);
}

#[test]
fn what_was_refused_for_the_sake_of_others_has_a_handover_when_these_change() {
    let mut game = game();
    game.engine.refused.push("2.0.0");
    game.refuse("counter", "counter_v2");
    game.engine.refused.clear();
    game.begin_handover("opaque", "opaque_v1_later");
    assert_eq!(game.edge(), 1, "it waits");
    game.systems_done();
    assert_eq!(game.edge(), 1);
    assert_eq!((game.stats("counter").generation, game.stats("counter").failed_loads), (2, 1));
}

#[test]
fn a_removal_during_the_handover_wins_and_what_was_made_is_dropped() {
    let mut game = talking();
    game.begin_handover("listener", "listener_last_word");
    std::fs::remove_file(game.path("listener")).expect("the plugin's file can be removed");
    game.await_line("its file was deleted", 1);
    assert_eq!(game.edge(), 1);
    assert_eq!(game.running(), ["talker"]);
    assert!(game.log.line("its state panicked when dropped").contains("generation=2"));
    assert_eq!(game.stats("listener").generation, 1);
}

#[test]
fn of_two_builds_the_one_that_came_during_the_others_handover_runs_in_the_end() {
    let mut game = game();
    game.begin_handover("counter", "counter_v2");
    game.begin_handover("counter", "counter_system_panics");
    assert_eq!((game.edge(), game.stats("counter").generation), (1, 2));
    game.systems();
    assert_eq!(count(&game), 102);
    game.systems_done();
    assert_eq!((game.edge(), game.stats("counter").generation), (1, 3));
    game.systems();
    assert!(game.is_suspended("counter"), "it is the newest that runs");
}

#[test]
fn a_plugin_that_is_called_during_its_handover_is_saved_again_at_the_edge() {
    let mut game = game();
    game.begin_handover("counter", "counter_v2");
    game.await_line("its state is saved", 1);
    game.systems();
    assert_eq!(game.edge(), 1);
    assert_eq!(count(&game), 3, "nothing of the late call is lost");
    game.log.line("called after its state was saved");
    assert_eq!(game.log.count("its state is saved"), 2);
}

#[test]
fn the_edge_waits_for_a_handover_that_has_not_ended() {
    let mut game = talking();
    let holder = Holder::of(&game, "listener");
    game.begin_handover("listener", "listener_v2");
    assert_eq!(game.log.count("its state is saved"), 0, "it cannot have begun to save");
    let holding = holder.let_go();
    assert_eq!(game.edge(), 1);
    holding.join().expect("the gate is given back");
    assert_eq!(game.stats("listener").generation, 2);
    assert_eq!(game.state::<Listener>("listener").heard, 10);
}

#[test]
fn a_host_that_is_dropped_ends_its_handovers_and_drops_what_they_made() {
    let mut game = talking();
    let (slot, holder) = (slot(&game, "listener"), Holder::of(&game, "listener"));
    game.begin_handover("listener", "listener_last_word");
    let Game { host, engine, log, .. } = game;
    let holding = holder.let_go();
    drop(host);
    holding.join().expect("the gate is given back");
    assert!(log.line("its state panicked when dropped").contains("generation=2"));
    drop(engine);
    assert_eq!(Arc::strong_count(&slot), 1, "no thread has the plugin's place any more");
}

#[test]
fn a_change_of_a_plugin_that_is_in_a_call_is_left_to_the_next_edge() {
    let mut game = talking();
    let holder = Holder::of(&game, "listener");
    game.host.set_calls_wait(Duration::ZERO);
    game.begin_handover("listener", "listener_v2");
    for _ in 0..3 {
        assert_eq!(game.edge(), 0);
        assert!(game.host.wait_for_change(Duration::ZERO), "the change still waits");
    }
    holder.let_go().join().expect("the gate is given back");
    game.await_that(|game| game.stats("listener").generation == 2);
    assert_eq!(game.stats("listener").failed_loads, 0);
}
