//! Components, messages, topics and interfaces that the demo game and its plugins share: plain data without behaviour.

mod components;
pub mod draw;
mod interfaces;
mod messages;
pub mod topics;

pub use components::{
    Body, BodyKind, Bullet, Enemy, GameState, Input, Mood, Phase, Position, Ship, Tuning, Variant, Velocity,
};
pub use draw::*;
pub use interfaces::{DirectorApi, DirectorClient};
pub use messages::{Chatter, Contact, EventKind, GameEvent};

/// Half the arena's width, in units.
pub const HALF_WIDTH: f32 = 640.0;

/// Half the arena's height, in units.
pub const HALF_HEIGHT: f32 = 360.0;

/// Ticks per second.
pub const TICK_RATE: u32 = 60;

/// The code of the workspace's README and of this crate's, compiled as documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
#[doc = include_str!("../README.md")]
struct Readme;
