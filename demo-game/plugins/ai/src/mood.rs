//! Moods: a pure table from what an enemy senses to what it does next.
//!
//! ```text
//!            sees the ship              hit nearby
//! WANDER ───────────────────► HUNT   any ─────────► SCATTER ──time──► WANDER
//!        ◄─── lost it, time ──
//! ```

use game_types::Mood;

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
pub(crate) fn next(mood: Mood, ticks: u32, senses: Senses) -> (Mood, u32) {
    if senses.scared {
        return (Mood::Scatter, SCATTER_TICKS[0] + senses.whim % SCATTER_TICKS[1]);
    }
    let left = ticks.saturating_sub(1);
    match mood {
        _ if left > 0 => (mood, left),
        Mood::Hunt if senses.ship > senses.sight * HOLD => (Mood::Wander, WANDER_TICKS),
        Mood::Hunt => (Mood::Hunt, 0),
        Mood::Wander if senses.ship < senses.sight => (Mood::Hunt, HUNT_TICKS),
        Mood::Wander => (Mood::Wander, 0),
        Mood::Scatter => (Mood::Wander, WANDER_TICKS / 2 + senses.whim % WANDER_TICKS),
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
            (Mood::Wander, 0, CALM, (Mood::Wander, 0)),
            (Mood::Wander, 0, near, (Mood::Hunt, HUNT_TICKS)),
            (Mood::Wander, 9, near, (Mood::Wander, 8)),
            (Mood::Hunt, 0, near, (Mood::Hunt, 0)),
            (Mood::Hunt, 0, held, (Mood::Hunt, 0)),
            (Mood::Hunt, 0, CALM, (Mood::Wander, WANDER_TICKS)),
            (Mood::Hunt, 5, CALM, (Mood::Hunt, 4)),
            (Mood::Hunt, 50, scared, (Mood::Scatter, SCATTER_TICKS[0])),
            (Mood::Scatter, 1, near, (Mood::Wander, WANDER_TICKS / 2)),
            (Mood::Scatter, 2, near, (Mood::Scatter, 1)),
        ] {
            assert_eq!(next(mood, ticks, senses), expected, "{mood:?} {ticks} {senses:?}");
        }
    }

    #[test]
    fn without_a_ship_everybody_ends_up_wandering() {
        for mood in Mood::ALL {
            let (last, _) = (0..200).fold((mood, 60), |(mood, ticks), _| next(mood, ticks, CALM));
            assert_eq!(last, Mood::Wander);
        }
    }
}
