//! The bells: a doorbell for each inbox, a room bell for each lane, and for each topic the mask of inboxes that want a signal.
//!
//! A publisher loads its topic's interest mask after every commit, and checks an inbox's doorbell only if its bit is set. Inboxes that
//! poll few lanes and never sleep are not in the mask, and cost the publisher nothing.
//!
//! # Invariants
//! 1. Words change only by read-modify-write; anybody may change them. A wrong word costs at most an extra wake or look, or a late wake,
//!    which the sleeper's next slice catches.

use super::Control;
use crate::bell::Doorbell;
use crate::layout::control::line::INTEREST;
use crate::layout::control::{DOORBELLS, ROOM_BELLS, TOPICS_MAX};
use crate::sync::{AtomicU64, Ordering};

impl Control {
    /// The doorbell of the inbox at `index`.
    #[inline]
    pub(crate) fn doorbell(&self, index: usize) -> Doorbell<'_> {
        Doorbell::of(self.entry(DOORBELLS, index))
    }

    /// The bell on which the publisher of the lane at `index` waits for room.
    #[inline]
    pub(crate) fn room_bell(&self, index: usize) -> &AtomicU64 {
        self.word(ROOM_BELLS.start + index * ROOM_BELLS.stride)
    }

    /// The interest mask: bits of the inboxes that want a signal at each message of `topic`.
    #[inline]
    pub(crate) fn interest(&self, topic: usize) -> &AtomicU64 {
        self.line(topic, INTEREST)
    }

    /// Removes the inbox at `index` from every topic's interest mask. Under `bus.lock`.
    pub(super) fn silence(&self, index: usize) {
        for topic in 0..TOPICS_MAX {
            let interest = self.interest(topic);
            // ORDERING: Relaxed, as for the next two: a bit that a publisher still sees costs it a check of the doorbell.
            if interest.load(Ordering::Relaxed) >> index & 1 == 1 {
                interest.fetch_and(!(1 << index), Ordering::Relaxed);
            }
        }
        self.doorbell(index).keep_no_longer();
    }
}
