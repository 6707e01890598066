//! Makes room by advancing `oldest`, in steps of an eighth of the ring, so that the usual send touches no reader's memory.
//!
//! # Invariants
//! 1. `oldest` passes no gating cursor: it is announced, then all cursors are checked once more. `[JOIN]`
//!
//! # Failure
//! [`Refusal`] leaves `oldest` unchanged.

use super::Writer;
use crate::lane::{Memory, SLOT};
use crate::layout::lane::{OLDEST, Tally};
use crate::sync::{Mutation, Ordering, fence_unless, mutated};

/// Gives the writer the position of its slowest gating reader.
pub(crate) trait Gates {
    /// The smallest position that a gating reader still needs, at most `head`; loads the cursors anew at every call. Cursors are loaded
    /// Relaxed: the writer fences after the look.
    ///
    /// A reader below `oldest` is about to join and will move to it; it counts as being at `oldest`.
    fn lowest(&mut self, oldest: u64, head: u64) -> Lowest;
}

/// Result of a look at all gates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lowest {
    /// In `oldest ..= head`.
    pub(crate) position: u64,
    /// Readers that were detached in this look because their cursor was impossible.
    pub(crate) faulty: u64,
}

/// Why no room was lent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The record would exceed a quarter of the ring.
    TooLong,
    /// A gating reader still needs what would be overwritten.
    Full,
    /// The ring does not hold what this writer wrote.
    Corrupt,
}

impl<M: Memory> Writer<M> {
    /// Bytes that the slowest gating reader has not yet published as read.
    pub(crate) fn fill(&mut self, gates: &mut impl Gates) -> u64 {
        self.head - self.look(gates).min(self.head)
    }

    /// Computes how far [`Self::put`] may go.
    pub(super) fn note_free(&mut self) {
        let lap_end = self.head - self.geometry.offset(self.head) + self.geometry.capacity;
        // A record that reaches a checkpoint takes the slow path, which sets it.
        self.free_until = lap_end.min(self.oldest + self.geometry.capacity - SLOT).min(self.checkpoints.next() - 1);
    }

    /// Advances `oldest` to at least `target`, or refuses.
    #[cold]
    pub(super) fn make_room(&mut self, target: u64, gates: &mut impl Gates) -> Result<(), Refusal> {
        let before = self.oldest;
        let lowest = self.look(gates);
        if lowest < target {
            return Err(Refusal::Full);
        }
        let announced = self.checkpoints.find(target, lowest).map_or_else(|| self.walk(target, lowest), Ok)?;
        if announced < target {
            return Err(Refusal::Full);
        }
        // ORDERING: [LAP] the fence below orders this store before the payload stores that follow; it pairs with the first fence in
        // `Reader::lapped`. Release, so that what lies from here on is seen by who sees this: pairs with the fence in `Reader::oldest` and
        // the second one in `Reader::lapped`.
        self.memory.header()[OLDEST].store(announced, Ordering::Release);
        // ORDERING: [JOIN] SeqCst, pairs with the fence in `Reader::settle`. Both sides store, then look: either the joiner sees this
        // `oldest`, or the look below sees its cursor. Nothing weaker prevents that both miss.
        // ORDERING: [CURSOR] it is also the Acquire side of the cursors that the first look loaded, paired with the Release store in
        // `Reader::publish`: a reader's copies are complete before anything is written over their source.
        fence_unless(Mutation::NoAnnounceFence, Ordering::SeqCst);
        let lowest = if mutated(Mutation::NoRescan) { announced } else { self.look(gates) };
        if lowest < announced {
            // ORDERING: [LAP] nothing was written under the announcement; a reader that saw it only skipped ahead.
            self.memory.header()[OLDEST].store(before, Ordering::Release);
            return Err(Refusal::Full);
        }
        self.oldest = announced;
        Ok(())
    }

    fn look(&mut self, gates: &mut impl Gates) -> u64 {
        let lowest = gates.lowest(self.oldest, self.head);
        if lowest.faulty > 0 {
            self.tally(Tally::Faulty, lowest.faulty);
        }
        let high_water = &self.memory.header()[Tally::HighWater as usize];
        // ORDERING: Relaxed, a figure for tools with a single writer.
        if self.head.saturating_sub(lowest.position) > high_water.load(Ordering::Relaxed) {
            high_water.store(self.head - lowest.position, Ordering::Relaxed);
        }
        lowest.position
    }

    /// The first record start at or past `target` plus an eighth of the ring, or the last one up to `lowest`.
    fn walk(&self, target: u64, lowest: u64) -> Result<u64, Refusal> {
        let enough = target + self.geometry.capacity / 8;
        let mut position = self.oldest;
        while position < lowest && position < enough {
            // ORDERING: Relaxed, this writer's own store.
            let word = self.memory.ring()[self.geometry.word(position)].load(Ordering::Relaxed);
            let extent = self.geometry.extent(position, word as u32).ok_or(Refusal::Corrupt)?;
            if position + extent > lowest {
                break;
            }
            position += extent;
        }
        Ok(position)
    }
}
