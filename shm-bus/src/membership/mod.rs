//! Taking part in a bus: what the handles of one participant share, how it changes the bus, and what becomes of it when it dies.
//!
//! Knows the files of lanes, inboxes and claims, and nothing of who sends, receives or works: those build on this.
//!
//! | module | role |
//! |---|---|
//! | `bus`, `shared` | the handle, and what it shares with its clones, publishers and inboxes |
//! | `enter`, `open_error` | taking a slot and leaving it, and why that may fail |
//! | `register`, `view` | the register in its place, and a look at a bus that changes nothing |
//! | `change`, `change_error`, `sweep` | the right to change a bus, why it fails, and clearing away what nobody needs any more |
//! | `topics` | finding and declaring topics |
//! | `liveness`, `removed` | whether a participant lives, and whether others still find the bus |
//!
//! # Invariants
//! 1. A handle is a participant: it holds its slot's lock from attaching until the last clone, publisher and inbox is gone.
//! 2. Entries and files change only while a [`Change`] is held.
//!
//! # Failure
//! Each operation leaves the bus as it was when it returns an error. The next participant that changes anything clears away what a
//! killed process has left; [`gc`](crate::gc) does when there is none.
//!
//! # Forks
//! A child of `fork` has none of the mappings. Every call on a handle that it inherited gives an error that says so, and does nothing.
//! A call that has no error gives nothing (but [`Bus::snapshot`] panics), and dropping is harmless. Only a pointer from
//! [`Publisher::begin`](crate::Publisher::begin) leads nowhere in it. The child may open the bus by itself.
//!
//! # Removal
//! A bus is its folder and its register, under the name that it was opened by. When somebody deletes, moves or replaces one of them,
//! nobody finds the bus any more. Its participants notice within some seconds of use, and every call then says `Removed`. What lies
//! in lanes that they have mapped is still received before.

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
