//! bevy_ecs: plugin systems run as bevy systems over plain components in bevy's columns.
//!
//! # One frame
//! ```text
//! frame_edge   commits the handovers of the last frame; first loads, removals
//! run_frame    delivers messages, then for each stage: systems → commands → begin handovers of plugins whose last stage it was
//! end_frame    drops replaced instances and the frame's memory
//! ```
//! Nothing calls a plugin between its last stage and the next [`frame_edge`]: meanwhile a separate thread saves its state and creates the
//! next instance. Two [`run_frame`] calls without an edge between them are allowed, but then the whole swap runs at the edge.
//!
//! # Invariants
//! 1. A component that plugins see is plain data in table storage without a drop function, registered under a stable name with its
//!    schema hash.
//! 2. The host owns the systems. They call through a [`Slot`](plugin_host::Slot), whichever generation is in it.
//! 3. [`order`] alone orders conflicting systems: stage, declared order, plugin name, position in the source.
//! 4. Commands are applied in the same order, whichever executor runs the systems.

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
