//! Membership in a bus: what the handles of one participant share, how it changes the bus, and what happens when it dies.
//!
//! Knows the files of lanes, inboxes and claims, but not sending, receiving or working: those modules build on this one.
//!
//! | module | role |
//! |---|---|
//! | `bus`, `shared` | the handle, and what it shares with its clones, publishers and inboxes |
//! | `enter`, `open_error` | taking and leaving a slot, and why that may fail |
//! | `register`, `view` | finding the registry, and a read-only view of a bus |
//! | `change`, `change_error`, `sweep` | the right to change a bus, why a change fails, and removing what nobody needs any more |
//! | `topics` | finding and declaring topics |
//! | `liveness`, `removed` | whether a participant lives, and whether others still find the bus |
//!
//! # Invariants
//! 1. A handle is a participant: it holds its slot's lock from attaching until the last clone, publisher and inbox is dropped.
//! 2. Entries and files change only while a [`Change`] is held.
//!
//! # Failure
//! An operation that returns an error leaves the bus unchanged. The next participant that changes anything removes the remains of a killed
//! process; if there is none, [`gc`](crate::gc) does.
//!
//! # Forks
//! A child of `fork` has none of the mappings. Every call on an inherited handle returns an error that says so, and does nothing. A call
//! without an error type returns nothing (but [`Bus::snapshot`] panics), and dropping is harmless. Only a pointer from
//! [`Publisher::begin`](crate::Publisher::begin) dangles in the child. The child may open the bus itself.
//!
//! # Removal
//! A bus is its folder and its registry, under the name by which it was opened. When somebody deletes, moves or replaces one of them,
//! nobody finds the bus any more. Its participants notice at their next wait, change or lack of room, or within a lap of a publisher's ring; from then on every call returns `Removed`. Messages
//! in lanes that they have mapped are received first.

mod bus;
mod change;
mod change_error;
mod enter;
mod liveness;
mod open_error;
mod register;
mod removed;
mod shared;
mod sweep;
mod topics;
mod view;

pub use bus::Bus;
pub(crate) use change::Change;
pub use change_error::ChangeError;
pub(crate) use change_error::text_fits;
pub use open_error::OpenError;
pub(crate) use open_error::is_missing;
pub(crate) use register::{has_held_locks, has_life, open_control};
pub(crate) use shared::Shared;
pub(crate) use sweep::{clear, end_lane, remove_bus};
pub use topics::{Leaving, TopicError};
pub(crate) use topics::{find_or_add, find_or_await, refuse_queue};
pub(crate) use view::View;
