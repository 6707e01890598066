//! Linux: `membarrier(2)`, by which one side pays for the fences of both.

use rustix::thread::{MembarrierCommand, membarrier};

/// Has [`heavy`] reach this process's threads. Whether it does: then they need no fence of their own between a store and a look.
pub(crate) fn join() -> bool {
    membarrier(MembarrierCommand::RegisterGlobalExpedited).is_ok()
}

/// A full fence on every thread of every process that has joined. Gives whether the system did it.
pub(crate) fn heavy() -> bool {
    membarrier(MembarrierCommand::GlobalExpedited).is_ok()
}
