//! The location of buses, and the locks that decide who may change one and who lives.
//!
//! ```text
//! <runtime folder>/<bus>/control  bus.lock  p<n>.lock  lane-<id>  claims-<id>  inbox-<id>
//! ```
//! Knows nothing about the contents of the files.
//!
//! # Invariants
//! 1. `bus.lock` is the last file of a bus to be removed. A process that locks it checks afterwards that it still has its name, so no two
//!    processes ever hold "the" lock of one bus.
//! 2. Everything else is created and removed under that lock; a folder without `control` is no bus, whatever else it contains.
//!
//! 3. A bus without a name has the same segments and locks in one process's memory; [`Store`] hides the difference.
//!
//! # Failure
//! A process killed at any point leaves a lock that the kernel has released; the next holder completes the work.

mod bus_lock;
mod folder;
mod memory;
mod participant_lock;
mod root;
mod store;

pub(crate) use bus_lock::{BusLock, LockError};
pub(crate) use folder::Folder;
pub(crate) use memory::BusMemory;
pub(crate) use participant_lock::{LockOwner, LockState, ParticipantLock};
pub(crate) use root::{RuntimeFolder, is_bus_name};
pub(crate) use store::{Access, Store};

/// The registry's file.
pub(crate) const CONTROL: &str = "control";
/// The registry's file while it is being created.
pub(crate) const CONTROL_NEW: &str = "control.new";
/// The lock under which a bus changes.
pub(crate) const BUS_LOCK: &str = "bus.lock";

/// The file of the lane with this id.
pub(crate) fn lane_name(id: u64) -> String {
    format!("lane-{id}")
}

/// The file of the claims on the messages of the lane with this id.
pub(crate) fn claims_name(id: u64) -> String {
    format!("claims-{id}")
}

/// The file of the inbox with this id.
pub(crate) fn inbox_name(id: u64) -> String {
    format!("inbox-{id}")
}

/// The lock of the participant in `slot`.
pub(crate) fn slot_name(slot: usize) -> String {
    format!("p{slot}.lock")
}

/// Whether a file of this name may belong to a bus. Other files are ignored and never removed.
pub(crate) fn is_file_name(name: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let numbered =
        |prefix, suffix| name.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(suffix)).is_some_and(digits);
    matches!(name, CONTROL | CONTROL_NEW | BUS_LOCK)
        || numbered("lane-", "")
        || numbered("claims-", "")
        || numbered("inbox-", "")
        || numbered("p", ".lock")
}
