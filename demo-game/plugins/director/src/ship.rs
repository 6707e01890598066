//! The ship's reaction to the player's input. Pure, one tick at a time.

use core::f32::consts::TAU;

use game_types::{Body, BodyKind, Bullet, Input, Position, Ship, Tuning, Velocity};

use crate::rules::{BULLET_RADIUS, COMBO_FOR_SHOTS, FAN_ANGLE, MUZZLE, SHIELD_TICKS, SHIP_RADIUS};

/// A ship at the start of a game.
pub(crate) fn new() -> (Position, Velocity, Body, Ship) {
    let body = Body { radius: SHIP_RADIUS, kind: BodyKind::Ship };
    let ship = Ship { facing: TAU / 4.0, cooldown: 0, shield: SHIELD_TICKS };
    (Position::default(), Velocity::default(), body, ship)
}

/// The velocity that the input requests.
pub(crate) fn wanted_velocity(input: &Input, tuning: &Tuning) -> Velocity {
    let (x, y) = (finite(input.move_x), finite(input.move_y));
    let scale = tuning.ship_speed / x.hypot(y).max(1.0);
    Velocity { x: x * scale, y: y * scale }
}

/// The angle from `from` to the aim point; `current` if both are the same point.
pub(crate) fn facing(input: &Input, from: Position, current: f32) -> f32 {
    let (x, y) = (finite(input.aim_x) - from.x, finite(input.aim_y) - from.y);
    if x == 0.0 && y == 0.0 { current } else { y.atan2(x) }
}

/// The ship after a tick, and whether it fires.
pub(crate) fn tick(ship: Ship, from: Position, input: &Input, tuning: &Tuning) -> (Ship, bool) {
    let fires = ship.cooldown == 0 && input.buttons & Input::FIRE != 0;
    let cooldown = if fires { tuning.fire_interval.max(1) - 1 } else { ship.cooldown.saturating_sub(1) };
    let facing = facing(input, from, ship.facing);
    (Ship { facing, cooldown, shield: ship.shield.saturating_sub(1) }, fires)
}

/// Bullets that leave a ship at `from` together.
pub(crate) fn bullets(
    from: Position,
    facing: f32,
    combo: u32,
    tuning: &Tuning,
) -> impl Iterator<Item = (Position, Velocity, Body, Bullet)> {
    let life = tuning.bullet_life.max(1);
    let speed = tuning.bullet_speed;
    fan(combo).map(move |turn| {
        let (sin, cos) = (facing + turn).sin_cos();
        (
            Position { x: from.x + cos * MUZZLE, y: from.y + sin * MUZZLE },
            Velocity { x: cos * speed, y: sin * speed },
            Body { radius: BULLET_RADIUS, kind: BodyKind::Bullet },
            Bullet { life },
        )
    })
}

/// Angles, relative to the ship's, of the bullets fired at once.
fn fan(combo: u32) -> impl Iterator<Item = f32> {
    let shots = 1 + COMBO_FOR_SHOTS.iter().filter(|&&from| combo >= from).count();
    (0..shots).map(move |shot| (shot as f32 - (shots - 1) as f32 / 2.0) * FAN_ANGLE)
}

fn finite(value: f32) -> f32 {
    if value.is_finite() { value } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tuning() -> Tuning {
        Tuning { ship_speed: 300.0, bullet_speed: 900.0, fire_interval: 7, bullet_life: 50, ..Tuning::default() }
    }

    #[test]
    fn diagonal_moves_are_no_faster() {
        let velocity = wanted_velocity(&Input { move_x: 1.0, move_y: -1.0, ..Input::default() }, &tuning());
        assert!((velocity.x.hypot(velocity.y) - 300.0).abs() < 0.01);
        let half = wanted_velocity(&Input { move_x: 0.5, ..Input::default() }, &tuning());
        assert_eq!((half.x, half.y), (150.0, 0.0));
        let broken = wanted_velocity(&Input { move_x: f32::NAN, ..Input::default() }, &tuning());
        assert_eq!(broken, Velocity::default());
    }

    #[test]
    fn it_fires_once_each_interval_while_the_button_is_held() {
        let input = Input { buttons: Input::FIRE, ..Input::default() };
        let mut ship = Ship::default();
        let shots = (0..70).filter(|_| {
            let (next, fires) = tick(ship, Position::default(), &input, &tuning());
            ship = next;
            fires
        });
        assert_eq!(shots.count(), 10);
    }

    #[test]
    fn a_high_combo_fires_more_bullets_symmetrically() {
        for (combo, expected) in [(10, 1), (COMBO_FOR_SHOTS[0], 2), (COMBO_FOR_SHOTS[1], 3), (99, 3)] {
            assert_eq!(fan(combo).count(), expected);
            assert!(fan(combo).sum::<f32>().abs() < 1e-6);
        }
    }

    #[test]
    fn aiming_at_itself_keeps_the_facing() {
        assert_eq!(facing(&Input::default(), Position::default(), 1.25), 1.25);
        assert_eq!(facing(&Input { aim_x: 5.0, ..Input::default() }, Position::default(), 1.25), 0.0);
    }
}
