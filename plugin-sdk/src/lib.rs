//! What a Hotframe plugin is written with.
//!
//! A plugin is a cdylib with one state type and one `#[plugin] impl`. Its systems run in the host's schedule on the host's own ECS
//! columns; its state is kept when the library is replaced while the game runs.
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
//!                 let _ = laps.send(&Lap { number: self.laps });   // a full lane is counted by the host
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
//! # What is kept, and what starts anew
//! Each build that is swapped in is a library of its own, with statics of its own: `static`s, `OnceLock`s, `thread_local!`s and whatever
//! dependencies keep in theirs **start anew with each generation**. The old ones stay where they are, unused; threads that the plugin has
//! started go on with the old code. So keep what is to last
//!
//! - in fields of the [`PluginState`]: saved and restored by name, converted as `#[serde(…)]` says;
//! - as `#[state(opaque, version = "…")]`, where it is a dependency's own, such as a physics world;
//! - in components of entities, or in messages, where others are to see it;
//! - and make what can be made again, such as tables and caches, in a `#[serde(skip)]` field.
//!
//! End threads in the state's `Drop`. A panic hook of one's own works, and is wrapped by the SDK's, which tells the host first.
//!
//! # What crosses the boundary
//! [`abi`] alone: `repr(C)`, no `TypeId`, no allocation freed on the other side, no unwinding. Knows nothing of
//! libloading or bevy.

// The derives name this crate by its public path; so that they work inside it too.
extern crate self as plugin_sdk;

pub mod abi;
mod arena;
mod commands;
mod component;
mod frame;
#[doc(hidden)]
pub mod glue;
mod param;
mod publisher;
mod query;
mod random;
pub mod state;
mod unwind;

pub use arena::{Arena, ArenaFull, ArenaVec};
pub use commands::{Bundle, Commands, Words};
pub use component::Component;
pub use frame::Frame;
pub use param::SystemParam;
pub use plugin_macros::{Component, Message, Plain, PluginState, plugin};
pub use publisher::{Loan, Publisher, SendError};
pub use query::{
    Columns, FilterTerm, Mut, Query, QueryData, QueryFilter, ReadOnlyData, ReadOnlyTerm, Rows, Term, With, Without,
};
pub use random::Random;
pub use serde;
pub use shm_bus::{topic, wire};

/// All that a plugin's source usually needs.
pub mod prelude {
    pub use crate::abi::Level;
    pub use crate::state::PluginState;
    pub use crate::wire::{EntityId, Message, Plain, Priority, Topic};
    pub use crate::{
        Arena, ArenaFull, ArenaVec, Bundle, Commands, Component, Frame, Loan, Message, Mut, Plain, PluginState,
        Publisher, Query, Random, SendError, With, Without, plugin, topic,
    };
}
