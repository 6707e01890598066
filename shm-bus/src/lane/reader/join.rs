//! Joining a lane that already runs.

use super::{Fault, Reader, bounded};
use crate::lane::{Memory, Mode, OLDEST};
use crate::sync::{AtomicU64, Mutation, Ordering, fence, fence_unless};

/// Where a subscription begins in lanes that are already there. Lanes that appear later are read from their start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With what is sent from now on.
    Now,
    /// With the oldest message that is still there.
    Earliest,
    /// With the last so many messages of each lane, as far as they are still there.
    Last(u64),
}

impl<M: Memory> Reader<M> {
    /// Attempts of [`Self::settle`]; two suffice once the writer sees the subscription.
    const SETTLE_MAX: usize = 64;

    /// A reader for a lane that already runs; first half of joining. The caller then makes the subscription visible and
    /// calls [`Self::settle`].
    pub(crate) fn joining(memory: M, generation: u16, mode: Mode, from: Start, cursor: &AtomicU64) -> Self {
        let mut reader = Self::at_start(memory, generation, mode);
        let start = match from {
            Start::Now | Start::Last(0) => reader.head(),
            Start::Earliest | Start::Last(_) => reader.oldest(),
        };
        if start != 0 {
            reader.position = start;
            reader.forget();
        }
        reader.publish(cursor);
        reader
    }

    /// Second half of joining: goes forward until the writer can no longer overwrite what is next.
    pub(crate) fn settle(&mut self, cursor: &AtomicU64) -> Result<(), Fault> {
        for _ in 0..Self::SETTLE_MAX {
            // ORDERING: [JOIN] SeqCst, pairs with the fence in `Writer::make_room`.
            fence_unless(Mutation::NoJoinFence, Ordering::SeqCst);
            let oldest = self.oldest();
            if oldest > self.position {
                self.go_to(oldest)?;
                self.forget();
                self.publish(cursor);
            } else if self.mode == Mode::Gating || self.note_start() {
                return Ok(());
            }
        }
        Err(Fault::Position(self.position))
    }

    /// Goes to the newest message of a lane whose readers skip to it; those before it are not this reader's.
    pub(crate) fn start_at_latest(&mut self) -> Result<(), Fault> {
        self.skip_to_latest()?;
        self.forget();
        if !self.note_start() {
            self.expected = self.sent();
        }
        Ok(())
    }

    /// Notes which record comes next, so that what is overtaken of it and of those behind it counts as lost, also before the first one
    /// is read. `false` when the writer passed it meanwhile: then what was noted means nothing.
    fn note_start(&mut self) -> bool {
        // What is counted as sent, but not yet there, was being sent while this reader joined.
        self.expected = self.next_sequence().unwrap_or_else(|| self.sent());
        !self.is_lapped()
    }

    fn oldest(&self) -> u64 {
        let oldest = self.memory.header()[OLDEST].load(Ordering::Relaxed);
        // ORDERING: [LAP] what lies from `oldest` on was written before the announcement that is seen here: pairs with the Release store
        // in `Writer::make_room`.
        fence(Ordering::Acquire);
        bounded(oldest)
    }
}
