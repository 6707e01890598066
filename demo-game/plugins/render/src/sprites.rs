//! Ship, enemies and bullets as draw commands. Pure.

use core::f32::consts::TAU;

use game_types::{Color, DrawCommand, Enemy, Input, Mood, Position, Shape, Ship, Variant, Velocity, palette};

/// Drawn size of an enemy relative to its collider.
const ENEMY_SCALE: f32 = 2.7;
const SHIP_SCALE: f32 = 2.9;
/// Length of a bullet's beam, in seconds of its flight.
const BULLET_SECONDS: f32 = 0.03;
/// Remaining ticks from which the shield flickers.
const SHIELD_FLICKER_TICKS: u32 = 45;
/// Colour of fear.
const PALE: Color = [125, 150, 205, 210];

/// By variant: wandering, hunting, scattering.
const ENEMY_COLORS: [[Color; Mood::COUNT]; Variant::COUNT] = [
    [palette::CYAN, palette::ORANGE, PALE],
    [palette::BLUE, palette::MAGENTA, PALE],
    [palette::VIOLET, palette::RED, PALE],
];

/// The colour of an enemy and of its debris.
pub(crate) fn enemy_color(variant: Variant, mood: Mood) -> Color {
    ENEMY_COLORS[variant as usize][mood as usize]
}

/// An enemy's outline; `tick` turns the round ones, `strength` in `0.0 ..= 1.0` dims it.
pub(crate) fn enemy(
    place: Position,
    velocity: Velocity,
    enemy: &Enemy,
    radius: f32,
    tick: u64,
    strength: f32,
) -> DrawCommand {
    let heading = || velocity.y.atan2(velocity.x);
    let (shape, angle) = match enemy.variant {
        Variant::Dart => (Shape::Dart, heading()),
        Variant::Diamond => (Shape::Diamond, heading()),
        Variant::Hexagon => (Shape::Hexagon, (tick % 240) as f32 / 240.0 * TAU),
    };
    let color = palette::faded(enemy_color(enemy.variant, enemy.mood), strength);
    DrawCommand::sprite(shape, place.x, place.y, radius * ENEMY_SCALE, angle, color)
}

/// The ring around an enemy that takes more than one hit.
pub(crate) fn armor(place: Position, enemy: &Enemy, radius: f32) -> Option<DrawCommand> {
    let strength = 0.15 * enemy.health.min(5) as f32;
    let color = palette::faded(enemy_color(enemy.variant, enemy.mood), strength);
    let size = radius * ENEMY_SCALE * 1.25;
    (enemy.health > 1).then(|| DrawCommand::sprite(Shape::Halo, place.x, place.y, size, 0.0, color))
}

/// A bullet's beam.
pub(crate) fn bullet(place: Position, velocity: Velocity) -> DrawCommand {
    let tail = [place.x - velocity.x * BULLET_SECONDS, place.y - velocity.y * BULLET_SECONDS];
    DrawCommand::trail(tail, [place.x, place.y], 3.4, palette::GOLD)
}

/// The ship, its glow and its shield.
pub(crate) fn ship(place: Position, ship: &Ship, radius: f32, tick: u64) -> [Option<DrawCommand>; 3] {
    let Position { x, y } = place;
    let glow = DrawCommand::sprite(Shape::Glow, x, y, radius * 6.0, 0.0, palette::faded(palette::ICE, 0.35));
    let body = DrawCommand::sprite(Shape::Ship, x, y, radius * SHIP_SCALE, ship.facing, palette::ICE);
    let lit = ship.shield > SHIELD_FLICKER_TICKS || ship.shield % 10 >= 5;
    let shield = (ship.shield > 0 && lit).then(|| {
        let breath = 1.5 * ((tick % 60) as f32 / 60.0 * TAU).sin();
        DrawCommand::ring(x, y, radius * 1.9 + breath, 2.5, palette::faded(palette::LIME, 0.8))
    });
    [Some(glow), Some(body), shield]
}

/// Marks where the player aims.
pub(crate) fn crosshair(input: &Input) -> [DrawCommand; 2] {
    let Input { aim_x: x, aim_y: y, .. } = *input;
    [
        DrawCommand::sprite(Shape::Halo, x, y, 20.0, 0.0, palette::faded(palette::GOLD, 0.55)),
        DrawCommand::sprite(Shape::Particle, x, y, 5.0, 0.0, palette::faded(palette::GOLD, 0.8)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moods_show() {
        for variant in Variant::ALL {
            let colors = Mood::ALL.map(|mood| enemy_color(variant, mood));
            assert!(colors[0] != colors[1] && colors[1] != colors[2] && colors[0] != colors[2]);
        }
    }

    #[test]
    fn a_shield_shows_while_it_lasts() {
        let shown = |shield| ship(Position::default(), &Ship { shield, ..Ship::default() }, 13.0, 0)[2].is_some();
        assert!(shown(100) && !shown(0));
        assert!((1..SHIELD_FLICKER_TICKS).any(|shield| !shown(shield)), "it flickers before it ends");
    }
}
