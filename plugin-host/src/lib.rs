//! The plugin host: watches a folder, loads the libraries that appear there, and swaps them in between frames.
//!
//! ```text
//! folder ─► watcher ─► loading: copy → inspect → load ─► handover: save → create ─► Host::frame_edge: commit ─► Slot ─► a system's call
//!          (a thread of its own, off the frame)          (a thread, after the       (the engine's thread)
//!                                                         plugin's last stage)
//! ```
//! An engine implements [`Engine`] and calls once a frame, in this order: [`Host::frame_edge`], [`Host::deliver`], its schedule (which
//! calls [`Slot::run`]), [`Host::stage_done`], [`Host::end_frame`]. This crate doesn't depend on bevy.

mod answers;
mod arena;
mod bindings;
mod buffers;
mod call;
mod call_error;
mod calls;
mod causes;
mod context;
mod engine;
pub mod environment;
#[cfg(feature = "prometheus")]
mod exporter;
mod exports_only;
mod fault;
mod faults;
mod handover;
mod host;
pub mod image;
#[cfg(all(test, target_os = "linux"))]
mod inside;
mod instance;
mod lineage;
mod loading;
mod metering;
mod method;
mod name;
mod others;
mod pending;
mod plugins;
mod ports;
mod remote;
mod retired;
mod service_thread;
mod services;
mod slot;
mod stack;
pub mod status;
mod swap;
mod trace;
mod typed;
pub mod watcher;

pub use answers::LIST;
pub use arena::{ARENA_QUOTA_BYTES, ArenaUse, FrameArena};
pub use call_error::CallError;
pub use calls::exit::{EXIT_CODE, ExitGuard, exit_at_once};
pub use causes::with_causes;
pub use engine::{Engine, PluginView};
#[cfg(feature = "prometheus")]
pub use exporter::{ExportError, Exporter};
pub use exports_only::ExportsOnly;
pub use fault::Fault;
pub use host::{CALLS_WAIT, Host, NamedStates, PluginStats, StartError, library_path};
pub use metering::{Figures, record_metrics};
pub use method::Method;
pub use plugins::Plugins;
pub use ports::{PastLane, PortError};
pub use remote::{Remote, RemoteError, RemotePlugin};
pub use services::service_of;
pub use slot::{FrameInfo, Slot, publisher_value};
pub use swap::SwapError;

/// The README's example, compiled as a documentation test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
