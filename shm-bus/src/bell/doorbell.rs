//! How an inbox is notified of messages: a bell to sleep on, and ready bits if it reads many lanes. The words are
//! in [`layout`](crate::layout::control::doorbell).
//!
//! # Ready bits `[READY]`
//! A publisher commits, fences, and sets its lane's bit unless it is set. An inbox that finds a lane empty clears the bit, fences, and looks
//! once more. Either it sees the message, or the publisher sees the cleared bit and sets it again.
//!
//! # Invariants
//! 1. Words change only by read-modify-write.
//! 2. While the bits are kept, that of a lane with an unread message is set, or its publisher is about to set it.

use super::ring;
use crate::layout::control::doorbell::{BELL, KEPT, READY, READY_WORDS};
use crate::sync::{AtomicU64, Mutation, Ordering, fence_unless, mutated};

/// One inbox's words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Doorbell<'a> {
    words: &'a [AtomicU64; KEPT + 1],
}

impl<'a> Doorbell<'a> {
    /// The doorbell that begins at the first of `words`, of which there are at least six.
    #[inline]
    pub(crate) fn of(words: &'a [AtomicU64]) -> Self {
        Self { words: words.first_chunk().expect("an entry has eight words") }
    }

    /// The word on which the inbox sleeps.
    #[inline]
    pub(crate) fn bell(self) -> &'a AtomicU64 {
        &self.words[BELL]
    }

    /// The lanes that may hold a message, one bit for each index of the lane table.
    #[inline]
    pub(crate) fn ready(self) -> &'a [AtomicU64; READY_WORDS] {
        self.words[READY..].first_chunk().expect("they lie before the last word")
    }

    /// Makes publishers set ready bits from now on. The inbox then registers its interest, and calls [`Self::raise_all`].
    pub(crate) fn keep(self) {
        // ORDERING: [READY] Relaxed, ordered before the look at all lanes by the fence of [INTEREST].
        self.words[KEPT].fetch_or(1, Ordering::Relaxed);
    }

    /// Makes publishers ignore the ready bits.
    pub(crate) fn keep_no_longer(self) {
        // ORDERING: Relaxed, an extra bit costs nothing.
        self.words[KEPT].fetch_and(0, Ordering::Relaxed);
    }

    /// Sets these bits. Publishers that did not yet see that bits are kept have committed before, so every lane has to be checked.
    pub(crate) fn raise_all(self, bits: [u64; READY_WORDS]) {
        for (ready, bits) in self.ready().iter().zip(bits) {
            // ORDERING: [READY] Relaxed, read by the same inbox.
            ready.fetch_or(bits, Ordering::Relaxed);
        }
    }

    /// Signals that the lane at `index` holds a message, after [`super::fence_before_look`]. `true` if the caller has to wake the sleeper.
    #[inline]
    pub(crate) fn signal(self, index: usize) -> bool {
        self.raise(index);
        ring(self.bell())
    }

    /// Sets the ready bit of the lane at `index`, if those are kept. After [`super::fence_before_look`].
    #[inline]
    pub(crate) fn raise(self, index: usize) {
        // ORDERING: [READY] Relaxed, after the fence of [BELL].
        if self.words[KEPT].load(Ordering::Relaxed) != 0 {
            let (ready, bit) = self.bit(index);
            // ORDERING: [READY] Relaxed, after the fence of [BELL]: a bit seen set is cleared later, before the inbox's fence, and then it
            // looks at the lane. Release, so that whoever sees the bit sees the message.
            if ready.load(Ordering::Relaxed) & bit == 0 {
                ready.fetch_or(bit, Ordering::Release);
            }
        }
    }

    /// Clears the bit of the lane at `index`, which was found empty, and looks at it once more; returns whether it holds a message now.
    pub(crate) fn lower(self, index: usize, look: impl FnOnce() -> bool) -> bool {
        let (ready, bit) = self.bit(index);
        // ORDERING: [READY] Relaxed, ordered before the look by the fence.
        ready.fetch_and(!bit, Ordering::Relaxed);
        // ORDERING: [READY] SeqCst, pairs with the publisher's fence of [BELL].
        fence_unless(Mutation::NoClearFence, Ordering::SeqCst);
        let holds = !mutated(Mutation::NoSecondLook) && look();
        if holds {
            ready.fetch_or(bit, Ordering::Relaxed);
        }
        holds
    }

    fn bit(self, index: usize) -> (&'a AtomicU64, u64) {
        (&self.ready()[index / 64], 1 << (index % 64))
    }
}
