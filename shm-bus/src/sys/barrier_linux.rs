//! Linux: `membarrier(2)`, with which one side pays for the fences of both (asymmetric fence).

use rustix::thread::{MembarrierCommand, membarrier};

/// Registers this process's threads for [`heavy`]. If it returns true, they need no fence of their own between a store and a look.
pub(crate) fn join() -> bool {
    membarrier(MembarrierCommand::RegisterGlobalExpedited).is_ok()
}

/// A full fence on every thread of every registered process. Returns whether the system executed it.
pub(crate) fn heavy() -> bool {
    membarrier(MembarrierCommand::GlobalExpedited).is_ok()
}
