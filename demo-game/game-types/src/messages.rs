//! Messages between the plugins.

use plugin_sdk::prelude::*;

use crate::{BodyKind, Mood, Variant};

/// Two bodies began to touch; pairs of enemies are not reported.
#[derive(Clone, Copy, Debug, PartialEq, Message)]
#[repr(C)]
pub struct Contact {
    /// The ship or bullet.
    pub striker: EntityId,
    /// The enemy.
    pub enemy: EntityId,
    /// Position, in units.
    pub x: f32,
    /// Position, in units.
    pub y: f32,
    /// Closing speed, in units per second.
    pub speed: f32,
    /// The striker's [`Body::kind`](crate::Body::kind).
    pub striker_kind: BodyKind,
}

/// A decision of the rules.
#[derive(Clone, Copy, Debug, PartialEq, Message)]
#[repr(C)]
pub struct GameEvent {
    /// Kind of the event.
    pub kind: EventKind,
    /// The number that belongs to the kind: points of a kill, number of a wave, lives left.
    pub value: u32,
    /// Position, in units.
    pub x: f32,
    /// Position, in units.
    pub y: f32,
    /// The [`Enemy::variant`](crate::Enemy::variant) that died, for a kill; otherwise the default.
    pub variant: Variant,
    /// Zero.
    pub reserved: u32,
}

/// Kind of a [`GameEvent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Plain)]
#[repr(u32)]
pub enum EventKind {
    /// An enemy died.
    Kill = 1,
    /// The ship lost a life.
    ShipHit,
    /// A wave began.
    Wave,
    /// Out of lives.
    GameOver,
    /// A game began.
    Start,
    /// A life was won.
    Life,
}

/// An enemy's message to the other enemies and all other subscribers.
#[derive(Clone, Copy, Debug, PartialEq, Message)]
#[repr(C)]
pub struct Chatter {
    /// The sender.
    pub enemy: EntityId,
    /// Its new [`Enemy::mood`](crate::Enemy::mood).
    pub mood: Mood,
    /// Zero.
    pub reserved: u32,
    /// Position, in units.
    pub x: f32,
    /// Position, in units.
    pub y: f32,
}
