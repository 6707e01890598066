//! Reads a claim table without claiming anything, and counts.
//!
//! # Failure
//! Figures need not belong to one moment. An invalid claim is left out.

use super::table::{Claim, Claims, Table};
use super::word::{ClaimWord, State};
use crate::layout::claims::{CLAIM, CLAIM_WORDS, Count, SINCE, TAIL};
use crate::sync::Ordering;

impl<C: Claims> Table<C> {
    /// Whether no message is left, once no more will come.
    pub(crate) fn is_drained(&self) -> bool {
        self.words().all(|word| matches!(word.state, State::Empty | State::Done))
    }

    /// Whether all of the `sent` messages are done.
    pub(crate) fn is_worked_off(&self, sent: u64) -> bool {
        self.under_way(sent).all(|(_, word)| matches!(word.state, State::Empty | State::Done))
    }

    /// The words of all valid claims, in no particular order; loads only.
    pub(crate) fn words(&self) -> impl Iterator<Item = ClaimWord> {
        (0..self.len() as usize).filter_map(|index| Some(self.claim(index)?.1))
    }

    /// Like [`Self::words`], with the low bits of the message's sequence and the time since when it is held; only those of the `sent`
    /// messages that may not be done. Reads nothing else of the table, which may be large.
    pub(crate) fn under_way(&self, sent: u64) -> impl Iterator<Item = ((u64, u64), ClaimWord)> {
        // ORDERING: Relaxed, a hint: all messages below it are done.
        let tail = self.claims.header()[TAIL].load(Ordering::Relaxed);
        let count = sent.saturating_sub(tail).min(self.len());
        (0..count).filter_map(move |offset| self.claim(self.index(tail.wrapping_add(offset))))
    }

    fn claim(&self, index: usize) -> Option<((u64, u64), ClaimWord)> {
        let claim = &self.claims.claims()[index * CLAIM_WORDS..][..CLAIM_WORDS];
        // ORDERING: Relaxed, figures; no other data are read because of them.
        let word = ClaimWord::decode(claim[CLAIM].load(Ordering::Relaxed))?;
        Some(((u64::from(word.lap) << self.log2 | index as u64, claim[SINCE].load(Ordering::Relaxed)), word))
    }

    /// Number of sequence bits that [`Self::under_way`] returns.
    pub(crate) const fn sequence_bits(&self) -> u32 {
        self.log2 + 21
    }

    /// Records the time since when the caller holds a message.
    pub(crate) fn note_time(&self, claim: &Claim, nanoseconds: u64) {
        let index = self.index(claim.sequence) * CLAIM_WORDS + SINCE;
        // ORDERING: Relaxed, a figure that only its owner writes.
        self.claims.claims()[index].store(nanoseconds, Ordering::Relaxed);
    }

    /// Adds `more` to a counter.
    pub(crate) fn add(&self, what: Count, more: u64) {
        if more > 0 {
            // ORDERING: Relaxed, a figure.
            self.claims.header()[what as usize].fetch_add(more, Ordering::Relaxed);
        }
    }

    /// The count so far.
    pub(crate) fn count(&self, what: Count) -> u64 {
        // ORDERING: Relaxed, a figure.
        self.claims.header()[what as usize].load(Ordering::Relaxed)
    }
}
