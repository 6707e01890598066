//! How far a lane's writer may overwrite: up to the first message that is not done.
//!
//! # Invariants
//! 1. `positions` contains the start of each message from `tail` to `next`; no other process can change it.
//! 2. `next - tail` is at most the number of claims.

use super::table::{Claims, Table};
use crate::lane::{Gates, Lowest};

/// Positions of the outstanding messages, in the producer's own memory.
#[derive(Debug)]
pub(crate) struct Outstanding {
    /// The first message that may not be done.
    tail: u64,
    /// The next message.
    next: u64,
    /// Indexed by sequence modulo the number of claims.
    positions: Box<[u64]>,
}

impl Outstanding {
    pub(crate) fn new(claims: u64) -> Self {
        Self { tail: 0, next: 0, positions: vec![0; claims as usize].into() }
    }

    /// Sequence of the next message.
    pub(crate) const fn next(&self) -> u64 {
        self.next
    }

    /// The first message that was not done at the last look.
    pub(crate) const fn tail(&self) -> u64 {
        self.tail
    }

    /// Records the position of the next message.
    pub(crate) fn push(&mut self, position: u64) {
        let index = self.index(self.next);
        self.positions[index] = position;
        self.next += 1;
        // The claim that it got was vacant.
        self.tail = self.tail.max(self.next.saturating_sub(self.positions.len() as u64));
    }

    const fn index(&self, sequence: u64) -> usize {
        (sequence % self.positions.len() as u64) as usize
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct ClaimGates<'a, C> {
    pub(crate) table: &'a Table<C>,
    pub(crate) outstanding: &'a mut Outstanding,
}

impl<C: Claims> Gates for ClaimGates<'_, C> {
    fn lowest(&mut self, oldest: u64, head: u64) -> Lowest {
        let messages = &mut *self.outstanding;
        while messages.tail < messages.next && self.table.is_done(messages.tail) {
            messages.tail += 1;
        }
        self.table.raise_tail(messages.tail);
        let lowest =
            if messages.tail == messages.next { head } else { messages.positions[messages.index(messages.tail)] };
        Lowest { position: lowest.clamp(oldest, head), faulty: 0 }
    }
}
