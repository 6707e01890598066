//! Points and the combo: pure arithmetic.

use game_types::Variant;
use plugin_sdk::serde::{Deserialize, Serialize};

use crate::rules::{
    COMBO_FALL_TICKS, COMBO_GRACE_TICKS, COMBO_MAX, COMBO_MIN, COMBO_PER_HOT_KILL, COMBO_PER_KILL, HEAT_MAX,
    HEAT_PER_HUNTER, POINTS_PER_KILL, POINTS_PER_LIFE, VARIANT_WORTH,
};

/// State of the combo besides its value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk::serde", default)]
pub(crate) struct Streak {
    /// Ticks for which the swarm counts as hunting, in `0 ..= HEAT_MAX`.
    heat: u32,
    /// Ticks since the last kill.
    idle: u32,
}

impl Streak {
    /// Records that an enemy reported that it hunts.
    pub(crate) fn hear_hunter(&mut self) {
        self.heat = (self.heat + HEAT_PER_HUNTER).min(HEAT_MAX);
    }

    /// The combo after a kill.
    pub(crate) fn kill(&mut self, combo: u32) -> u32 {
        self.idle = 0;
        let hot = if self.heat > 0 { COMBO_PER_HOT_KILL } else { 0 };
        (combo + COMBO_PER_KILL + hot).clamp(COMBO_MIN, COMBO_MAX)
    }

    /// The combo after a tick.
    pub(crate) fn tick(&mut self, combo: u32) -> u32 {
        self.heat = self.heat.saturating_sub(1);
        self.idle = self.idle.saturating_add(1);
        let falls = self.idle > COMBO_GRACE_TICKS && (self.idle - COMBO_GRACE_TICKS).is_multiple_of(COMBO_FALL_TICKS);
        combo.saturating_sub(u32::from(falls)).max(COMBO_MIN)
    }
}

/// Points of a kill at `combo` tenths.
pub(crate) fn points(variant: Variant, combo: u32) -> u32 {
    POINTS_PER_KILL * VARIANT_WORTH[variant as usize] * combo / 10
}

/// Lives won when the score rises from `before` to `after`.
pub(crate) fn lives_won(before: u32, after: u32) -> u32 {
    (after / POINTS_PER_LIFE).saturating_sub(before / POINTS_PER_LIFE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_table() {
        for (variant, combo, expected) in [
            (Variant::Dart, 10, 10),
            (Variant::Dart, 25, 25),
            (Variant::Diamond, 10, 20),
            (Variant::Hexagon, 10, 40),
            (Variant::Hexagon, 99, 396),
        ] {
            assert_eq!(points(variant, combo), expected, "{variant:?}, combo {combo}");
        }
    }

    #[test]
    fn combo_rises_faster_while_the_swarm_hunts() {
        let (mut cold, mut hot) = (Streak::default(), Streak::default());
        hot.hear_hunter();
        assert_eq!(cold.kill(COMBO_MIN), COMBO_MIN + COMBO_PER_KILL);
        assert_eq!(hot.kill(COMBO_MIN), COMBO_MIN + COMBO_PER_KILL + COMBO_PER_HOT_KILL);
    }

    #[test]
    fn combo_stands_for_the_grace_then_falls_to_its_minimum() {
        let mut streak = Streak::default();
        let mut combo = COMBO_MAX;
        for _ in 0..COMBO_GRACE_TICKS {
            combo = streak.tick(combo);
        }
        assert_eq!(combo, COMBO_MAX);
        for _ in 0..COMBO_FALL_TICKS * (COMBO_MAX + 10) {
            combo = streak.tick(combo);
        }
        assert_eq!(combo, COMBO_MIN);
    }

    #[test]
    fn heat_and_combo_are_bounded() {
        let mut streak = Streak::default();
        let mut combo = COMBO_MIN;
        for _ in 0..1_000 {
            streak.hear_hunter();
            combo = streak.kill(combo);
        }
        assert_eq!((streak.heat, combo), (HEAT_MAX, COMBO_MAX));
    }

    #[test]
    fn a_life_for_each_full_step_of_points() {
        assert_eq!(lives_won(0, POINTS_PER_LIFE - 1), 0);
        assert_eq!(lives_won(POINTS_PER_LIFE - 1, POINTS_PER_LIFE), 1);
        assert_eq!(lives_won(10, 3 * POINTS_PER_LIFE), 3);
    }
}
