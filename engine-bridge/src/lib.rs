//! Plugins meet an engine: their systems run over bevy_ecs columns, their commands are checked and applied.
//!
//! ```no_run
//! # use bevy_ecs::prelude::World;
//! # use engine_bridge::bevy;
//! # use plugin_host::{FrameInfo, Host};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut world = World::new();
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
