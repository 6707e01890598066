//! A panic in a system: its commands are dropped, its plugin waits for a new build, the game continues.

use engine_bridge::bevy::Col;
use plugin_sdk::prelude::*;

use super::game::{Game, with_labels};
use super::types::{Label, Position, Trace, Velocity};

#[derive(Default, PluginState)]
struct Mover {
    frames: u64,
}

fn game() -> Game {
    let mut game = with_labels(&[("mover", "mover_v1"), ("order_a", "order_a")]);
    game.spawn((Col(Position { x: 1.0, y: 0.0 }), Col(Velocity { x: 1.0, y: 0.0 })));
    game.spawn(Col(Trace::default()));
    game
}

#[test]
fn a_panic_in_a_system_drops_its_commands_and_suspends_its_plugin_while_the_game_goes_on() {
    let mut game = game();
    game.swap("mover", "mover_panics");
    game.frames(3);
    assert_eq!((game.all::<Label>(), game.commands()), (vec![], (0, 0, 0)));
    assert_eq!(game.all::<Position>(), [Position { x: 1.0, y: 0.0 }], "neither moved nor despawned");
    assert_eq!(game.all::<Trace>(), [Trace { digits: 121_212 }], "the other plugin runs in every frame");
    assert_eq!(game.stats("mover").panics, 1);
    let line = game.log.line("is suspended until its file changes, is copied again or touched");
    for words in ["mover", "a bug in step", "mover_panics.rs:", "dropped"] {
        assert!(line.contains(words), "no {words:?} in {line}");
    }
}

#[test]
fn the_next_build_takes_over_where_the_fault_left_the_state() {
    let mut game = game();
    game.frames(2);
    game.swap("mover", "mover_panics");
    game.frames(3);
    game.swap("mover", "mover_v1");
    game.frames(1);
    assert_eq!(game.state::<Mover>("mover").frames, 2 + 1 + 1);
    assert_eq!(game.all::<Position>(), [Position { x: 4.0, y: 0.0 }]);
}
