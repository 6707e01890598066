//! A bot that plays the game: keeps away from the nearest enemies and shoots at the nearest one.

use bevy_ecs::prelude::{Query, With, World};
use bevy_ecs::query::QueryState;
use engine_bridge::bevy::Col;
use game_types::{Enemy, GameState, HALF_HEIGHT, HALF_WIDTH, Phase, Position, Ship, Velocity};

use crate::presenter::InputState;

/// Distance within which it flees from enemies, in units.
const FEAR: f32 = 170.0;

/// Distance within which it flees from walls, in units.
const WALL: f32 = 210.0;

/// Distance that a bullet flies in a second, in units; used only to aim ahead.
const BULLET_SPEED: f32 = 900.0;

/// Ticks for which the end of a game is shown before the next one starts.
const PATIENCE: u32 = 90;

/// The bot's view of an enemy.
type Seen<'world> = (&'world Col<Position>, &'world Col<Velocity>);

/// See the module. It reads the world as the host's own code does: through [`Col`].
#[derive(Debug)]
pub(crate) struct Bot {
    ships: QueryState<&'static Col<Position>, With<Col<Ship>>>,
    enemies: QueryState<Seen<'static>, With<Col<Enemy>>>,
    game: QueryState<&'static Col<GameState>>,
}

impl Bot {
    pub(crate) fn new(world: &mut World) -> Self {
        Self { ships: world.query_filtered(), enemies: world.query_filtered(), game: world.query() }
    }

    /// The bot's input for the next tick.
    pub(crate) fn play(&mut self, world: &World) -> InputState {
        let over = self.game.query(world).iter().any(|game| game.phase == Phase::Over && game.phase_ticks > PATIENCE);
        let Some(ship) = self.ships.query(world).iter().next().map(|position| position.0) else {
            return InputState { restart: over, ..InputState::default() };
        };
        let input = decide(ship, self.enemies.query(world));
        InputState { restart: over, ..input }
    }
}

fn decide(ship: Position, enemies: Query<'_, '_, Seen<'_>, With<Col<Enemy>>>) -> InputState {
    let mut flight = [away_from_wall(ship.x, HALF_WIDTH), away_from_wall(ship.y, HALF_HEIGHT)];
    let mut nearest: Option<(f32, Position, Velocity)> = None;
    for (position, velocity) in &enemies {
        let (dx, dy) = (ship.x - position.x, ship.y - position.y);
        let distance = dx.hypot(dy).max(1.0);
        if nearest.is_none_or(|(best, ..)| distance < best) {
            nearest = Some((distance, position.0, velocity.0));
        }
        if distance < FEAR {
            let fear = (FEAR / distance - 1.0) / distance;
            flight[0] += dx * fear;
            flight[1] += dy * fear;
        }
    }
    // A little drift around the centre, so that the bot never stands still.
    flight[0] -= ship.y / HALF_HEIGHT * 0.3 + ship.x / HALF_WIDTH * 0.2;
    flight[1] += ship.x / HALF_WIDTH * 0.3 - ship.y / HALF_HEIGHT * 0.2;
    let length = flight[0].hypot(flight[1]).max(1.0);
    let aim = nearest.map_or(Position { x: 0.0, y: 0.0 }, |(distance, position, velocity)| {
        let time = distance / BULLET_SPEED;
        Position { x: position.x + velocity.x * time, y: position.y + velocity.y * time }
    });
    InputState {
        move_x: flight[0] / length,
        move_y: flight[1] / length,
        aim_x: aim.x,
        aim_y: aim.y,
        has_aim: nearest.is_some(),
        fire: nearest.is_some(),
        ..InputState::default()
    }
}

/// A push towards the middle, from 0 to 2, when `place` is near `-half` or `half`.
fn away_from_wall(place: f32, half: f32) -> f32 {
    let depth = (place.abs() - (half - WALL)).max(0.0) / WALL;
    -place.signum() * depth * 2.0
}
