//! SDK for Hotframe plugins: components, queries, messages, exports, state and the macros that describe them to the host.
//!
//! A plugin is a cdylib with one state type and one `#[plugin] impl`. Its systems run in the host's schedule on the host's own ECS
//! columns, and its exports are called by name. The host keeps its state when it replaces the library while the game runs.
//!
//! ```
//! use plugin_sdk::prelude::*;
//!
//! #[derive(Clone, Copy, Component)]
//! #[repr(C)]
//! struct Position { x: f32, y: f32 }
//!
//! #[derive(Clone, Copy, Message)]
//! #[repr(C)]
//! struct Lap { number: u32 }
//!
//! topic! { Laps("race/lap"): Lap, priority = Normal, capacity = 4096; }
//!
//! #[derive(Default, PluginState)]
//! struct Race { laps: u32 }
//!
//! #[plugin(name = "race", version = "1.0.0")]
//! impl Race {
//!     #[system(stage = Update)]
//!     fn drive(&mut self, frame: &Frame, mut cars: Query<&mut Position>, mut laps: Publisher<Laps>) {
//!         for mut car in &mut cars {
//!             car.x += 40.0 * frame.dt();
//!             if car.x > 100.0 {
//!                 car.x = 0.0;
//!                 self.laps += 1;
//!                 let _ = laps.send(&Lap { number: self.laps });   // the host counts messages without room
//!             }
//!         }
//!     }
//!
//!     #[subscribe(Laps)]
//!     fn celebrate(&mut self, frame: &Frame, lap: &Lap) {
//!         frame.log(Level::INFO, format_args!("lap {}", lap.number));
//!     }
//! }
//! # fn main() {}
//! ```
//!
//! # Exports
//! A method marked `#[export]` can be called by name: from any thread of the host, at any time, while the plugin is replaced. A plugin
//! needs no system for that.
//!
//! ```
//! use std::fmt;
//!
//! use plugin_sdk::prelude::*;
//! use plugin_sdk::serde::{Deserialize, Serialize};
//!
//! #[derive(Deserialize, Serialize)]
//! #[serde(crate = "plugin_sdk::serde")]
//! struct Score { name: String, points: u32 }
//!
//! #[derive(Default, PluginState)]
//! struct Scores { best: u32, names: Vec<String> }
//!
//! /// An error type whose codes a caller's program can tell apart.
//! struct NotAmongTheBest { best: u32 }
//!
//! impl fmt::Display for NotAmongTheBest {
//!     fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
//!         write!(out, "{} points are needed", self.best)
//!     }
//! }
//!
//! impl ExportError for NotAmongTheBest {
//!     fn code(&self) -> u32 { 1 }
//! }
//!
//! #[plugin(name = "scores", version = "1.0.0")]
//! impl Scores {
//!     /// Enters a score into the list. Doc comments and signatures are part of the plugin's description.
//!     #[export]
//!     fn enter(&mut self, call: &CallContext, score: Score) -> Result<usize, NotAmongTheBest> {
//!         if score.points < self.best {
//!             return Err(NotAmongTheBest { best: self.best });
//!         }
//!         call.log(Level::INFO, format_args!("{} has {} points", score.name, score.points));
//!         self.best = score.points;
//!         self.names.push(score.name);
//!         Ok(self.names.len())
//!     }
//!
//!     #[export]
//!     fn contains(&self, name: &str) -> bool {
//!         self.names.iter().any(|entered| entered == name)
//!     }
//!
//!     #[export(name = "best_from_text")]
//!     fn set_best(&mut self, best: &str) -> Result<()> {
//!         self.best = best.parse()?;   // any error becomes a `CallError` with its text
//!         Ok(())
//!     }
//! }
//! # fn main() {}
//! ```
//!
//! | | |
//! |---|---|
//! | `#[export(name = "…")]` | another name than the method's |
//! | `#[export(internal)]` | the host and plugins may call it, other processes may not |
//! | `#[export(thread)]` | other processes are answered at once, on a thread of the host; otherwise at the next frame edge. With `&self` only |
//! | `&self` | several threads may be in such methods at a time; the state must be `Sync` |
//! | `&mut self` | nothing else of the plugin runs meanwhile, neither a system nor another export |
//! | first argument | [`&CallContext`](CallContext), if it is needed |
//! | other arguments | `&str` and `&[u8]`, borrowed from the call; every other type by value, with serde's `Deserialize` |
//! | returns | nothing, a value with serde's `Serialize`, or a `Result` of these; [`Result<T>`] is `Result<T, CallError>` |
//! | errors | any type with `Display`. Its causes are shown if it is a [`std::error::Error`], and it has a code if it is an [`ExportError`] |
//!
//! Arguments and replies are MessagePack with field names. A call with wrong arguments is refused with the name of the argument and the
//! cause, before the method is called. A panic ends the call, and the caller is told.
//!
//! # Interfaces
//! A trait with `#[interface]`, in a crate that a plugin shares with its callers, is an agreement on exports. It makes a typed client, so that
//! nobody links the plugin.
//!
//! ```
//! mod shared {                                 // a crate of its own
//!     use plugin_sdk::prelude::*;
//!
//!     #[interface]
//!     pub trait SwarmApi {
//!         fn set_aggression(&mut self, value: f32) -> Result<f32>;
//!         fn count(&self) -> u32;
//!     }
//! }
//!
//! use plugin_sdk::client::Caller;
//! use plugin_sdk::prelude::*;
//! use shared::{SwarmApi, SwarmClient};
//!
//! #[derive(Default, PluginState)]
//! struct Swarm { aggression: f32, members: u32 }
//!
//! #[plugin(name = "swarm", version = "1.0.0", implements = SwarmApi)]
//! impl Swarm {
//!     #[export]
//!     fn set_aggression(&mut self, value: f32) -> Result<f32> {
//!         Ok(std::mem::replace(&mut self.aggression, value))
//!     }
//!
//!     #[export]
//!     fn count(&self) -> u32 { self.members }
//! }
//!
//! fn anger<C: Caller>(caller: C) -> Result<u32, C::Error> {
//!     let swarm = SwarmClient::connect(caller, "swarm")?;   // once; it stays usable over swaps
//!     swarm.set_aggression(0.9)?;
//!     swarm.count()
//! }
//! # fn main() {}
//! ```
//!
//! The caller is another plugin's call, [`Within`]`(frame)`, the host's `Plugins`, or `Remote` for a game in another process, both in
//! `plugin-host`. An export with another signature than
//! the interface's is a compile error in the plugin, and at run time an error with both signatures; it is not called then.
//!
//! # Calls of other plugins
//! A plugin calls another one through its frame or context, by name or by a typed client. The call is made at once, on the same thread.
//!
//! ```
//! use std::time::Duration;
//! use plugin_sdk::prelude::*;
//!
//! #[derive(Default, PluginState)]
//! struct Scout;
//!
//! #[plugin(name = "scout", version = "1.0.0")]
//! impl Scout {
//!     #[export]
//!     fn report(&self, call: &CallContext) -> Result<u32> {
//!         let swarm = call.plugin("swarm").within(Duration::from_millis(5));
//!         let count: u32 = swarm.call("count", ())?;                    // CallFailure says why there is no reply
//!         Ok(count)
//!     }
//! }
//! # fn main() {}
//! ```
//!
//! [`OtherPlugin::export`] finds an export once; [`OtherExport::call`] then needs no name. A call that would wait for itself is refused, as is
//! the 17th within one another. A deadline ([`OtherPlugin::within`], or the caller's) holds in all calls within:
//! [`CallContext::remaining`], [`CallContext::expired`]. [`CallContext::caller`], [`CallContext::trace_id`] and [`CallContext::span_id`] name the
//! chain.
//!
//! # Logs
//! [`Frame::log`] and [`CallContext::log`] write a line to the host's log. The crate [`tracing`] works, too, in the plugin and in the crates
//! that it links: events and spans go to the host's subscriber, which adds the fields `plugin` and `generation`, on any thread and outside of
//! calls. A level that nobody listens to costs one relaxed load.
//!
//! ```
//! use plugin_sdk::prelude::*;
//! use plugin_sdk::tracing::{debug, info_span};
//!
//! #[derive(Default, PluginState)]
//! struct Paths { found: u64 }
//!
//! #[plugin(name = "paths", version = "1.0.0")]
//! impl Paths {
//!     #[export]
//!     fn search(&mut self, goal: &str) {
//!         let _entered = info_span!("search", goal).entered();
//!         self.found += 1;
//!         debug!(found = self.found, "a path is found");   // shown with `RUST_LOG=paths=debug`
//!     }
//! }
//! # fn main() {}
//! ```
//!
//! Don't install a subscriber: the SDK has installed one before the state is created, so that `init()` of a subscriber crate panics. Without
//! the default feature `tracing` nothing is installed.
//!
//! # Metrics
//! With the feature `metrics`, counters, gauges and histograms that the plugin, and the crates that it links, record through the crate
//! `metrics` (`plugin_sdk::metrics`) go to the host's recorder, which adds the label `plugin`. Counters go on over swaps. In a host without a
//! recorder the crate's macros do nothing.
//!
//! # What components and messages hold
//! Their fields are fixed-width numbers, `bool`s, [`EntityId`](wire::EntityId)s, arrays, and types that derive [`Plain`]: structs with
//! `#[repr(C)]`, and enums without data with `#[repr(u8)]`, `#[repr(u16)]` or `#[repr(u32)]`. With the feature `glam` also glam's vectors,
//! quaternions and matrices. There is no padding, so that every byte means something.
//!
//! ```
//! use plugin_sdk::prelude::*;
//!
//! #[derive(Clone, Copy, PartialEq, Plain)]
//! #[repr(u8)]
//! enum Gear { Reverse, Neutral, Forward }
//!
//! #[derive(Clone, Copy, Plain)]
//! #[repr(C)]
//! struct Wheel { spin: f32, grip: f32 }
//!
//! #[derive(Clone, Copy, Component)]
//! #[repr(C)]
//! struct Car { wheels: [Wheel; 4], gear: Gear, lights: [bool; 3] }
//! # fn main() {}
//! ```
//!
//! A `bool` or an enum is always a value: the SDK and the host check what other processes and libraries send. A record or command with a
//! number that is no value is dropped, counted and logged.
//!
//! # What a swap keeps
//! Each build is a library of its own with its own statics. `static`s, `OnceLock`s, `thread_local!`s and the statics of dependencies
//! **start anew with each generation**. The old ones stay in memory, unused, and threads that the plugin has started continue with the
//! old code. Keep lasting data
//!
//! - in fields of the [`PluginState`], which are saved and restored by name and converted according to `#[serde(…)]`;
//! - in a field with `#[state(opaque, version = "…")]`, if it is a dependency's whole state, such as a physics world;
//! - in components or messages, if others need it.
//!
//! Put data that can be recomputed, such as tables and caches, into a `#[serde(skip)]` field.
//!
//! End the plugin's threads in the state's `Drop`. A plugin may install a panic hook; the SDK wraps it and reports to the host first.
//!
//! # What crosses the boundary
//! Only the types in [`abi`]: `repr(C)`, no `TypeId`, no allocation freed on the other side, no unwinding. This crate knows nothing of
//! libloading or bevy.

// The derives name this crate by its public path; this makes them work inside the crate too.
extern crate self as plugin_sdk;

pub mod abi;
mod arena;
mod call;
pub mod client;
mod commands;
mod component;
mod frame;
#[doc(hidden)]
pub mod glue;
mod log;
#[cfg(feature = "metrics")]
mod metering;
mod param;
mod publisher;
mod query;
mod random;
pub mod state;
#[cfg(feature = "tracing")]
mod trace;
mod unwind;

pub use arena::{Arena, ArenaFull, ArenaVec};
pub use call::{
    CallContext, CallError, CallFailure, Calling, ExportError, FailureKind, OtherExport, OtherPlugin, Result, Within,
};
pub use commands::{Bundle, Commands, Words};
pub use component::Component;
pub use frame::Frame;
#[cfg(feature = "metrics")]
pub use metrics;
pub use param::SystemParam;
pub use plugin_macros::{Component, Message, Plain, PluginState, export, interface, plugin};
pub use publisher::{Loan, Publisher, SendError};
pub use query::{
    Columns, FilterTerm, Mut, Query, QueryData, QueryFilter, ReadOnlyData, ReadOnlyTerm, Rows, Term, With, Without,
};
pub use random::Random;
pub use serde;
pub use shm_bus_wire::topic;
#[cfg(feature = "tracing")]
pub use tracing;

/// Data that cross a process or library boundary: the crate `shm-bus-wire`.
pub mod wire {
    // Not the crate by another name: the compiler's errors would then name `plugin_sdk::shm_bus_wire`.
    #[doc(inline)]
    pub use shm_bus_wire::*;
}

/// The usual imports of a plugin.
pub mod prelude {
    pub use crate::abi::Level;
    pub use crate::state::PluginState;
    pub use crate::wire::{EntityId, Message, Plain, Priority, Topic};
    pub use crate::{
        Arena, ArenaFull, ArenaVec, Bundle, CallContext, CallError, CallFailure, Commands, Component, ExportError,
        Frame, Loan, Message, Mut, Plain, PluginState, Publisher, Query, Random, Result, SendError, With, Without,
        export, interface, plugin, topic,
    };
}

/// The examples of this crate's README and of `plugin-macros`', compiled as documentation tests.
#[cfg(doctest)]
mod readmes {
    #[doc = include_str!("../README.md")]
    struct Sdk;
    #[doc = include_str!("../../plugin-macros/README.md")]
    struct Macros;
}
