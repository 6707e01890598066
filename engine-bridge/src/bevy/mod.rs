//! bevy_ecs: plugin systems as its systems, plain components as its columns.
//!
//! # One frame
//! [`frame_edge`] → [`run_frame`] (messages delivered, then each stage followed by its commands) → [`end_frame`].
//!
//! # Invariants
//! 1. A component that plugins see is plain data in table storage, registered under a stable name with its schema hash, without a
//!    drop function.
//! 2. Systems are the host's: they call through a [`Slot`](plugin_host::Slot), whatever generation is in it.
//! 3. Systems that conflict have one order, that of [`order`]: stage, declared order, plugin name, position in its source.
//! 4. Commands are applied in that order too, whatever the executor did.

mod col;
mod columns;
mod commands;
mod engine;
mod frame;
mod hash;
mod order;
mod registry;
mod stages;

pub use col::Col;
pub use columns::PluginColumns;
pub use commands::CommandStats;
pub use engine::PrepareError;
pub use frame::{CurrentFrame, PluginHost, end_frame, frame_edge, install, load_present, run_frame};
pub use hash::{HashError, world_hash};
pub use order::OrderError;
pub use registry::{ComponentRegistry, RegisterError};
