//! Values over a swap: kept unchanged, reported by path if they changed, refused if they can't be kept.

use plugin_sdk::prelude::*;

use super::game::Game;

#[derive(Default, PluginState)]
struct Frames {
    frames: u64,
}

fn hoard() -> Game {
    let mut game = Game::with(&[("hoard", "hoard_v1")]);
    game.frames(2);
    game
}

#[test]
fn what_became_of_the_state_is_told_by_path() {
    let mut game = hoard();
    game.swap("hoard", "hoard_v2");
    let line = game.log.line("hoard's state: ");
    let expected = "INFO hoard's state: kept 6, renamed old_name → new_name, items[].name → items[].title, \
                    converted speed (i32 → f64), items[].hp (u32 → i64), \
                    defaulted armor.spikes, items[].weight, shield, dropped kills, armor.is_worn, \
                    partly looked at items[]";
    assert!(line.starts_with(expected), "{line}\nexpected\n{expected}");
}

#[test]
fn some_of_nothing_is_kept_over_a_swap() {
    #[derive(Default, PluginState)]
    struct Options {
        none: Option<Option<u8>>,
        unit: Option<()>,
    }
    let mut game = hoard();
    game.swap("hoard", "hoard_v2");
    game.frames(1);
    let state = game.state::<Options>("hoard");
    assert_eq!((state.none, state.unit), (Some(None), Some(())));
}

#[test]
fn a_state_that_is_kept_as_it_was_makes_no_noise() {
    let mut game = Game::with(&[("counter", "counter_v1")]);
    game.frames(1);
    game.swap("counter", "counter_v1_later");
    assert!(game.log.line("counter's state: ").starts_with("DEBUG counter's state: kept 3"));
}

#[test]
fn a_value_that_the_new_build_reads_as_another_is_a_warning() {
    let mut game = hoard();
    game.swap("hoard", "hoard_v4");
    let line = game.log.line("hoard's state: ");
    assert!(line.starts_with("WARN hoard's state: kept 0, changed kills (3 → 2), dropped frames, speed"), "{line}");
}

#[test]
fn an_error_names_the_field_by_its_path() {
    let mut game = hoard();
    game.refuse("hoard", "hoard_v3");
    let line = game.log.line("generation 1 keeps running");
    assert!(line.contains("items[0].name: invalid type: string \"item 0\", expected u8"), "{line}");
}

#[test]
fn an_opaque_field_of_another_layout_is_refused_though_its_version_is_the_same() {
    let mut game = Game::with(&[("opaque", "opaque_world_v1")]);
    game.frames(2);
    game.refuse("opaque", "opaque_world_v2");
    let line = game.log.line("generation 1 keeps running");
    for part in ["world: ", "World{gold:u32,lives:u32,seed:u32}", "World{lives:u32,gold:u32}", "new version"] {
        assert!(line.contains(part), "no {part:?} in {line}");
    }
    game.frames(1);
    assert_eq!(game.state::<Frames>("opaque").frames, 3);
}

#[test]
fn a_state_is_handed_over_as_deep_as_it_can_be_saved() {
    for hands_over in [true, false] {
        let mut game = Game::with(&[("deep", "deep")]);
        game.hands_over = hands_over;
        game.run_at(1_023);
        game.swap("deep", "deep_again");
        assert_eq!(game.stats("deep").generation, 2);
        game.run_at(1_200);
        game.refuse("deep", "deep");
        let line = game.log.line("generation 2 keeps running");
        for part in ["cannot save its state", "head.next.next", "1024 levels deep"] {
            assert!(line.contains(part), "no {part:?} in {line}");
        }
        game.run_at(20);
        assert!(!game.is_suspended("deep"), "the running build keeps running");
    }
}

#[test]
fn an_opaque_state_that_is_too_deep_is_refused_and_the_game_goes_on() {
    for hands_over in [true, false] {
        let mut game = Game::with(&[("deep", "deep_opaque")]);
        game.hands_over = hands_over;
        game.frames(1);
        game.refuse("deep", "deep");
        let line = game.log.line("generation 1 keeps running");
        for part in ["cannot save its state", "head: next.next", "1024 levels deep"] {
            assert!(line.contains(part), "no {part:?} in {line}");
        }
        game.frames(1);
        assert!(!game.is_suspended("deep"), "the running build keeps running");
    }
}
