//! The swarm: decides each enemy's mood and where it flies.
//!
//! Once a tick, before physics, it sorts all enemies into a grid in the frame arena, updates moods, and writes the wanted velocity of each.
//! It knows the ship's position and the wave's number, but nothing else of waves, lives or points.
//!
//! # Invariants
//! 1. A tick costs time linear in the number of enemies: the neighbours of each are bounded by the grid's cap and by a reach that shrinks
//!    as the number grows.
//! 2. It sends at most [`CHATTER_MAX`] messages a tick.

mod flight;
mod grid;
mod mood;

use core::f32::consts::PI;

use game_types::topics::{AiChatter, Contacts, GameEvents};
use game_types::{
    BodyKind, Chatter, Contact, Enemy, EventKind, GameEvent, GameState, HALF_HEIGHT, HALF_WIDTH, Phase, Position, Ship,
    Tuning, Velocity,
};
use plugin_sdk::prelude::*;

use crate::flight::{Flock, Manners, Urges};
use crate::grid::{Agent, Extent, Grid};
use crate::mood::Senses;

/// See invariant 2.
const CHATTER_MAX: usize = 64;
/// Average number of enemies within reach above which the reach shrinks.
const NEIGHBOURS_MEAN: f32 = 10.0;
/// Shortest reach, in units.
const REACH_MIN: f32 = 6.0;
/// Maximum number of scares heard in one tick.
const SCARES_MAX: usize = 24;
/// Distance at which a bullet's hit and the ship's scare, in units.
const HIT_SCARE: f32 = 70.0;
const CRASH_SCARE: f32 = 260.0;
/// Ticks for which a new wave sees farther, and by how much.
const ALARM_TICKS: u32 = 300;
const ALARM_SIGHT: f32 = 1.6;
/// Ticks in which a wave's stragglers grow impatient and finally see twice as far.
const PATIENCE_TICKS: u32 = 1_200;
/// Distance that hunters keep from each other around the ship: relative to their distance from it, and its limit in units.
const SURROUND: f32 = 0.4;
const SURROUND_MAX: f32 = 90.0;
/// Progress of the weaving's phase per tick, in radians.
const WEAVE_PER_TICK: f32 = 0.11;

type Enemies<'call> = Query<'call, (EntityId, &'static Position, &'static mut Velocity, &'static mut Enemy)>;

/// Something that enemies flee from.
#[derive(Clone, Copy, Debug)]
struct Scare {
    x: f32,
    y: f32,
    radius: f32,
}

#[derive(Debug, Default, PluginState)]
struct Swarm {
    /// Ticks for which the swarm sees farther, in `0 ..= ALARM_TICKS`.
    alarm: u32,
    /// Ticks since the wave began, in `0 ..= PATIENCE_TICKS`.
    wave_age: u32,
    /// Filled by subscriptions and emptied by the system of the same frame.
    #[serde(skip)]
    scares: Vec<Scare>,
}

/// Data that all enemies share in a tick.
struct Scene {
    ship: Option<Position>,
    tuning: Tuning,
    wave: u32,
    /// In units.
    sight: f32,
    /// Factor of all speeds, in `0.0 ..= 1.0`.
    pace: f32,
    tick: u64,
}

#[plugin]
impl Swarm {
    #[subscribe(Contacts)]
    fn feel(&mut self, contact: &Contact) {
        if contact.striker_kind == BodyKind::Bullet {
            self.scare(contact.x, contact.y, HIT_SCARE);
        }
    }

    #[subscribe(GameEvents)]
    fn learn(&mut self, event: &GameEvent) {
        match event.kind {
            EventKind::Wave => (self.alarm, self.wave_age) = (ALARM_TICKS, 0),
            EventKind::GameOver => self.alarm = 0,
            EventKind::ShipHit => self.scare(event.x, event.y, CRASH_SCARE),
            _ => {}
        }
    }

    #[system(stage = Update)]
    fn steer(
        &mut self,
        frame: &Frame,
        mut enemies: Enemies,
        ships: Query<&Position, With<Ship>>,
        world: Query<(&Tuning, &GameState)>,
        mut chatter: Publisher<AiChatter>,
    ) {
        if let Some((&tuning, game)) = world.single()
            && game.phase != Phase::Paused
        {
            let ship = ships.single().copied();
            let (sight, pace) = (self.sight(&tuning), pace(&tuning, enemies.len()));
            let scene = Scene { ship, tuning, wave: game.wave, sight, pace, tick: frame.tick() };
            if self.fly(frame, &scene, &mut enemies, &mut chatter).is_err() {
                frame.log(Level::WARN, format_args!("the frame arena is full: the swarm flies straight on"));
            }
            self.alarm = self.alarm.saturating_sub(1);
            self.wave_age = (self.wave_age + 1).min(PATIENCE_TICKS);
        }
        self.scares.clear();
    }

    fn scare(&mut self, x: f32, y: f32, radius: f32) {
        if self.scares.len() < SCARES_MAX {
            self.scares.push(Scare { x, y, radius });
        }
    }

    fn sight(&self, tuning: &Tuning) -> f32 {
        let alarm = if self.alarm > 0 { ALARM_SIGHT } else { 1.0 };
        // With `--agents` a wave never ends.
        let age = if tuning.agents > 0 { 0 } else { self.wave_age };
        tuning.sight_radius * alarm.max(1.0 + age as f32 / PATIENCE_TICKS as f32)
    }

    fn fly(
        &self,
        frame: &Frame,
        scene: &Scene,
        enemies: &mut Enemies,
        chatter: &mut Publisher<AiChatter>,
    ) -> Result<(), ArenaFull> {
        let arena = frame.arena();
        let mut agents = arena.vec::<Agent>(enemies.len())?;
        for (index, (_, place, velocity, _)) in (0..).zip(enemies.iter_mut()) {
            agents.push(Agent { x: place.x, y: place.y, heading: flight::unit([velocity.x, velocity.y]), index })?;
        }
        let extent = Extent::new(reach(&scene.tuning, agents.len()));
        let (starts, sorted) = (arena.slice(extent.cells() + 1, 0)?, arena.slice(agents.len(), Agent::default())?);
        let grid = Grid::build(extent, &agents, starts, sorted);
        let flocks = arena.slice(agents.len(), Flock::default())?;
        for agent in grid.agents() {
            flocks[agent.index as usize] = Flock::around(&grid, agent);
        }
        let flights = arena.slice(agents.len(), [0.0; 2])?;
        for &Scare { x, y, radius } in &self.scares {
            grid.within(x, y, radius, |agent| {
                flights[agent.index as usize] = flight::unit([agent.x - x, agent.y - y]);
            });
        }
        let mut said = 0;
        for (agent, row) in agents.iter().zip(enemies.iter_mut()) {
            let index = agent.index as usize;
            let changed = scene.steer(frame, agent, flocks[index], flights[index], row);
            if let Some(message) = changed
                && said < CHATTER_MAX
            {
                said += 1;
                // A full lane loses only chatter; the host counts it.
                let _ = chatter.send(&message);
            }
        }
        Ok(())
    }
}

impl Scene {
    /// Writes one enemy's velocity and mood; returns its message if its mood changes.
    fn steer(
        &self,
        frame: &Frame<'_>,
        agent: &Agent,
        flock: Flock,
        flee: [f32; 2],
        (id, _, mut velocity, mut enemy): (EntityId, &Position, Mut<'_, Velocity>, Mut<'_, Enemy>),
    ) -> Option<Chatter> {
        let mut random = frame.random(id);
        let whim = random.range(-1.0, 1.0);
        let (prey, ship) = self.prey(agent, id);
        let senses = Senses { ship, sight: self.sight, scared: flee != [0.0; 2], whim: random.bits() };
        let (mood, ticks) = mood::next(enemy.mood, enemy.mood_ticks, senses);
        let changed = mood != enemy.mood;
        if changed || ticks != enemy.mood_ticks {
            (enemy.mood, enemy.mood_ticks) = (mood, ticks);
        }
        let manners = Manners::of(enemy.variant);
        let phase = (self.tick % 4_096) as f32 * WEAVE_PER_TICK + own_angle(id);
        let [x, y] = flight::direction(manners, agent, &Urges { flock, mood, prey, flee, whim, phase });
        let speed = manners.speed(self.tuning.enemy_speed, self.wave, mood) * self.pace;
        *velocity = Velocity { x: x * speed, y: y * speed };
        changed.then_some(Chatter { enemy: id, mood, reserved: 0, x: agent.x, y: agent.y })
    }

    /// Vector from an enemy to the point that it hunts, its own place around the ship; and the ship's distance.
    fn prey(&self, agent: &Agent, id: EntityId) -> ([f32; 2], f32) {
        let Some(ship) = self.ship else { return ([0.0; 2], f32::INFINITY) };
        let [x, y] = [ship.x - agent.x, ship.y - agent.y];
        let distance = x.hypot(y);
        if distance > 2.0 * self.sight {
            return ([x, y], distance);
        }
        let aside = (distance * SURROUND).min(SURROUND_MAX);
        let (sin, cos) = own_angle(id).sin_cos();
        ([x + cos * aside, y + sin * aside], distance)
    }
}

/// Distance at which enemies see each other if there are `count` of them; it shrinks with their number (invariant 1).
fn reach(tuning: &Tuning, count: usize) -> f32 {
    let area = 4.0 * HALF_WIDTH * HALF_HEIGHT;
    let crowded = (area * NEIGHBOURS_MEAN / (PI * count.max(1) as f32)).sqrt();
    let wanted = if tuning.flock_radius.is_finite() { tuning.flock_radius } else { REACH_MIN };
    wanted.min(crowded).clamp(REACH_MIN, HALF_HEIGHT)
}

/// Their speed relative to that of a few: a crowd of small ones at full speed would pass through each other.
fn pace(tuning: &Tuning, count: usize) -> f32 {
    (reach(tuning, count) / reach(tuning, 1)).sqrt()
}

/// An angle that stays the same for an enemy's life; neighbouring ids get very different angles.
fn own_angle(id: EntityId) -> f32 {
    let turned = (id.0 as u32).wrapping_mul(0x9e37_79b9);
    (turned >> 8) as f32 * (2.0 * PI / 16_777_216.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reach_shrinks_as_enemies_get_more() {
        let tuning = Tuning { flock_radius: 56.0, ..Tuning::default() };
        assert_eq!(reach(&tuning, 20), 56.0);
        let neighbours =
            |count: usize| count as f32 * PI * reach(&tuning, count).powi(2) / (4.0 * HALF_WIDTH * HALF_HEIGHT);
        for count in [1_000, 4_000, 16_000] {
            assert!(neighbours(count) <= NEIGHBOURS_MEAN * 1.01, "{count}");
        }
        assert_eq!(reach(&Tuning { flock_radius: f32::NAN, ..tuning }, 20), REACH_MIN);
    }

    #[test]
    fn sight_is_far_after_an_alarm_and_late_in_a_wave() {
        let tuning = Tuning { sight_radius: 100.0, ..Tuning::default() };
        let sight =
            |alarm, wave_age, agents| Swarm { alarm, wave_age, ..Swarm::default() }.sight(&Tuning { agents, ..tuning });
        assert_eq!(sight(0, 0, 0), 100.0);
        assert_eq!(sight(1, 0, 0), 100.0 * ALARM_SIGHT);
        assert_eq!(sight(0, PATIENCE_TICKS, 0), 200.0);
        assert_eq!(sight(0, PATIENCE_TICKS, 500), 100.0);
    }

    #[test]
    fn a_wave_flies_at_full_pace_and_a_crowd_slower() {
        let tuning = Tuning { flock_radius: 56.0, ..Tuning::default() };
        assert_eq!(pace(&tuning, 240), 1.0);
        assert!((0.4..0.6).contains(&pace(&tuning, 16_000)));
    }

    #[test]
    fn scares_are_bounded() {
        let mut swarm = Swarm::default();
        (0..1_000).for_each(|_| swarm.scare(0.0, 0.0, 1.0));
        assert_eq!(swarm.scares.len(), SCARES_MAX);
    }
}
