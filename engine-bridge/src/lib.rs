//! Runs Hotframe plugins in a bevy_ecs world: their systems work on the world's columns, and their commands are checked and applied.
//!
//! A game depends on `bevy_ecs` 0.20, `engine-bridge`, `plugin-host`, `shm-bus` and `tracing-subscriber` (without a subscriber there is no
//! log). It also depends on a crate of its own with the types that it shares with its plugins; that crate depends on `plugin-sdk`:
//!
//! ```no_run
//! # use bevy_ecs::prelude::World;
//! # use engine_bridge::bevy::{self, Col, ComponentRegistry};
//! # use plugin_host::{FrameInfo, Host};
//! use plugin_sdk::prelude::*;
//!
//! #[derive(Clone, Copy, Component)]                                    // in the shared crate
//! #[repr(C)]
//! struct Position { x: f32, y: f32 }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut world = World::new();
//! ComponentRegistry::bind::<Position>(&mut world)?;                    // plugins' Position and this world's Col<Position> are one column
//! world.spawn(Col(Position { x: 0.0, y: 0.0 }));
//! std::fs::create_dir_all("plugins")?;                                 // the folder must exist
//! let host = Host::start("plugins".as_ref(), shm_bus::Bus::open("my-game")?)?;
//! bevy::install(&mut world, host);
//! bevy::load_present(&mut world)?;
//! for tick in 0.. {
//!     bevy::frame_edge(&mut world);                                    // commits the handovers of the last frame
//!     bevy::run_frame(&mut world, FrameInfo { tick, seed: 1, delta_seconds: 1.0 / 60.0 });
//!     // draw
//!     bevy::end_frame(&mut world);
//! }
//! # Ok(())
//! # }
//! ```
//! Plugins never link bevy, and the ECS world holds no pointer into a plugin's library. This crate knows nothing of any game.

pub mod bevy;

/// The README's example, compiled as a documentation test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
