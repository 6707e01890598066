//! Plugins meet an engine: their systems run over bevy_ecs columns, their commands are checked and applied.
//!
//! A game depends on `bevy_ecs` 0.20, `engine-bridge`, `plugin-host`, `shm-bus`, `tracing-subscriber` (without a subscriber nobody sees the
//! log) and a crate of its own with the types that it shares with its plugins, which depends on `plugin-sdk`:
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
//! ComponentRegistry::bind::<Position>(&mut world)?;                    // plugins' Position is this world's Col<Position>
//! world.spawn(Col(Position { x: 0.0, y: 0.0 }));
//! std::fs::create_dir_all("plugins")?;                                 // the folder must exist
//! let host = Host::start("plugins".as_ref(), shm_bus::Bus::open("my-game")?)?;
//! bevy::install(&mut world, host);
//! bevy::load_present(&mut world)?;
//! for tick in 0.. {
//!     bevy::frame_edge(&mut world);                                    // swaps in what was made beside the last frame
//!     bevy::run_frame(&mut world, FrameInfo { tick, seed: 1, delta_seconds: 1.0 / 60.0 });
//!     // draw
//!     bevy::end_frame(&mut world);
//! }
//! # Ok(())
//! # }
//! ```
//! Plugins never link bevy; the ECS world holds no pointer into an image. Knows nothing of any game.

pub mod bevy;
