//! Messages between the plugins.

use plugin_sdk::prelude::*;

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
    pub striker_kind: u32,
}

/// A decision of the rules.
#[derive(Clone, Copy, Debug, PartialEq, Message)]
#[repr(C)]
pub struct GameEvent {
    /// One of the constants below.
    pub kind: u32,
    /// The number that belongs to the kind: points of a kill, number of a wave, lives left.
    pub value: u32,
    /// Position, in units.
    pub x: f32,
    /// Position, in units.
    pub y: f32,
    /// The [`Enemy::variant`](crate::Enemy::variant) that died or struck; otherwise 0.
    pub variant: u32,
    /// Zero.
    pub reserved: u32,
}

impl GameEvent {
    /// An enemy died.
    pub const KILL: u32 = 1;
    /// The ship lost a life.
    pub const SHIP_HIT: u32 = 2;
    /// A wave began.
    pub const WAVE: u32 = 3;
    /// Out of lives.
    pub const GAME_OVER: u32 = 4;
    /// A game began.
    pub const START: u32 = 5;
    /// A life was won.
    pub const LIFE: u32 = 6;
}

/// An enemy's message to the other enemies and all other subscribers.
#[derive(Clone, Copy, Debug, PartialEq, Message)]
#[repr(C)]
pub struct Chatter {
    /// The sender.
    pub enemy: EntityId,
    /// Its new [`Enemy::mood`](crate::Enemy::mood).
    pub mood: u32,
    /// Zero.
    pub reserved: u32,
    /// Position, in units.
    pub x: f32,
    /// Position, in units.
    pub y: f32,
}
