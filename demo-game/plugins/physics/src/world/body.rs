//! An entity in the simulation: kinds, inputs, and the rapier parts built from them.
//!
//! | kind | rapier body | meets | steering |
//! |---|---|---|---|
//! | ship | dynamic circle | enemies, walls; touches pickups | springy |
//! | enemy | dynamic circle | ship, enemies; touched by bullets | springy, turned back at the arena's edge |
//! | bullet | kinematic sensor, swept | touches enemies | exact |
//! | pickup | kinematic sensor | touches the ship | exact |
//!
//! A bullet's sensor is the capsule from its position to where it will be after one tick, so it can't skip an enemy at any speed and costs
//! the solver nothing.

use rapier2d::prelude::*;
use serde::{Deserialize, Serialize};

/// Half the width and height of the arena, whose middle is at the origin.
pub(super) const HALF: Vector = Vector::new(game_types::HALF_WIDTH, game_types::HALF_HEIGHT);

/// The part of the approach speed that a bounce returns.
pub(super) const RESTITUTION: f32 = 0.5;

/// The part of the difference to its wanted velocity that a ship makes up each tick.
const SHIP_RESPONSE: f32 = 0.25;
/// The same for an enemy: lower, so that shoves are visible.
const ENEMY_RESPONSE: f32 = 0.15;
/// Density of a ship relative to an enemy.
const SHIP_DENSITY: f32 = 4.0;
/// How far ahead a bullet sweeps, in seconds: one tick at 60 Hz.
const SWEEP_SECONDS: f32 = 1.0 / 60.0;

const RADIUS_MIN: f32 = 0.5;
const RADIUS_MAX: f32 = 256.0;
const SPEED_MAX: f32 = 8_000.0;
const COORDINATE_MAX: f32 = 16_384.0;

const SHIP: Group = Group::GROUP_1;
const ENEMY: Group = Group::GROUP_2;
const BULLET: Group = Group::GROUP_3;
const PICKUP: Group = Group::GROUP_4;
const WALL: Group = Group::GROUP_5;

/// Kind of an entity in the simulation. In contacts, the lower of two kinds is `a`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(u8)]
pub(crate) enum BodyKind {
    /// Passes through everything but enemies, and only touches those.
    Bullet = 0,
    /// The player's ship; bounces off enemies and walls.
    Ship = 1,
    /// Jostles other enemies and the ship.
    Enemy = 2,
    /// Waits to be touched by the ship.
    Pickup = 3,
}

/// One living entity, as the game sees it before a tick.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BodyInput {
    /// Stable, and unique among living entities.
    pub(crate) id: u64,
    /// A changed kind creates a new body.
    pub(crate) kind: BodyKind,
    /// In view units.
    pub(crate) radius: f32,
    /// Position of the centre, in view units.
    pub(crate) position: [f32; 2],
    /// Wanted velocity, in view units per second.
    pub(crate) velocity: [f32; 2],
}

/// Position and velocity of a body after a tick.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Motion {
    /// Position of the centre, in view units.
    pub(crate) position: [f32; 2],
    /// In view units per second.
    pub(crate) velocity: [f32; 2],
}

/// Content of a collider's `user_data`: bits 0–63 the id, 64–71 the kind.
#[derive(Clone, Copy)]
pub(super) struct Tag {
    pub(super) id: u64,
    pub(super) kind: BodyKind,
}

impl BodyKind {
    /// Whether its collider reaches along its velocity.
    pub(super) fn is_swept(self) -> bool {
        self == Self::Bullet
    }

    /// Inverse of `as u8`.
    pub(super) fn from_byte(byte: u8) -> Option<Self> {
        [Self::Bullet, Self::Ship, Self::Enemy, Self::Pickup].get(usize::from(byte)).copied()
    }

    fn is_kinematic(self) -> bool {
        matches!(self, Self::Bullet | Self::Pickup)
    }

    fn groups(self) -> InteractionGroups {
        let (own, others) = match self {
            Self::Bullet => (BULLET, ENEMY),
            Self::Ship => (SHIP, ENEMY | PICKUP | WALL),
            Self::Enemy => (ENEMY, SHIP | ENEMY | BULLET),
            Self::Pickup => (PICKUP, SHIP),
        };
        InteractionGroups::new(own, others, InteractionTestMode::And)
    }

    /// Only these kinds request events, so no pair of two enemies ever causes one.
    fn events(self) -> ActiveEvents {
        match self {
            Self::Bullet | Self::Ship => ActiveEvents::COLLISION_EVENTS,
            Self::Enemy | Self::Pickup => ActiveEvents::empty(),
        }
    }
}

impl Tag {
    /// User data of a collider that belongs to no entity.
    pub(super) const WALL: u128 = u128::MAX;

    /// For a collider's `user_data`.
    pub(super) fn pack(self) -> u128 {
        u128::from(self.id) | u128::from(self.kind as u8) << 64
    }

    /// `None` for a wall's.
    pub(super) fn unpack(data: u128) -> Option<Self> {
        let kind = BodyKind::from_byte((data >> 64) as u8)?;
        Some(Self { id: data as u64, kind })
    }
}

impl BodyInput {
    /// The same input with a radius and velocity that rapier can handle; the position is checked where it is used.
    pub(super) fn clamped(self) -> Self {
        let radius = if self.radius.is_finite() { self.radius.clamp(RADIUS_MIN, RADIUS_MAX) } else { RADIUS_MIN };
        let velocity = Vector::from(self.velocity);
        let velocity = if velocity.is_finite() { velocity.clamp_length_max(SPEED_MAX) } else { Vector::ZERO };
        Self { radius, velocity: velocity.into(), ..self }
    }

    /// Whether `position` is a valid position.
    pub(super) fn position_is_known(&self) -> bool {
        Vector::from(self.position).is_finite()
    }

    /// The position, or the arena's middle if it is unknown.
    pub(super) fn position(&self) -> Vector {
        if !self.position_is_known() {
            return Vector::ZERO;
        }
        Vector::from(self.position).clamp(Vector::splat(-COORDINATE_MAX), Vector::splat(COORDINATE_MAX))
    }

    /// The velocity at the start of the tick for a body at `position` whose velocity is `current`.
    pub(super) fn steered(&self, position: Vector, current: Vector) -> Vector {
        let wanted = Vector::from(self.velocity);
        match self.kind {
            BodyKind::Bullet | BodyKind::Pickup => wanted,
            BodyKind::Ship => current + (wanted - current) * SHIP_RESPONSE,
            BodyKind::Enemy => current + (turned_inward(wanted, position, self.radius) - current) * ENEMY_RESPONSE,
        }
    }

    /// A new body with the input's position and velocity.
    pub(super) fn body(&self) -> RigidBodyBuilder {
        let builder = if self.kind.is_kinematic() {
            RigidBodyBuilder::kinematic_velocity_based()
        } else {
            RigidBodyBuilder::dynamic()
        };
        builder.translation(self.position()).linvel(Vector::from(self.velocity)).lock_rotations().can_sleep(false)
    }

    /// A new collider for [`Self::body`].
    pub(super) fn collider(&self) -> ColliderBuilder {
        let density = if self.kind == BodyKind::Ship { SHIP_DENSITY } else { 1.0 };
        ColliderBuilder::new(self.shape())
            .sensor(self.kind.is_kinematic())
            .density(density)
            .friction(0.0)
            .restitution(RESTITUTION)
            .collision_groups(self.kind.groups())
            .active_events(self.kind.events())
            .user_data(Tag { id: self.id, kind: self.kind }.pack())
    }

    /// A circle; for a bullet, the capsule that it sweeps in one tick.
    pub(super) fn shape(&self) -> SharedShape {
        let sweep = Vector::from(self.velocity) * SWEEP_SECONDS;
        if self.kind.is_swept() && sweep != Vector::ZERO {
            SharedShape::capsule(Vector::ZERO, sweep, self.radius)
        } else {
            SharedShape::ball(self.radius)
        }
    }
}

/// The groups of a wall.
pub(super) fn wall_groups() -> InteractionGroups {
    InteractionGroups::new(WALL, SHIP, InteractionTestMode::And)
}

/// `wanted`, mirrored on each axis on which a circle at or past the arena's edge would leave the arena.
fn turned_inward(wanted: Vector, position: Vector, radius: f32) -> Vector {
    let axis = |wanted: f32, at: f32, half: f32| {
        if at < radius - half {
            wanted.abs()
        } else if at > half - radius {
            -wanted.abs()
        } else {
            wanted
        }
    };
    Vector::new(axis(wanted.x, position.x, HALF.x), axis(wanted.y, position.y, HALF.y))
}
