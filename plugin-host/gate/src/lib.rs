//! The lock around a plugin's instance.
//!
//! | module | knows |
//! |---|---|
//! | [`gate`] | the lock with its data and its guards; a thread that asks twice is refused |
//! | [`lock`] | shared and exclusive use, as counters and one word |
//! | [`seat`] | which cache line belongs to which thread |
//! | [`held`] | which gates this thread holds |
//! | [`patience`] | how long a thread waits |
//! | [`sync`] | std's atomics, or loom's |
//!
//! # Invariants
//! 1. While somebody uses a gate exclusively, nobody else uses it.
//! 2. A frame waits for uses in progress, never for those that wait.
//! 3. A thread never waits for itself.

#![cfg_attr(loom, allow(dead_code, reason = "the models use a part of it"))]

#[cfg(not(loom))]
mod gate;
#[cfg(not(loom))]
mod held;
mod lock;
#[cfg(all(test, loom))]
mod models;
mod patience;
#[cfg(not(loom))]
mod seat;
mod sync;

#[cfg(not(loom))]
pub use gate::{Exclusive, Gate, Shared};
#[cfg(not(loom))]
pub use held::{DEPTH_MAX, Refusal};
#[cfg(not(loom))]
pub use patience::Patience;
