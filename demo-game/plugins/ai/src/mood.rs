//! Moods: a pure table from what an enemy senses to what it does next.
//!
//! ```text
//!            sees the ship              hit nearby
//! WANDER ───────────────────► HUNT   any ─────────► SCATTER ──time──► WANDER
//!        ◄─── lost it, time ──
//! ```

use game_types::Enemy;

/// Minimum number of ticks that an enemy hunts.
const HUNT_TICKS: u32 = 60;
/// Ticks for which an enemy doesn't hunt after it lost the ship or fled.
const WANDER_TICKS: u32 = 40;
/// Ticks of flight, and the range by which they vary.
const SCATTER_TICKS: [u32; 2] = [26, 20];
/// A hunter loses the ship at this multiple of the distance at which it sees it.
const HOLD: f32 = 1.35;

/// Inputs that decide an enemy's mood.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Senses {
    /// Distance of the ship in units; infinite if there is none.
    pub(crate) ship: f32,
    /// How far it sees the ship, in units.
    pub(crate) sight: f32,
    /// Whether something was hit nearby.
    pub(crate) scared: bool,
    /// A number that differs between enemies.
    pub(crate) whim: u32,
}

/// The mood after a tick with `senses`, and its ticks.
pub(crate) fn next(mood: u32, ticks: u32, senses: Senses) -> (u32, u32) {
    if senses.scared {
        return (Enemy::SCATTER, SCATTER_TICKS[0] + senses.whim % SCATTER_TICKS[1]);
    }
    let left = ticks.saturating_sub(1);
    match mood {
        _ if left > 0 => (mood, left),
        Enemy::HUNT if senses.ship > senses.sight * HOLD => (Enemy::WANDER, WANDER_TICKS),
        Enemy::HUNT => (Enemy::HUNT, 0),
        Enemy::WANDER if senses.ship < senses.sight => (Enemy::HUNT, HUNT_TICKS),
        Enemy::WANDER => (Enemy::WANDER, 0),
        _ => (Enemy::WANDER, WANDER_TICKS / 2 + senses.whim % WANDER_TICKS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALM: Senses = Senses { ship: f32::INFINITY, sight: 250.0, scared: false, whim: 0 };

    #[test]
    fn table() {
        let near = Senses { ship: 100.0, ..CALM };
        let held = Senses { ship: 300.0, ..CALM };
        let scared = Senses { scared: true, ..near };
        for (mood, ticks, senses, expected) in [
            (Enemy::WANDER, 0, CALM, (Enemy::WANDER, 0)),
            (Enemy::WANDER, 0, near, (Enemy::HUNT, HUNT_TICKS)),
            (Enemy::WANDER, 9, near, (Enemy::WANDER, 8)),
            (Enemy::HUNT, 0, near, (Enemy::HUNT, 0)),
            (Enemy::HUNT, 0, held, (Enemy::HUNT, 0)),
            (Enemy::HUNT, 0, CALM, (Enemy::WANDER, WANDER_TICKS)),
            (Enemy::HUNT, 5, CALM, (Enemy::HUNT, 4)),
            (Enemy::HUNT, 50, scared, (Enemy::SCATTER, SCATTER_TICKS[0])),
            (Enemy::SCATTER, 1, near, (Enemy::WANDER, WANDER_TICKS / 2)),
            (Enemy::SCATTER, 2, near, (Enemy::SCATTER, 1)),
        ] {
            assert_eq!(next(mood, ticks, senses), expected, "{mood} {ticks} {senses:?}");
        }
    }

    #[test]
    fn without_a_ship_everybody_ends_up_wandering() {
        for mood in [Enemy::WANDER, Enemy::HUNT, Enemy::SCATTER] {
            let (last, _) = (0..200).fold((mood, 60), |(mood, ticks), _| next(mood, ticks, CALM));
            assert_eq!(last, Enemy::WANDER);
        }
    }
}
