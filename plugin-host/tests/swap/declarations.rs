//! A topic's declaration changes from one build to the next: what is kept, recreated or refused.

use plugin_sdk::prelude::*;

use super::game::Game;
use super::support::fixtures;
use super::talk::{BOTH, Listener, Talker};

#[derive(Default, PluginState)]
struct Solo {
    sent: u64,
    heard: u64,
}

/// Everything sent so far is received in the next frame, once each and in order; returns its number.
fn hears_everything(game: &mut Game) -> u64 {
    let before = game.state::<Talker>("talker");
    game.frames(1);
    let (sent, listener) = (before.sent, game.state::<Listener>("listener"));
    assert_eq!(listener, Listener { heard: sent, sum: sent * (sent + 1) / 2, out_of_order: 0 });
    assert_eq!((before.held_back, game.stats("listener").undelivered), (0, 0));
    sent
}

/// Puts these builds into the folder and waits until all run, over however many frame edges.
fn swap_all(game: &mut Game, builds: &[(&str, &str)]) {
    let before: Vec<u32> = builds.iter().map(|(plugin, _)| game.stats(plugin).generation).collect();
    for (plugin, fixture) in builds {
        game.put_bytes(plugin, &fixtures::bytes(fixture));
    }
    game.await_that(|game| {
        builds.iter().zip(&before).all(|((plugin, _), before)| game.stats(plugin).generation > *before)
    });
}

#[test]
fn a_subscriber_that_declares_another_capacity_goes_on_hearing_in_this_build_and_the_next() {
    let mut game = Game::with(&BOTH);
    game.frames(3);
    for build in ["listener_other_capacity", "listener_v2", "listener_other_capacity", "listener_v1"] {
        game.swap("listener", build);
        game.frames(2);
        hears_everything(&mut game);
    }
    assert_eq!(game.state::<Talker>("talker").sent, (3 + 4 * 3) * 10);
}

#[test]
fn a_subscriber_that_declares_another_priority_goes_on_hearing_in_this_build_and_the_next() {
    let mut game = Game::with(&BOTH);
    game.frames(3);
    for build in ["listener_other_priority", "listener_v2", "listener_other_priority", "listener_v1"] {
        game.swap("listener", build);
        game.frames(2);
        hears_everything(&mut game);
    }
}

#[test]
fn both_sides_change_capacity_and_priority_in_any_order_and_nothing_is_lost() {
    let changed = [("listener", "listener_other_capacity"), ("talker", "talker_larger_lane")];
    for order in [[0, 1], [1, 0]] {
        let mut game = Game::with(&BOTH);
        game.frames(2);
        swap_all(&mut game, &order.map(|index| changed[index]));
        game.frames(2);
        hears_everything(&mut game);
        swap_all(
            &mut game,
            &order.map(|index| [("listener", "listener_other_priority"), ("talker", "talker_v2")][index]),
        );
        game.frames(2);
        hears_everything(&mut game);
        game.swap("talker", "talker_other_priority");
        game.frames(2);
        hears_everything(&mut game);
    }
}

#[test]
fn a_refused_build_with_another_capacity_leaves_subscription_and_lane_as_they_were() {
    let mut game = Game::with(&BOTH);
    game.engine.refused.extend(["3.0.0", "5.0.0"]);
    game.frames(2);
    let lanes = |game: &Game| {
        let snapshot = game.host.bus().snapshot();
        let topic = snapshot.topics.iter().find(|topic| topic.name == "fixtures/number").expect("in use");
        topic.lanes.iter().map(|lane| (lane.id, lane.open)).collect::<Vec<_>>()
    };
    let before = lanes(&game);
    game.refuse("listener", "listener_other_capacity");
    game.refuse("talker", "talker_larger_lane");
    game.frames(2);
    hears_everything(&mut game);
    assert_eq!(lanes(&game), before);
    for build in ["listener_v2", "listener_v1"] {
        game.swap("listener", build);
        game.frames(1);
        hears_everything(&mut game);
    }
}

#[test]
fn a_refused_build_with_more_topics_leaves_no_subscription_and_no_lane_behind() {
    let mut game = Game::with(&BOTH);
    game.frames(2);
    let names = |game: &Game| game.topics().into_iter().map(|topic| topic.name).collect::<Vec<_>>();
    let before = names(&game);
    game.engine.refused.push("8.0.0");
    game.refuse("listener", "listener_more");
    assert_eq!(names(&game), before);
    game.frames(2);
    hears_everything(&mut game);
    game.engine.refused.clear();
    // The build that the engine refused waits; the next change of another plugin lets it in.
    swap_all(&mut game, &[("talker", "talker_v2")]);
    game.await_that(|game| game.stats("listener").generation == 2);
    game.frames(2);
    hears_everything(&mut game);
    assert_eq!(names(&game), ["fixtures/a", "fixtures/b", "fixtures/number"]);
    // And once more without them.
    game.swap("listener", "listener_v1");
    assert_eq!(names(&game), before);
    game.frames(1);
    hears_everything(&mut game);
}

#[test]
fn another_policy_is_refused_with_both_while_the_other_side_uses_the_topic() {
    for (plugin, build) in [("listener", "listener_other_policy"), ("talker", "talker_other_policy")] {
        let mut game = Game::with(&BOTH);
        game.frames(1);
        game.refuse(plugin, build);
        let line = game.log.line("generation 1 keeps running");
        for words in ["fixtures/number", "Reject", "DropOldest"] {
            assert!(line.contains(words), "no {words:?} in {line}");
        }
        game.frames(1);
        hears_everything(&mut game);
    }
}

#[test]
fn a_plugin_that_alone_uses_a_topic_may_change_its_message_or_its_policy() {
    let mut game = Game::with(&[("solo", "solo_v1")]);
    for build in ["solo_other_schema", "solo_v1", "solo_other_policy", "solo_v1"] {
        game.frames(3);
        let before = game.state::<Solo>("solo");
        game.swap("solo", build);
        game.frames(2);
        let after = game.state::<Solo>("solo");
        assert_eq!((after.sent - before.sent, after.heard - before.heard), (2, 1), "{build}");
    }
    // The last message before each swap has the old declaration, which nobody reads any more.
    assert_eq!(game.stats("solo").undelivered, 4);
    assert_eq!(game.log.count("messages of \"fixtures/note\" were dropped"), 4);
    assert_eq!(game.topics().len(), 1);
}

#[test]
fn a_refused_change_of_ones_own_topic_leaves_it_as_it_was() {
    let mut game = Game::with(&[("solo", "solo_v1")]);
    game.frames(3);
    game.engine.refused.push("2.0.0");
    game.refuse("solo", "solo_other_schema");
    game.frames(2);
    let solo = game.state::<Solo>("solo");
    assert_eq!((solo.sent, solo.heard), (5, 4));
    let topics = game.topics();
    assert_eq!((topics.len(), topics[0].lanes.len()), (1, 1));
    game.swap("solo", "solo_other_policy");
    game.frames(1);
    assert_eq!(game.state::<Solo>("solo").sent, 6);
}

#[test]
fn a_topic_of_ones_own_that_another_reads_is_refused_until_that_one_goes() {
    let mut game = Game::with(&[("solo", "solo_v1"), ("eavesdropper", "eavesdropper")]);
    game.frames(2);
    game.refuse("solo", "solo_other_schema");
    assert!(game.log.line("generation 1 keeps running").contains("fixtures.Note@1 16/8 {"));
    game.frames(1);
    let solo = game.state::<Solo>("solo");
    assert_eq!((solo.sent, solo.heard), (3, 2));
    std::fs::remove_file(game.path("eavesdropper")).expect("the file can be removed");
    game.await_that(|game| game.stats("solo").generation == 2);
    game.frames(2);
    assert_eq!(game.state::<Solo>("solo").sent, 5);
}

#[test]
fn a_topic_that_one_plugin_declares_in_two_ways_is_refused_with_both() {
    let mut game = Game::with(&[("solo", "solo_v1")]);
    game.frames(1);
    game.refuse("solo", "solo_two_ways");
    let line = game.log.line("generation 1 keeps running");
    for words in ["\"fixtures/note\" in two ways", "policy = Reject", "policy = DropOldest", "declare it once"] {
        assert!(line.contains(words), "no {words:?} in {line}");
    }
    // As the message advises.
    game.swap("solo", "solo_other_policy");
}

#[test]
fn what_was_sent_and_received_stays_counted_when_lanes_are_replaced_and_plugins_go() {
    let mut game = Game::with(&BOTH);
    game.frames(3);
    game.swap("talker", "talker_larger_lane");
    game.frames(3);
    let sent = hears_everything(&mut game) + 10;
    let lanes = |game: &Game| {
        let snapshot = game.host.bus().snapshot();
        snapshot.topics.iter().flat_map(|topic| &topic.lanes).map(|lane| (lane.id, lane.sent)).collect::<Vec<_>>()
    };
    let past: Vec<_> = game.host.past_lanes().iter().map(|past| (past.sent.lane, past.sent.sent)).collect();
    let [(id, count)] = lanes(&game)[..] else { panic!("one lane is left: {:?}", lanes(&game)) };
    assert_eq!((past.len(), past[0].1, count), (1, 30, sent - 30));
    assert_ne!(past[0].0, id);
    game.frames(1);
    for plugin in ["talker", "listener"] {
        std::fs::remove_file(game.path(plugin)).expect("the file can be removed");
    }
    game.await_that(|game| game.running().is_empty());
    let total: u64 = game.host.past_lanes().iter().map(|past| past.sent.sent).sum();
    assert_eq!((total, lanes(&game).len()), (sent + 10, 0));
    assert_eq!(game.host.received()["fixtures/number"].iter().sum::<u64>(), sent);
}
