//! Waves: how many enemies appear, when, of which variant, and where.
//!
//! A wave appears in squads; after all its enemies are dead, the next one follows after a rest. This module knows no queries and no
//! commands.

use core::f32::consts::{PI, TAU};

use game_types::{Body, BodyKind, Enemy, HALF_HEIGHT, HALF_WIDTH, Mood, Position, Tuning, Variant, Velocity};
use plugin_sdk::prelude::*;
use plugin_sdk::serde::{Deserialize, Serialize};

use crate::rules::{
    AGENTS_COVERAGE, REST_TICKS, SAFE_DISTANCE, SQUAD_SIZE, SQUAD_TICKS, SQUAD_TICKS_MIN, VARIANT_FROM_WAVE,
    VARIANT_HEALTH, VARIANT_RADIUS, WAVE_SIZE_MAX, WAVES_PER_HEALTH,
};

/// Number of random places to try for enough distance from the ship; the farthest one is taken.
const PLACE_TRIES: u32 = 8;
/// Distance outside the arena at which a squad appears, in units.
const OUTSIDE: f32 = 24.0;
/// Distance from the squad's middle at which an enemy appears, in units.
const SQUAD_SPREAD: f32 = 46.0;

/// State of the current wave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk::serde", default)]
pub(crate) struct Schedule {
    /// Enemies of this wave still to come.
    pending: u32,
    /// Ticks until the next squad or wave.
    wait: u32,
}

/// The schedule's request for a tick.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Step {
    /// No change.
    Wait,
    /// A squad of so many enemies.
    Squad(u32),
    /// The next wave.
    NextWave,
}

impl Schedule {
    /// A wave of `size` enemies; its first squad appears at once.
    pub(crate) fn of(size: u32) -> Self {
        Self { pending: size, wait: 0 }
    }

    /// Advances by a tick, with `alive` enemies in `wave`.
    pub(crate) fn tick(&mut self, wave: u32, alive: u32) -> Step {
        if self.pending == 0 && alive > 0 {
            return Step::Wait;
        }
        if self.wait > 0 {
            self.wait -= 1;
            return Step::Wait;
        }
        if self.pending == 0 {
            return Step::NextWave;
        }
        let squad = self.pending.min(SQUAD_SIZE);
        self.pending -= squad;
        self.wait = if self.pending == 0 { REST_TICKS } else { squad_ticks(wave) };
        Step::Squad(squad)
    }
}

/// Number of enemies in `wave`, which counts from 1.
pub(crate) fn size(tuning: &Tuning, wave: u32) -> u32 {
    let more = tuning.wave_growth.saturating_mul(wave.saturating_sub(1));
    tuning.first_wave.saturating_add(more).clamp(1, WAVE_SIZE_MAX)
}

fn squad_ticks(wave: u32) -> u32 {
    SQUAD_TICKS.saturating_sub(2 * wave.saturating_sub(1)).max(SQUAD_TICKS_MIN)
}

/// The variant for `roll` in `0.0 .. 1.0` in `wave`.
pub(crate) fn variant(wave: u32, roll: f32) -> Variant {
    let share = |from: u32, each: f32, most: f32| ((wave + 1).saturating_sub(from) as f32 * each).min(most);
    let [diamonds_from, hexagons_from] = VARIANT_FROM_WAVE;
    let hexagons = share(hexagons_from, 0.06, 0.3);
    let diamonds = share(diamonds_from, 0.12, 0.4);
    if roll < hexagons {
        Variant::Hexagon
    } else if roll < hexagons + diamonds {
        Variant::Diamond
    } else {
        Variant::Dart
    }
}

/// A new enemy of `variant`.
pub(crate) fn enemy(variant: Variant, wave: u32) -> Enemy {
    let base = VARIANT_HEALTH[variant as usize];
    let more = if variant == Variant::Hexagon { wave / WAVES_PER_HEALTH } else { 0 };
    Enemy { variant, mood: Mood::Wander, mood_ticks: 0, health: base + more }
}

/// The body of an enemy; `agents` as in [`Tuning::agents`]: if there are many, they are smaller.
pub(crate) fn body(variant: Variant, agents: u32) -> Body {
    let area = 4.0 * HALF_WIDTH * HALF_HEIGHT * AGENTS_COVERAGE;
    let widest = if agents == 0 { f32::INFINITY } else { (area / (PI * agents as f32)).sqrt() };
    Body { radius: VARIANT_RADIUS[variant as usize].min(widest), kind: BodyKind::Enemy }
}

/// A place for a squad: on the arena's rim, away from `ship`.
pub(crate) fn rim_place(random: &mut Random, ship: Option<Position>) -> Position {
    farther(random, ship, |random| {
        let (along, side) = (random.range(-1.0, 1.0), random.below(4));
        let (x, y) = (HALF_WIDTH + OUTSIDE, HALF_HEIGHT + OUTSIDE);
        match side {
            0 => Position { x, y: along * y },
            1 => Position { x: -x, y: along * y },
            2 => Position { x: along * x, y },
            _ => Position { x: along * x, y: -y },
        }
    })
}

/// A place for one of many enemies: anywhere in the arena, away from `ship`.
pub(crate) fn field_place(random: &mut Random, ship: Option<Position>) -> Position {
    farther(random, ship, |random| Position {
        x: random.range(-0.98, 0.98) * HALF_WIDTH,
        y: random.range(-0.98, 0.98) * HALF_HEIGHT,
    })
}

/// A place near the `middle` of a squad for one of its enemies.
pub(crate) fn squad_place(random: &mut Random, middle: Position) -> Position {
    let (sin, cos) = random.range(0.0, TAU).sin_cos();
    let distance = random.unit().sqrt() * SQUAD_SPREAD;
    Position { x: middle.x + cos * distance, y: middle.y + sin * distance }
}

/// Velocity of a new enemy: roughly toward the arena's middle, so that it enters even if nothing steers it.
pub(crate) fn inward(random: &mut Random, from: Position, speed: f32) -> Velocity {
    let (sin, cos) = ((-from.y).atan2(-from.x) + random.range(-0.6, 0.6)).sin_cos();
    Velocity { x: cos * speed, y: sin * speed }
}

fn farther(random: &mut Random, ship: Option<Position>, mut place: impl FnMut(&mut Random) -> Position) -> Position {
    let first = place(random);
    let Some(ship) = ship else { return first };
    let squared = |place: Position| (place.x - ship.x).powi(2) + (place.y - ship.y).powi(2);
    let mut best = first;
    for _ in 1..PLACE_TRIES {
        if squared(best) >= SAFE_DISTANCE * SAFE_DISTANCE {
            break;
        }
        let other = place(random);
        if squared(other) > squared(best) {
            best = other;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tuning() -> Tuning {
        Tuning { first_wave: 24, wave_growth: 8, ..Tuning::default() }
    }

    #[test]
    fn waves_grow_up_to_the_limit() {
        assert_eq!([1, 2, 5].map(|wave| size(&tuning(), wave)), [24, 32, 56]);
        assert_eq!(size(&tuning(), 1_000_000_000), WAVE_SIZE_MAX);
        assert_eq!(size(&Tuning::default(), 1), 1);
    }

    #[test]
    fn a_schedule_spawns_its_wave_exactly_then_rests_then_goes_on() {
        let mut schedule = Schedule::of(20);
        let (mut spawned, mut ticks) = (0, 0);
        while spawned < 20 {
            if let Step::Squad(count) = schedule.tick(1, spawned) {
                spawned += count;
            }
            ticks += 1;
            assert!(ticks < 1_000);
        }
        assert_eq!(spawned, 20);
        assert!((0..500).all(|_| schedule.tick(1, 3) == Step::Wait));
        let rest = (0..).take_while(|_| schedule.tick(1, 0) == Step::Wait).count();
        assert_eq!(rest, REST_TICKS as usize);
    }

    #[test]
    fn the_first_wave_is_mostly_darts_and_later_ones_mix() {
        let counts = |wave| {
            (0..1_000).fold([0; 3], |mut counts, roll| {
                counts[variant(wave, roll as f32 / 1_000.0) as usize] += 1;
                counts
            })
        };
        assert!(counts(1)[Variant::Dart as usize] > 600, "{:?}", counts(1));
        let late = counts(50);
        assert!(late.iter().all(|&count| count >= 250), "{late:?}");
    }

    #[test]
    fn hexagons_get_tougher() {
        assert!(enemy(Variant::Hexagon, 12).health > enemy(Variant::Hexagon, 1).health);
        assert_eq!(enemy(Variant::Dart, 12).health, 1);
    }

    #[test]
    fn many_agents_cover_a_bounded_part_of_the_arena() {
        for agents in [1, 1_000, 16_000, 100_000] {
            let covered: f32 = PI * body(Variant::Hexagon, agents).radius.powi(2) * agents as f32;
            assert!(covered <= 4.0 * HALF_WIDTH * HALF_HEIGHT * AGENTS_COVERAGE * 1.001);
        }
        assert_eq!(body(Variant::Dart, 0).radius, VARIANT_RADIUS[0]);
    }
}
