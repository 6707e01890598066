//! bevy_ecs: plugin systems as its systems, plain components as its columns.
//!
//! # One frame
//! ```text
//! frame_edge   what was made beside the last frame is swapped in; first loads, removals
//! run_frame    messages delivered, then each stage: systems → commands → handovers of plugins that are done with the frame
//! end_frame    the frame's memory, and what was replaced, is dropped
//! ```
//! From a plugin's last stage to the next [`frame_edge`] nothing calls it: its state is saved, and taken over by the next build, on
//! a thread of its own. Two [`run_frame`] without an edge between them are allowed, and hold the edge for the whole swap.
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
mod resources;
mod stages;

pub use col::Col;
pub use columns::PluginColumns;
pub use commands::CommandStats;
pub use engine::PrepareError;
pub use frame::{end_frame, frame_edge, install, load_present, run_frame};
pub use hash::{WorldHash, world_hash};
pub use order::OrderError;
pub use registry::{ComponentRegistry, RegisterError};
pub use resources::{CurrentFrame, PluginHost};
