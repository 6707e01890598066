//! Abandoned entries (tombstones): a bit for each lane, inbox and participant whose owner dropped it without waiting for `bus.lock`.
//!
//! The owner sets the bit, then tries the lock. If the lock is held, its holder checks the bits once more after releasing it:
//! `[ABANDONED]`. So a drop never waits, and an abandoned entry stays no longer than the present change.
//!
//! # Invariants
//! 1. Bits are set by owners, and cleared under `bus.lock` before the index is reused.
//! 2. A participant's bit is a hint: its lock tells whether it has left.
//!
//! # Failure
//! If a holder is killed before it checks the bits, the next change does. A wrong bit costs its lane or inbox messages, nothing else.

use super::Control;
use crate::layout::control::{ABANDONED_INBOXES, ABANDONED_LANES, ABANDONED_PARTICIPANTS};
use crate::sync::{Ordering, fence};

/// An abandoned entry, by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Abandoned {
    Lane(usize),
    Inbox(usize),
    Participant(usize),
}

impl Abandoned {
    const fn word_and_bit(self) -> (usize, u64) {
        match self {
            Self::Lane(index) => (ABANDONED_LANES + index / 64, 1 << (index % 64)),
            Self::Inbox(index) => (ABANDONED_INBOXES, 1 << index),
            Self::Participant(slot) => (ABANDONED_PARTICIPANTS, 1 << slot),
        }
    }
}

impl Control {
    /// Marks `what` as abandoned. Called by its owner, which then tries to clean up.
    pub(crate) fn abandon(&self, what: Abandoned) {
        let (word, bit) = what.word_and_bit();
        // ORDERING: [ABANDONED] Release: the sweep that sees it sees the messages sent before. The fence is the first half of "set the bit,
        // then try the lock"; pairs with the one in `anything_abandoned`.
        self.word(word).fetch_or(bit, Ordering::Release);
        fence(Ordering::SeqCst);
    }

    /// Whether `what` is the entry with this id. It is not if its owner was taken for dead, or if somebody overwrote it.
    pub(crate) fn has_id(&self, what: Abandoned, id: u64) -> bool {
        match what {
            Abandoned::Lane(index) => self.lane(index).is_some_and(|entry| entry.id == id),
            Abandoned::Inbox(index) => self.inbox(index).is_some_and(|entry| entry.id == id),
            Abandoned::Participant(slot) => self.participant_id(slot) == id,
        }
    }

    /// Whether the owner has abandoned `what`.
    pub(crate) fn is_abandoned(&self, what: Abandoned) -> bool {
        let (word, bit) = what.word_and_bit();
        // ORDERING: [ABANDONED] Acquire, pairs with `abandon`.
        self.word(word).load(Ordering::Acquire) & bit != 0
    }

    /// Whether anything is abandoned. Call this after releasing the lock.
    pub(crate) fn anything_abandoned(&self) -> bool {
        // ORDERING: [ABANDONED] SeqCst: the second half of "release the lock, then look"; pairs with `abandon`.
        fence(Ordering::SeqCst);
        (ABANDONED_LANES..=ABANDONED_PARTICIPANTS).any(|word| self.word(word).load(Ordering::Relaxed) != 0)
    }

    /// Clears the mark, after the entry was cleaned up. Under `bus.lock`.
    pub(crate) fn clear_abandoned(&self, what: Abandoned) {
        let (word, bit) = what.word_and_bit();
        // ORDERING: Relaxed, `bus.lock` orders its holders.
        if self.word(word).load(Ordering::Relaxed) & bit != 0 {
            self.word(word).fetch_and(!bit, Ordering::Relaxed);
        }
    }

    pub(super) fn keep_lane(&self, index: usize) {
        self.clear_abandoned(Abandoned::Lane(index));
    }

    pub(super) fn keep_inbox(&self, index: usize) {
        self.clear_abandoned(Abandoned::Inbox(index));
    }
}
