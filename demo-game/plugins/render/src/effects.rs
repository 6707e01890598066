//! Temporary effects of hits: rings, grid ripples, floating texts, shake and flash. Bounded, kept over a swap.

use game_types::{Color, DrawCommand, palette};
use plugin_sdk::prelude::*;
use plugin_sdk::serde::{Deserialize, Serialize};

use crate::line::Line;

const RINGS_MAX: usize = 40;
const RIPPLES_MAX: usize = 24;
const FLOATERS_MAX: usize = 32;
/// Maximum number of alert marks among the floaters.
const ALERTS_MAX: usize = 12;
/// Factor of shake and flash per tick.
const SHAKE_DECAY: f32 = 0.88;
const FLASH_DECAY: f32 = 0.85;
const SHAKE_MAX: f32 = 22.0;
/// Ticks of a floating text.
const POINTS_TICKS: u32 = 45;
const ALERT_TICKS: u32 = 26;

/// A shockwave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk::serde", default)]
pub(crate) struct Ring {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) radius: f32,
    /// Units that the radius grows in a tick.
    pub(crate) growth: f32,
    /// Ticks left, and total ticks.
    pub(crate) life: u32,
    pub(crate) span: u32,
    pub(crate) color: Color,
}

/// A push of the backdrop's grid; drawn once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk::serde", default)]
pub(crate) struct Ripple {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) radius: f32,
    pub(crate) strength: f32,
}

/// A text that rises: points, or an alert mark when `points` is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk::serde", default)]
struct Floater {
    x: f32,
    y: f32,
    points: u32,
    /// Ticks left.
    life: u32,
}

/// All effects except particles.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk::serde", default)]
pub(crate) struct Effects {
    rings: Vec<Ring>,
    ripples: Vec<Ripple>,
    floaters: Vec<Floater>,
    /// Units, in `0.0 ..= SHAKE_MAX`.
    shake: f32,
    /// Strength, in `0.0 ..= 1.0`.
    flash: f32,
    flash_color: Color,
}

impl Effects {
    pub(crate) fn ring(&mut self, ring: Ring) {
        push_bounded(&mut self.rings, ring, RINGS_MAX);
    }

    pub(crate) fn ripple(&mut self, ripple: Ripple) {
        push_bounded(&mut self.ripples, ripple, RIPPLES_MAX);
    }

    pub(crate) fn points(&mut self, x: f32, y: f32, points: u32) {
        push_bounded(&mut self.floaters, Floater { x, y, points, life: POINTS_TICKS }, FLOATERS_MAX);
    }

    pub(crate) fn alert(&mut self, x: f32, y: f32) {
        if self.floaters.iter().filter(|floater| floater.points == 0).count() < ALERTS_MAX {
            push_bounded(&mut self.floaters, Floater { x, y, points: 0, life: ALERT_TICKS }, FLOATERS_MAX);
        }
    }

    /// Shakes by `units` more.
    pub(crate) fn shake(&mut self, units: f32) {
        self.shake = (self.shake + units).min(SHAKE_MAX);
    }

    pub(crate) fn flash(&mut self, color: Color, strength: f32) {
        if strength >= self.flash {
            (self.flash, self.flash_color) = (strength.min(1.0), color);
        }
    }

    /// Advances by a tick; removes what [`Self::camera`] draws only once.
    pub(crate) fn tick(&mut self) {
        self.ripples.clear();
        self.rings.retain_mut(|ring| {
            ring.radius += ring.growth;
            ring.life = ring.life.saturating_sub(1);
            ring.life > 0
        });
        self.floaters.retain_mut(|floater| {
            floater.y += 0.7;
            floater.life = floater.life.saturating_sub(1);
            floater.life > 0
        });
        self.shake = if self.shake < 0.2 { 0.0 } else { self.shake * SHAKE_DECAY };
        self.flash = if self.flash < 0.02 { 0.0 } else { self.flash * FLASH_DECAY };
    }

    /// The commands that precede all light of a frame.
    pub(crate) fn camera(&self, random: &mut Random) -> impl Iterator<Item = DrawCommand> {
        let mut aside = || random.range(-self.shake, self.shake);
        let shake = (self.shake > 0.0).then(|| DrawCommand::shake(aside(), aside()));
        let flash = (self.flash > 0.0).then(|| DrawCommand::flash(palette::faded(self.flash_color, self.flash)));
        let ripples = self.ripples.iter().map(|ripple| {
            let &Ripple { x, y, radius, strength } = ripple;
            DrawCommand::ripple(x, y, radius, strength)
        });
        shake.into_iter().chain(flash).chain(ripples)
    }

    pub(crate) fn rings(&self) -> impl Iterator<Item = DrawCommand> {
        self.rings.iter().map(|ring| {
            let left = ring.life as f32 / ring.span.max(1) as f32;
            DrawCommand::ring(ring.x, ring.y, ring.radius, 1.5 + 4.0 * left, palette::faded(ring.color, left))
        })
    }

    pub(crate) fn texts(&self) -> impl Iterator<Item = DrawCommand> {
        self.floaters.iter().map(|floater| {
            let &Floater { x, y, points, life } = floater;
            if points == 0 {
                let color = palette::faded(palette::ORANGE, life as f32 / 10.0);
                return DrawCommand::text(x - 6.0, y + 36.0, 22.0, color, "!");
            }
            let line = Line::new(format_args!("+{points}"));
            let color = palette::faded(palette::GOLD, life as f32 / 20.0);
            let left = game_types::text_width(17.0, line.as_str()) / 2.0;
            DrawCommand::text(x - left, y + 20.0, 17.0, color, line.as_str())
        })
    }
}

/// Appends `item`; drops the oldest if `list` is full.
fn push_bounded<T>(list: &mut Vec<T>, item: T, limit: usize) {
    if list.len() >= limit {
        list.remove(0);
    }
    list.push(item);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_is_bounded() {
        let mut effects = Effects::default();
        for number in 0..200 {
            effects.ring(Ring { life: 9, ..Ring::default() });
            effects.ripple(Ripple::default());
            effects.alert(0.0, 0.0);
            effects.points(0.0, 0.0, number + 1);
            effects.shake(5.0);
        }
        assert_eq!((effects.rings.len(), effects.ripples.len()), (RINGS_MAX, RIPPLES_MAX));
        assert!(effects.floaters.len() <= FLOATERS_MAX);
        assert_eq!(effects.shake, SHAKE_MAX);
    }

    #[test]
    fn all_of_it_passes() {
        let mut effects = Effects::default();
        effects.ring(Ring { life: 30, span: 30, ..Ring::default() });
        effects.ripple(Ripple::default());
        effects.points(0.0, 0.0, 10);
        effects.alert(0.0, 0.0);
        effects.shake(20.0);
        effects.flash(palette::RED, 1.0);
        (0..120).for_each(|_| effects.tick());
        assert_eq!(effects, Effects { flash_color: palette::RED, ..Effects::default() });
    }

    #[test]
    fn a_weak_flash_does_not_replace_a_strong_one() {
        let mut effects = Effects::default();
        effects.flash(palette::RED, 0.8);
        effects.flash(palette::GOLD, 0.2);
        assert_eq!((effects.flash, effects.flash_color), (0.8, palette::RED));
    }
}
