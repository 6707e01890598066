//! Sparks and embers: cosmetic, but part of the state, so that a swap doesn't change the picture.
//!
//! # Invariant
//! 1. There are at most [`PARTICLES_MAX`]; further ones are not created.

use core::f32::consts::TAU;

use game_types::{Color, DrawCommand, Shape, palette};
use plugin_sdk::prelude::*;
use plugin_sdk::serde::{Deserialize, Serialize};

/// See invariant 1.
pub(crate) const PARTICLES_MAX: usize = 640;
/// Length of a spark, in seconds of its flight.
const STREAK_SECONDS: f32 = 0.035;

/// One spark or ember.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk::serde", default)]
struct Particle {
    x: f32,
    y: f32,
    /// Units per second.
    vx: f32,
    vy: f32,
    /// Ticks left, in `1 ..= span`.
    life: u16,
    /// Total ticks.
    span: u16,
    /// Width of a spark, diameter of an ember, in units.
    size: f32,
    color: Color,
    /// 1 for a streak, 0 for a dot.
    streak: u8,
}

/// Particles that leave a point together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Burst {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) count: u32,
    /// Direction in radians, and the deviation from it; `TAU / 2.0` means all directions.
    pub(crate) angle: f32,
    pub(crate) spread: f32,
    /// Maximum speed, in units per second.
    pub(crate) speed: f32,
    /// Maximum lifetime, in ticks.
    pub(crate) life: u16,
    pub(crate) size: f32,
    pub(crate) color: Color,
    pub(crate) streak: bool,
}

impl Burst {
    /// All directions.
    pub(crate) const ROUND: f32 = TAU / 2.0;
}

/// All particles.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk::serde", default)]
pub(crate) struct Particles {
    list: Vec<Particle>,
}

impl Particles {
    pub(crate) fn burst(&mut self, burst: &Burst, random: &mut Random) {
        for _ in 0..self.room(burst.count) {
            let (sin, cos) = (burst.angle + burst.spread * random.range(-1.0, 1.0)).sin_cos();
            let speed = burst.speed * random.range(0.25, 1.0);
            let span = (f32::from(burst.life) * random.range(0.4, 1.0)).max(1.0) as u16;
            self.list.push(Particle {
                x: burst.x,
                y: burst.y,
                vx: cos * speed,
                vy: sin * speed,
                life: span,
                span,
                size: burst.size,
                color: burst.color,
                streak: u8::from(burst.streak),
            });
        }
    }

    /// How many of `count` may be created (invariant 1).
    fn room(&self, count: u32) -> u32 {
        count.min(PARTICLES_MAX.saturating_sub(self.list.len()) as u32)
    }

    /// Moves all by a tick of `dt` seconds and removes expired ones.
    pub(crate) fn tick(&mut self, dt: f32) {
        self.list.retain_mut(|particle| {
            particle.x += particle.vx * dt;
            particle.y += particle.vy * dt;
            particle.vx *= 0.95;
            particle.vy *= 0.95;
            particle.life = particle.life.saturating_sub(1);
            particle.life > 0
        });
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    pub(crate) fn commands(&self) -> impl Iterator<Item = DrawCommand> {
        self.list.iter().map(Particle::command)
    }
}

impl Particle {
    fn command(&self) -> DrawCommand {
        let left = f32::from(self.life) / f32::from(self.span.max(1));
        let color = palette::faded(self.color, left);
        if self.streak == 0 {
            return DrawCommand::sprite(Shape::Particle, self.x, self.y, self.size * (0.5 + left), 0.0, color);
        }
        let tail = [self.x - self.vx * STREAK_SECONDS, self.y - self.vy * STREAK_SECONDS];
        DrawCommand::trail(tail, [self.x, self.y], self.size, color)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn particle(life: u16) -> Particle {
        Particle { life, span: life, vx: 60.0, ..Particle::default() }
    }

    #[test]
    fn particles_move_and_go_out() {
        let mut particles = Particles { list: vec![particle(1), particle(3)] };
        particles.tick(1.0 / 60.0);
        assert_eq!(particles.len(), 1);
        assert!((particles.list[0].x - 1.0).abs() < 1e-6);
        particles.tick(1.0 / 60.0);
        particles.tick(1.0 / 60.0);
        assert_eq!(particles.len(), 0);
    }

    #[test]
    fn a_burst_fills_no_more_than_the_limit() {
        let mut particles = Particles { list: vec![particle(9); PARTICLES_MAX - 3] };
        assert_eq!(particles.room(100), 3);
        particles.list.clear();
        assert_eq!(particles.room(100), 100);
    }

    #[test]
    fn they_fade() {
        let mut one = particle(10);
        one.color = palette::GOLD;
        let before = one.command().color[3];
        one.life = 5;
        assert!(one.command().color[3] < before);
    }
}
