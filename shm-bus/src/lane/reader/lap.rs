//! Being overtaken and skipping ahead, for readers that are not waited for. `[LAP]`

use super::{Fault, Look, Reader};
use crate::lane::{Memory, Mode};
use crate::layout::lane::{LATEST, OLDEST};
use crate::sync::{Mutation, Ordering, fence, fence_unless, mutated};

/// Result of a check of `oldest`.
pub(super) enum Lap {
    /// The writer has not passed the position.
    No,
    /// It has; the reader is at `oldest` now.
    Ahead,
    /// Reading of the lane ends.
    End(Look),
}

impl<M: Memory> Reader<M> {
    /// For readers that are not waited for: whether the writer has passed the position.
    #[inline]
    pub(super) fn is_lapped(&self) -> bool {
        if self.mode == Mode::Gating || mutated(Mutation::NoLapCheck) {
            return false;
        }
        // ORDERING: [LAP] as in `lapped`.
        fence_unless(Mutation::NoLapFence, Ordering::Acquire);
        self.memory.header()[OLDEST].load(Ordering::Relaxed) > self.position
    }

    /// For readers that are not waited for: whether the writer has passed the position; if so, goes to `oldest`.
    pub(super) fn lapped(&mut self) -> Lap {
        if self.mode == Mode::Gating || mutated(Mutation::NoLapCheck) {
            return Lap::No;
        }
        // ORDERING: [LAP] pairs with the fence in `Writer::make_room`: if any word copied above was already of a later
        // lap, the announcement that allowed it is seen now.
        fence_unless(Mutation::NoLapFence, Ordering::Acquire);
        let oldest = self.memory.header()[OLDEST].load(Ordering::Relaxed);
        if oldest <= self.position {
            return Lap::No;
        }
        // ORDERING: [LAP] what lies from `oldest` on was written before the announcement that is seen here: no commit word of an earlier
        // lap is seen there. Pairs with the Release store in `Writer::make_room`.
        fence(Ordering::Acquire);
        if self.mode == Mode::Evictable {
            return Lap::End(Look::Evicted);
        }
        self.skip();
        self.go_to(oldest).map_or_else(|fault| Lap::End(Look::Corrupt(fault)), |()| Lap::Ahead)
    }

    /// Advances to the newest message, if that is ahead.
    #[inline]
    pub(super) fn skip_to_latest(&mut self) -> Result<(), Fault> {
        let latest = self.memory.header()[LATEST].load(Ordering::Relaxed);
        // ORDERING: [LATEST] pairs with the Release store in `Writer::tell_sent`: the message there is committed.
        fence_unless(Mutation::NoLatestFence, Ordering::Acquire);
        if latest > self.position {
            self.skip();
            self.go_to(latest)?;
        }
        Ok(())
    }
}
