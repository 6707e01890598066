//! Systems have one order: stage, declared order, plugin name, position in the source.

use engine_bridge::bevy::Col;

use super::game::Game;
use super::types::Trace;

/// `order_b`'s `four` in stage First, then `order_a`'s `one`, `five` by plugin name, `three` between by declaration, `two`.
const ONE_FRAME: u64 = 41_532;

fn trace_of(game: &mut Game) -> u64 {
    game.spawn(Col(Trace::default()));
    game.frames(1);
    game.all::<Trace>()[0].digits
}

#[test]
fn systems_run_in_the_declared_order_and_by_name_otherwise() {
    let mut game = Game::with(&[("order_a", "order_a"), ("order_b", "order_b")]);
    assert_eq!(trace_of(&mut game), ONE_FRAME);
    game.frames(2);
    assert_eq!(game.all::<Trace>()[0].digits, 415_324_153_241_532);
}

#[test]
fn the_order_does_not_depend_on_the_order_of_loading() {
    let mut game = Game::with(&[]);
    game.swap("order_b", "order_b");
    game.swap("order_a", "order_a");
    assert_eq!(trace_of(&mut game), ONE_FRAME);
}

#[test]
fn a_wish_for_a_plugin_that_is_absent_is_no_obstacle() {
    let mut game = Game::with(&[("order_b", "order_b")]);
    assert_eq!(trace_of(&mut game), 453);
}

#[test]
fn hyphens_and_underscores_are_alike_in_orders() {
    let mut game = Game::with(&[("order_a", "order_a"), ("my_hyph", "hyphen")]);
    assert_eq!(trace_of(&mut game), 126, "by its name it would be the first");
    let line = game.log.line("before = \"none_such\" has no effect");
    assert!(line.contains("my_hyph/six"), "{line}");
}

#[test]
fn systems_that_wait_for_each_other_are_refused_by_name() {
    let mut game = Game::with(&[("order_a", "order_a"), ("order_b", "order_b")]);
    game.refuse("order_b", "order_circle");
    let line = game.log.line("generation 1 keeps running");
    assert!(line.contains("wait for each other: order_a/one, order_b/six"), "{line}");
    assert_eq!(trace_of(&mut game), ONE_FRAME);
}

#[test]
fn a_build_that_was_refused_for_the_sake_of_another_plugin_is_accepted_when_that_one_goes() {
    let mut game = Game::with(&[("order_a", "order_a"), ("order_b", "order_b")]);
    game.refuse("order_b", "order_circle");
    std::fs::remove_file(game.path("order_a")).expect("its file can be removed");
    game.await_that(|game| game.stats("order_b").generation == 2);
    assert!(game.runs("order_b") && !game.runs("order_a"));
    assert_eq!(game.stats("order_b").failed_loads, 1, "the refusal; trying again is no second one");
}
