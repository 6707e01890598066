//! Commands: valid ones are applied at the end of the stage; others are dropped, counted and logged.

use engine_bridge::bevy::Col;
use plugin_sdk::prelude::*;

use super::game::{Game, bind, with_labels};
use super::types::{Color, Frozen, Label, Lamp, Position};

#[derive(Default, PluginState)]
struct Spawner {
    frozen: u64,
}

#[test]
fn commands_are_applied_at_the_end_of_their_stage() {
    let mut game = with_labels(&[("spawner", "spawner")]);
    game.frames(1);
    assert_eq!(game.state::<Spawner>("spawner").frozen, 1, "spawned in stage First, seen in Update");
    assert_eq!(game.all::<Label>(), [Label { number: 1 }]);
    assert_eq!(game.all::<Position>(), [Position { x: 1.0, y: 2.0 }]);
    assert_eq!(game.commands(), (1, 0, 0));
}

#[test]
fn a_component_that_the_host_does_not_know_drops_its_command_alone() {
    let mut game = with_labels(&[("spawner", "spawner")]);
    game.frames(2);
    assert_eq!(game.all::<Label>(), [Label { number: 1 }]);
    assert_eq!(game.commands(), (1, 0, 1));
    let line = game.log.line("a command of spawner/spawn is dropped");
    assert!(line.contains("schema hash 0x") && line.contains("#[plugin(components("), "{line}");
}

#[test]
fn a_component_that_is_named_in_the_next_build_as_advised_is_known() {
    let mut game = with_labels(&[("spawner", "spawner")]);
    game.frames(2);
    game.swap("spawner", "spawner_named");
    game.frames(2);
    assert_eq!(game.commands(), (1 + 2, 0, 1));
}

#[test]
fn insert_replaces_and_adds() {
    let mut game = with_labels(&[("spawner", "spawner")]);
    game.frames(3);
    assert_eq!(game.all::<Label>(), [Label { number: 11 }]);
    assert_eq!(game.all::<Position>(), [Position { x: -1.0, y: 0.0 }]);
    assert_eq!(game.commands(), (2, 0, 1));
}

#[test]
fn a_command_for_an_entity_that_has_gone_is_stale() {
    let mut game = with_labels(&[("spawner", "spawner")]);
    game.frames(4);
    assert_eq!(game.all::<Label>(), []);
    // Despawned; despawned again, and changed after that.
    assert_eq!(game.commands(), (3, 2, 1));
    assert_eq!(game.log.count("spawner/change"), 0, "that happens to everybody and is no warning");
}

#[test]
fn remove_takes_a_component_off() {
    let mut game = with_labels(&[("spawner", "spawner")]);
    let entity = {
        game.frames(4);
        game.spawn((Col(Frozen), Col(Position::default())))
    };
    game.frames(1);
    assert_eq!((game.get::<Frozen>(entity), game.get::<Position>(entity)), (None, Some(Position::default())));
}

#[test]
fn of_a_malformed_buffer_what_comes_before_is_applied_and_the_rest_is_refused() {
    let mut game = Game::with(&[("raw_commands", "raw_commands")]);
    game.frames(1);
    assert_eq!(game.commands(), (0, 1, 1), "a despawn of nobody, then no command at all");
    let line = game.log.line("a command of raw_commands/ask is dropped");
    assert!(line.contains("unknown command operation 2004318071"), "{line}");
    game.frames(1);
    assert_eq!(game.commands(), (0, 2, 2), "the plugin keeps running: it did no harm");
}

#[test]
fn bytes_that_are_no_value_reach_no_column() {
    let mut game = Game::with(&[]);
    bind::<Lamp>(&mut game.world);
    game.swap("forger", "forger");
    game.frames(4);
    let lamps = [Lamp { color: Color::Green, on: [false, true] }, Lamp { color: Color::Red, on: [true, true] }];
    assert_eq!(game.all::<Lamp>(), lamps);
    assert_eq!(game.commands(), (2, 0, 2));
    game.log
        .line("a command of forger/forge is dropped: \"fixtures.Lamp\": `color` is 3, which is no variant of Color");
    game.log.line("a command of forger/forge is dropped: \"fixtures.Lamp\": `on[1]` is 255, which is no bool");
    game.frames(1);
    assert_eq!(game.all::<Lamp>(), lamps, "an insert is checked like a spawn");
    assert_eq!(game.commands(), (2, 0, 4));
    assert_eq!(game.stats("forger").panics, 0, "the plugin keeps running");
}

#[derive(Default, PluginState)]
struct Reaper {
    seen: u64,
}

#[test]
fn entities_that_no_plugin_shares_are_out_of_reach() {
    let mut game = with_labels(&[("reaper", "reaper")]);
    let shared = game.spawn(Col(Label { number: 1 }));
    let own = game.world.spawn(HostOnly).id();
    game.frames(3);
    assert_eq!(game.get::<Label>(shared), None, "despawned: it is shared");
    assert!(game.world.get::<HostOnly>(own).is_some(), "the host's own entity lives on");
    assert!(game.state::<Reaper>("reaper").seen > 3 * 128);
    let (_, _, refused) = game.commands();
    assert!(refused > 0, "resources are entities too, and were asked for");
}

#[derive(bevy_ecs::prelude::Component)]
struct HostOnly;
