//! The direction in which an enemy wants to fly: a pure sum of urges from its flock, the walls and the ship.

use game_types::{HALF_HEIGHT, HALF_WIDTH, Mood, Variant};

use crate::grid::{Agent, Grid};

/// The part of its reach within which an enemy keeps its distance.
const PERSONAL: f32 = 0.42;
/// Distance from a wall at which it turns away, in units.
const WALL_MARGIN: f32 = 60.0;
/// Strongest urge away from a wall.
const WALL_URGE: f32 = 2.5;
/// Speed of a hunting and of a fleeing enemy, relative to its usual speed.
const HUNT_SPEED: f32 = 1.35;
const SCATTER_SPEED: f32 = 1.7;
/// Increase of all speeds per wave, and its limit over all waves.
const WAVE_SPEED: f32 = 0.06;
const WAVE_SPEED_MAX: f32 = 0.9;

/// How a variant flies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manners {
    /// Speed relative to the tuning's.
    speed: f32,
    /// Weight of the present heading: a high one makes it sluggish.
    inertia: f32,
    separation: f32,
    alignment: f32,
    cohesion: f32,
    /// Urge toward the ship when hunting.
    hunger: f32,
    /// Weight of the random urge to one side.
    whim: f32,
    /// Weight of the regular swing from side to side.
    weave: f32,
}

/// By variant.
const MANNERS: [Manners; Variant::COUNT] = [
    Manners {
        speed: 1.0,
        inertia: 2.0,
        separation: 1.6,
        alignment: 0.9,
        cohesion: 0.7,
        hunger: 1.3,
        whim: 0.5,
        weave: 0.0,
    },
    Manners {
        speed: 0.95,
        inertia: 1.6,
        separation: 1.5,
        alignment: 0.5,
        cohesion: 0.6,
        hunger: 1.1,
        whim: 0.3,
        weave: 1.3,
    },
    Manners {
        speed: 0.66,
        inertia: 4.0,
        separation: 2.0,
        alignment: 0.3,
        cohesion: 0.2,
        hunger: 2.0,
        whim: 0.3,
        weave: 0.0,
    },
];

impl Manners {
    /// The manners of `variant`.
    pub(crate) fn of(variant: Variant) -> &'static Self {
        &MANNERS[variant as usize]
    }

    /// Speed in units per second, from the tuning's `base` and the `wave`.
    pub(crate) fn speed(&self, base: f32, wave: u32, mood: Mood) -> f32 {
        let hurry = 1.0 + (WAVE_SPEED * wave.saturating_sub(1) as f32).min(WAVE_SPEED_MAX);
        let excitement = match mood {
            Mood::Hunt => HUNT_SPEED,
            Mood::Scatter => SCATTER_SPEED,
            Mood::Wander => 1.0,
        };
        base * self.speed * hurry * excitement
    }
}

/// Urges that one enemy's neighbours cause.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Flock {
    /// Away from neighbours that are too close.
    pub(crate) separation: [f32; 2],
    /// Mean heading minus its own.
    pub(crate) alignment: [f32; 2],
    /// Toward the neighbours' middle, relative to the reach.
    pub(crate) cohesion: [f32; 2],
}

impl Flock {
    /// The urges of the neighbours around `agent`.
    pub(crate) fn around(grid: &Grid<'_>, agent: &Agent) -> Self {
        let personal = grid.reach() * PERSONAL;
        let (mut push, mut heading, mut middle, mut count) = ([0.0; 2], [0.0; 2], [0.0; 2], 0.0_f32);
        grid.neighbours(agent, |other, squared| {
            let offset = [other.x - agent.x, other.y - agent.y];
            heading = sum(heading, other.heading);
            middle = sum(middle, offset);
            count += 1.0;
            if squared < personal * personal && squared > 0.0 {
                let distance = squared.sqrt();
                push = sum(push, scaled(offset, (1.0 / personal) - 1.0 / distance));
            }
        });
        if count == 0.0 {
            return Self::default();
        }
        let mean = scaled(heading, 1.0 / count);
        Self {
            separation: push,
            alignment: sum(mean, scaled(agent.heading, -1.0)),
            cohesion: scaled(middle, 1.0 / (count * grid.reach())),
        }
    }
}

/// All inputs of an enemy's flight in one tick.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Urges {
    pub(crate) flock: Flock,
    pub(crate) mood: Mood,
    /// From the enemy to the point that it hunts, if it may hunt.
    pub(crate) prey: [f32; 2],
    /// Away from what scares it; length 0 or 1.
    pub(crate) flee: [f32; 2],
    /// Random, in `-1.0 ..= 1.0`.
    pub(crate) whim: f32,
    /// Phase of the weaving, in radians.
    pub(crate) phase: f32,
}

/// The direction in which `agent` wants to fly; length 1.
pub(crate) fn direction(manners: &Manners, agent: &Agent, urges: &Urges) -> [f32; 2] {
    let flock = &urges.flock;
    let hunts = urges.mood == Mood::Hunt;
    let together = if urges.mood == Mood::Wander { 1.0 } else { 0.35 };
    let mut wish = scaled(agent.heading, manners.inertia);
    wish = sum(wish, scaled(flock.separation, manners.separation));
    wish = sum(wish, scaled(flock.alignment, manners.alignment * together));
    wish = sum(wish, scaled(flock.cohesion, manners.cohesion * together));
    wish = sum(wish, wall_urge(agent.x, agent.y));
    wish = sum(wish, scaled(urges.flee, 6.0));
    if hunts {
        wish = sum(wish, scaled(unit(urges.prey), manners.hunger));
    }
    let swing = if manners.weave == 0.0 { 0.0 } else { manners.weave * urges.phase.sin() };
    let aside = manners.whim * urges.whim + swing;
    wish = sum(wish, [-agent.heading[1] * aside, agent.heading[0] * aside]);
    let wanted = unit(wish);
    if wanted == [0.0; 2] { unit([-agent.x, -agent.y]) } else { wanted }
}

fn wall_urge(x: f32, y: f32) -> [f32; 2] {
    let axis = |at: f32, half: f32| {
        let inside = half - at.abs();
        -at.signum() * (1.0 - inside / WALL_MARGIN).clamp(0.0, 1.0) * WALL_URGE
    };
    [axis(x, HALF_WIDTH), axis(y, HALF_HEIGHT)]
}

/// `vector` scaled to length 1; 0 if it has no direction.
pub(crate) fn unit([x, y]: [f32; 2]) -> [f32; 2] {
    let squared = x * x + y * y;
    if squared > 1e-12 && squared.is_finite() { scaled([x, y], 1.0 / squared.sqrt()) } else { [0.0; 2] }
}

fn sum(a: [f32; 2], b: [f32; 2]) -> [f32; 2] {
    [a[0] + b[0], a[1] + b[1]]
}

fn scaled(vector: [f32; 2], factor: f32) -> [f32; 2] {
    vector.map(|part| part * factor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Extent;

    const CALM: Urges = Urges {
        flock: Flock { separation: [0.0; 2], alignment: [0.0; 2], cohesion: [0.0; 2] },
        mood: Mood::Wander,
        prey: [0.0; 2],
        flee: [0.0; 2],
        whim: 0.0,
        phase: 0.0,
    };

    fn agent(x: f32, y: f32, index: u32) -> Agent {
        Agent { x, y, heading: [1.0, 0.0], index }
    }

    fn flock_of_first(agents: &[Agent]) -> Flock {
        let extent = Extent::new(50.0);
        let (mut starts, mut sorted) = (vec![0; extent.cells() + 1], vec![Agent::default(); agents.len()]);
        Flock::around(&Grid::build(extent, agents, &mut starts, &mut sorted), &agents[0])
    }

    #[test]
    fn a_close_neighbour_pushes_and_a_far_one_pulls() {
        let close = flock_of_first(&[agent(0.0, 0.0, 0), agent(5.0, 0.0, 1)]);
        assert!(close.separation[0] < -0.5, "{close:?}");
        let far = flock_of_first(&[agent(0.0, 0.0, 0), agent(40.0, 0.0, 1)]);
        assert_eq!(far.separation, [0.0; 2]);
        assert!(far.cohesion[0] > 0.5);
        assert_eq!(flock_of_first(&[agent(0.0, 0.0, 0), agent(90.0, 0.0, 1)]), Flock::default());
    }

    #[test]
    fn two_on_the_same_spot_do_no_harm() {
        let flock = flock_of_first(&[agent(3.0, 3.0, 0), agent(3.0, 3.0, 1)]);
        assert!(flock.separation.iter().all(|part| part.is_finite()));
    }

    #[test]
    fn undisturbed_it_flies_on_and_at_a_wall_it_turns() {
        let manners = Manners::of(Variant::Dart);
        assert_eq!(direction(manners, &agent(0.0, 0.0, 0), &CALM), [1.0, 0.0]);
        let at_wall = direction(manners, &agent(HALF_WIDTH, 10.0, 0), &CALM);
        assert!(at_wall[0] < 0.0);
    }

    #[test]
    fn hunters_turn_to_the_ship_and_the_scared_away() {
        let hunting = Urges { mood: Mood::Hunt, prey: [0.0, 100.0], ..CALM };
        let fleeing = Urges { mood: Mood::Scatter, flee: [0.0, -1.0], ..CALM };
        for variant in Variant::ALL {
            let manners = Manners::of(variant);
            assert!(direction(manners, &agent(0.0, 0.0, 0), &hunting)[1] > 0.3);
            assert!(direction(manners, &agent(0.0, 0.0, 0), &fleeing)[1] < -0.5);
        }
    }

    #[test]
    fn speed_grows_with_waves_up_to_a_limit() {
        let manners = Manners::of(Variant::Dart);
        assert_eq!(manners.speed(100.0, 1, Mood::Wander), 100.0);
        assert!(manners.speed(100.0, 5, Mood::Wander) > 110.0);
        assert!(manners.speed(100.0, u32::MAX, Mood::Wander) <= 190.1);
    }
}
