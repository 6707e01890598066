//! What wakes whom: a doorbell for each inbox, a room bell for each lane, and for each topic the inboxes that want a signal.
//!
//! ```text
//! doorbell:  bell | ready bits (256, one for each lane of the directory) | ready bits are kept
//! room bell: bell
//! attention: bit for each inbox that wants a signal at every message of this topic
//! ```
//! A publisher looks at its topic's attention word after every commit, and at an inbox's doorbell only when its bit is set.
//! Inboxes that poll few lanes and never sleep are not in it, and cost the publisher nothing.
//!
//! # Invariants
//! 1. Words change by read-modify-write only; anybody may change them. A wrong word costs a needless wake or look, or a late wake
//!    that the sleeper's next slice catches, never more.

use super::{ATTENTION, Control, DOORBELLS, LANES_MAX, ROOM_BELLS};
use crate::bell::{Doorbell, READY_WORDS};
use crate::sync::{AtomicU64, Ordering};

const _: () = assert!(READY_WORDS * 64 == LANES_MAX, "a bit for each lane");

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

    /// Bits of the inboxes that want a signal at each message of `topic`.
    #[inline]
    pub(crate) fn attention(&self, topic: usize) -> &AtomicU64 {
        self.word(ATTENTION.start + topic * ATTENTION.stride)
    }

    /// Takes the inbox at `index` out of every topic's attention. Under `bus.lock`.
    pub(super) fn silence(&self, index: usize) {
        for topic in 0..super::TOPICS_MAX {
            let attention = self.attention(topic);
            // ORDERING: Relaxed, as for the next two: what a publisher still sees costs it a look at the doorbell.
            if attention.load(Ordering::Relaxed) >> index & 1 == 1 {
                attention.fetch_and(!(1 << index), Ordering::Relaxed);
            }
        }
        self.doorbell(index).keep_no_longer();
    }
}
