//! Joins a running lane.

use super::{Fault, Reader, bounded};
use crate::lane::{Memory, Mode};
use crate::layout::lane::OLDEST;
use crate::sync::{AtomicU64, Mutation, Ordering, fence, fence_unless};

/// Where a subscription begins in lanes that already exist. Later lanes are read from their start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With the messages sent from now on.
    Now,
    /// With the oldest message that is still there.
    Earliest,
    /// With the last so many messages of each lane, as far as they are still there.
    Last(u64),
}

impl<M: Memory> Reader<M> {
    /// Maximum number of attempts in [`Self::settle`]; two suffice once the writer sees the subscription.
    const SETTLE_MAX: usize = 64;

    /// First half of joining: a reader for a running lane. The caller then makes the subscription visible and calls [`Self::settle`].
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

    /// Second half of joining: advances until the writer can no longer overwrite the next record.
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

    /// Goes to the newest message of a lane whose readers skip to it; earlier ones don't count for this reader.
    pub(crate) fn start_at_latest(&mut self) -> Result<(), Fault> {
        self.skip_to_latest()?;
        self.forget();
        if !self.note_start() {
            self.expected = self.sent();
        }
        Ok(())
    }

    /// Records which message comes next, so that it and later ones count as lost when they are overtaken, even before the first one is
    /// read. `false` if the writer passed it meanwhile: then the recorded value is meaningless.
    fn note_start(&mut self) -> bool {
        // A message that is counted as sent but not there yet was being sent while this reader joined.
        self.expected = self.next_sequence().unwrap_or_else(|| self.sent());
        !self.is_lapped()
    }

    fn oldest(&self) -> u64 {
        let oldest = self.memory.header()[OLDEST].load(Ordering::Relaxed);
        // ORDERING: [LAP] what lies from `oldest` on was written before the announcement that is seen here: pairs with the Release store in
        // `Writer::make_room`.
        fence(Ordering::Acquire);
        bounded(oldest)
    }
}
