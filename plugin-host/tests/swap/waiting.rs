//! Builds that wait for other plugins to change are retried after such a change, unless there is a newer verdict on their file.

use super::game::Game;
use super::state::Counter;
use super::support::fixtures;

/// A game whose counter's build 2 waits, because the engine had no room for it; now the engine has room.
fn game() -> Game {
    let mut game = Game::with(&[("counter", "counter_v1"), ("opaque", "opaque_v1")]);
    game.frames(2);
    game.engine.refused.push("2.0.0");
    game.refuse("counter", "counter_v2");
    game.engine.refused.clear();
    game
}

/// Another plugin changes, and the counter's first build keeps running.
fn goes_on_with_build_1(mut game: Game) {
    let failed = game.stats("counter").failed_loads;
    game.swap("opaque", "opaque_v1_later");
    game.frames(3);
    let stats = game.stats("counter");
    assert_eq!((stats.generation, stats.failed_loads), (1, failed));
    let before = game.state::<Counter>("counter").count;
    game.frames(1);
    assert_eq!(game.state::<Counter>("counter").count, before + 1);
}

#[test]
fn a_waiting_build_is_loaded_when_others_have_changed() {
    let mut game = game();
    assert!(game.log.line("generation 1 keeps running").contains("it is tried again when other plugins change"));
    game.swap("opaque", "opaque_v1_later");
    game.await_that(|game| game.stats("counter").generation == 2);
}

#[test]
fn a_waiting_build_whose_file_is_overwritten_by_what_is_refused_is_never_loaded() {
    let mut game = game();
    game.refuse_bytes("counter", b"no library");
    goes_on_with_build_1(game);
}

#[test]
fn a_waiting_build_whose_file_is_overwritten_by_what_can_t_be_made_is_never_loaded() {
    let mut game = game();
    game.refuse("counter", "counter_restore_panics");
    goes_on_with_build_1(game);
}

#[test]
fn a_waiting_build_whose_file_is_overwritten_during_its_handover_is_never_loaded() {
    let mut game = game();
    game.begin_handover("opaque", "opaque_v1_later");
    assert_eq!(game.edge(), 1, "the counter's build waits for its handover");
    game.systems_done();
    game.put_bytes("counter", b"no library");
    game.await_line("is refused until it changes", 1);
    assert_eq!(game.edge(), 0);
    game.frames(1);
    game.swap("opaque", "opaque_v1");
    game.frames(2);
    assert_eq!(game.stats("counter").generation, 1);
}

#[test]
fn a_waiting_build_that_is_overwritten_by_a_good_one_gives_way_to_it() {
    let mut game = game();
    game.begin_handover("opaque", "opaque_v1_later");
    assert_eq!(game.edge(), 1);
    game.systems_done();
    game.put_bytes("counter", &fixtures::bytes("counter_drop_panics"));
    game.await_that(|game| game.stats("counter").generation == 2);
    game.frames(1);
    assert_eq!(game.stats("counter").generation, 2, "build 2 was never loaded in between");
}

#[test]
fn a_waiting_first_build_whose_file_goes_is_never_loaded() {
    let mut game = Game::with(&[("opaque", "opaque_v1")]);
    game.engine.refused.push("2.0.0");
    game.refuse("counter", "counter_v2");
    game.engine.refused.clear();
    std::fs::remove_file(game.path("counter")).expect("the file can be removed");
    game.await_line("its file was deleted", 1);
    game.edge();
    game.swap("opaque", "opaque_v1_later");
    game.frames(2);
    assert_eq!(game.running(), ["opaque"]);
}

#[test]
fn a_build_whose_file_is_refused_during_its_handover_is_not_loaded() {
    let mut game = Game::with(&[("counter", "counter_v1")]);
    game.frames(1);
    game.begin_handover("counter", "counter_v2");
    game.put_bytes("counter", b"no library");
    game.await_line("is refused until it changes", 1);
    assert_eq!(game.edge(), 0);
    game.frames(2);
    assert_eq!((game.stats("counter").generation, game.stats("counter").failed_loads), (1, 1));
    assert_eq!(game.state::<Counter>("counter").count, 3);
}

#[test]
fn a_retry_that_fails_for_another_reason_says_so_once_for_each() {
    let mut game = Game::with(&[("listener", "listener_v1"), ("talker", "talker_v1"), ("opaque", "opaque_v1")]);
    game.frames(1);
    game.refuse("talker", "talker_other_policy");
    assert!(game.log.line("generation 1 keeps running").contains("has the policy Reject"));
    let tried_again = |game: &Game| game.log.count("refused for another reason");
    game.swap("opaque", "opaque_v1_later");
    game.frames(2);
    assert_eq!(tried_again(&game), 0, "the reason is the same");
    game.engine.refused.push("5.0.0");
    std::fs::remove_file(game.path("listener")).expect("the file can be removed");
    game.await_that(|game| game.running() == ["opaque", "talker"]);
    game.frames(2);
    assert!(game.log.line("refused for another reason").contains("no room for talker 5.0.0"));
    game.swap("opaque", "opaque_v1");
    game.frames(2);
    assert_eq!((tried_again(&game), game.stats("talker").failed_loads), (1, 1));
    game.engine.refused.clear();
    game.swap("opaque", "opaque_v1_later");
    game.await_that(|game| game.stats("talker").generation == 2);
}
