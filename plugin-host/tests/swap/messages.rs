//! Messages over swaps: each numbered message arrives once and in order, whichever plugin is swapped meanwhile.

use plugin_sdk::prelude::*;
use shm_bus::TopicSpec;

use super::game::Game;
use super::support::fixtures;
use super::talk::{BOTH, Listener, Talker};
use super::types::{Lamps, Numbers};

#[derive(Debug, Default, PartialEq, PluginState)]
struct Electrician {
    red: u64,
    green: u64,
    bulbs: u64,
}

#[derive(Default, PluginState)]
struct Audience {
    heard: Vec<u64>,
}

/// After a frame in which nothing was sent: all numbers have arrived, once each and in order.
fn heard_everything(mut game: Game) {
    std::fs::remove_file(game.path("talker")).expect("the talker's file can be removed");
    let sent = game.state::<Talker>("talker").sent;
    game.await_that(|game| game.running() == ["listener"]);
    game.frames(1);
    let expected = Listener { heard: sent, sum: sent * (sent + 1) / 2, out_of_order: 0 };
    assert_eq!(game.state::<Listener>("listener"), expected);
    assert_eq!(game.stats("listener").undelivered, 0);
    assert_eq!(game.host.received()["fixtures/number"].iter().sum::<u64>(), sent);
}

#[test]
fn nothing_is_lost_or_doubled_when_both_sides_are_swapped_again_and_again() {
    let mut game = Game::with(&BOTH);
    for round in 0..4 {
        let build = if round % 2 == 0 { 2 } else { 1 };
        game.frames(3);
        game.swap("listener", &format!("listener_v{build}"));
        game.frames(1);
        game.swap("talker", &format!("talker_v{build}"));
    }
    game.frames(1);
    assert_eq!(game.state::<Talker>("talker").sent, 17 * 10);
    heard_everything(game);
}

#[test]
fn nothing_is_lost_when_the_publishers_lane_changes_its_size() {
    let mut game = Game::with(&BOTH);
    game.frames(3);
    game.swap("talker", "talker_larger_lane");
    game.frames(3);
    assert_eq!(game.state::<Talker>("talker").sent, 60);
    heard_everything(game);
}

#[test]
fn a_refused_swap_of_the_subscriber_loses_nothing() {
    let mut game = Game::with(&BOTH);
    game.frames(2);
    game.engine.refused.push("2.0.0");
    game.refuse("listener", "listener_v2");
    game.frames(2);
    heard_everything(game);
}

#[test]
fn delivery_is_by_priority_then_topic_then_publisher_then_sequence() {
    let chorus = [("chorus_second", "chorus_second"), ("audience", "audience"), ("chorus_first", "chorus_first")];
    let mut game = Game::with(&chorus);
    game.frames(2);
    let of_one_publisher = |part: u64| [100 + part + 1, 100 + part + 2, 200 + part + 1, 200 + part + 2];
    let expected: Vec<u64> = [10, 30, 40, 20].into_iter().flat_map(of_one_publisher).collect();
    assert_eq!(game.state::<Audience>("audience").heard, expected);
}

#[test]
fn a_suspended_subscribers_inbox_is_drained_and_what_it_misses_is_counted() {
    let mut game = Game::with(&BOTH);
    game.frames(1);
    game.swap("listener", "listener_panics");
    // More than the lane holds: a reader that stopped reading would block the talker.
    game.frames(200);
    assert!(game.is_suspended("listener"));
    let talker = game.state::<Talker>("talker");
    assert_eq!((talker.sent, talker.held_back), (2010, 0));
    // Three were delivered: two were received, and the third one caused the panic.
    let stats = game.stats("listener");
    assert_eq!((stats.panics, stats.undelivered), (1, 2000 - 3));
    game.swap("listener", "listener_v1");
    assert!(game.log.line("messages were dropped while it was suspended").contains("undelivered=1997"));
    game.frames(1);
    assert_eq!(game.state::<Listener>("listener").heard, 2 + 10, "it hears what is new");
    assert_eq!(game.stats("listener").undelivered, 1997, "and the missed messages stay counted");
}

#[test]
fn a_subscriber_that_is_suspended_again_is_told_only_what_it_missed_this_time() {
    let mut game = Game::with(&BOTH);
    game.frames(1);
    for build in ["listener_v1", "listener_deaf"] {
        game.swap("listener", "listener_panics");
        game.frames(1);
        assert!(game.is_suspended("listener"));
        game.frames(1);
        game.swap("listener", build);
    }
    let lines = game.log.lines();
    let told = lines.iter().filter(|line| line.contains("messages were dropped while it was suspended"));
    let told: Vec<_> = told.map(|line| line.split("undelivered=").nth(1).expect("a number")).collect();
    assert_eq!(told, ["17", "19"]);
}

#[test]
fn another_schema_for_a_topic_is_refused_with_both() {
    let mut game = Game::with(&BOTH);
    game.frames(1);
    game.refuse("talker", "talker_other_schema");
    let line = game.log.line("generation 1 keeps running");
    for words in ["fixtures/number", "fixtures.Number@1 8/8 {", "fixtures.Number@2 16/8 {", "weight"] {
        assert!(line.contains(words), "no {words:?} in {line}");
    }
    game.frames(1);
    heard_everything(game);
}

#[test]
fn a_subscription_that_was_dropped_and_taken_up_again_hears_what_is_new() {
    let mut game = Game::with(&BOTH);
    game.frames(2);
    game.swap("listener", "listener_deaf");
    game.frames(200);
    assert_eq!(game.state::<Talker>("talker").held_back, 0);
    let before = game.state::<Listener>("listener").heard;
    game.swap("listener", "listener_v2");
    game.frames(2);
    assert_eq!(game.state::<Listener>("listener").heard, before + 10);
}

#[test]
fn a_topic_that_nobody_uses_any_more_may_carry_something_else() {
    let mut game = Game::with(&BOTH);
    game.frames(1);
    game.swap("listener", "listener_deaf");
    std::fs::remove_file(game.path("talker")).expect("the talker's file can be removed");
    game.await_that(|game| game.running() == ["listener"]);
    game.put_bytes("talker", &fixtures::bytes("talker_other_schema"));
    game.await_that(|game| game.running() == ["listener", "talker"]);
    game.frames(1);
    assert_eq!(game.state::<Talker>("talker").sent, 1000);
}

#[test]
fn a_removed_subscriber_holds_nobody_up() {
    let mut game = Game::with(&BOTH);
    game.frames(1);
    std::fs::remove_file(game.path("listener")).expect("the listener's file can be removed");
    game.await_that(|game| game.running() == ["talker"]);
    game.frames(200);
    assert_eq!(game.state::<Talker>("talker").held_back, 0);
    game.put_bytes("listener", &fixtures::bytes("listener_v2"));
    game.await_that(|game| game.running() == ["listener", "talker"]);
    game.frames(2);
    assert_eq!(game.state::<Listener>("listener").heard, 10);
}

#[test]
fn a_stranger_who_sends_no_whole_message_suspends_nobody() {
    let mut game = Game::with(&BOTH);
    let lanes = [(Priority::Normal, 4096)];
    let stranger = game.host.bus().publisher(&TopicSpec::of::<Numbers>(), "stranger", &lanes);
    stranger.expect("anybody may publish").send(Priority::Normal, &[1, 2, 3]).expect("the lane is empty");
    game.frames(2);
    assert!(!game.is_suspended("listener"));
    let stats = game.stats("listener");
    assert_eq!((stats.panics, stats.undelivered), (0, 1));
    assert!(game.log.line("holds no whole messages").contains("topic=\"fixtures/number\" bytes=3"));
    assert_eq!(game.state::<Listener>("listener").heard, 10);
}

#[test]
fn a_stranger_who_sends_a_bad_bool_or_variant_suspends_nobody() {
    let mut game = Game::with(&[("electrician", "electrician")]);
    let lanes = [(Priority::Normal, 4096)];
    let stranger = game.host.bus().publisher(&TopicSpec::of::<Lamps>(), "stranger", &lanes);
    let mut stranger = stranger.expect("anybody may publish");
    let (green, red) = ([2, 0, 1, 0], [1, 0, 1, 1]);
    for lamp in [green, [0, 0, 1, 0], [2, 0, 1, 2], red] {
        stranger.send(Priority::Normal, &lamp).expect("room");
    }
    // A record is one piece: with one bad lamp in it, the good ones are not delivered either.
    stranger.send(Priority::Normal, &[green, [2, 1, 0, 0], red].concat()).expect("room");
    game.frames(1);
    assert_eq!(game.state::<Electrician>("electrician"), Electrician { red: 1, green: 1, bulbs: 3 });
    let stats = game.stats("electrician");
    assert_eq!((stats.panics, stats.undelivered), (0, 3));
    assert_eq!(game.log.count("is no value of its `bool` or enum is dropped: fixtures.Lamp@1 4/2 {color:Color:u16"), 3);
    stranger.send(Priority::Normal, &green).expect("room");
    game.frames(1);
    assert_eq!(game.state::<Electrician>("electrician").green, 2, "it still runs");
}

#[test]
fn two_publishers_of_one_topic_in_one_system_are_refused() {
    let mut game = Game::with(&BOTH);
    game.frames(1);
    game.refuse("talker", "talker_twice");
    let line = game.log.line("generation 1 keeps running");
    for words in ["talk", "fixtures/number", "two publishers"] {
        assert!(line.contains(words), "no {words:?} in {line}");
    }
    game.frames(1);
    heard_everything(game);
}
