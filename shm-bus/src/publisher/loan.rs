//! Ring memory that is lent to be filled with one message (zero-copy).
//!
//! # Invariants
//! 1. The words of a loan lie past the lane's `head`; no gating reader looks at them, and an observer discards what it saw.

use std::ptr::NonNull;

use super::Publisher;
use crate::lane::{Envelope, Memory, copy_in};
use crate::sync::{AtomicU64, Ordering};
use crate::wire::Priority;

/// Room for one message. Dropping it cancels the loan.
#[derive(Debug)]
#[must_use = "a loan that is not committed sends nothing"]
pub struct Loan<'a> {
    publisher: &'a mut Publisher,
    priority: Priority,
    /// Index of the ring's word at which the payload begins.
    first: usize,
    /// Length in bytes.
    len: usize,
}

impl<'a> Loan<'a> {
    pub(super) const fn new(publisher: &'a mut Publisher, priority: Priority, first: usize, len: usize) -> Self {
        Self { publisher, priority, first, len }
    }

    /// Number of bytes on loan.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether the message will be empty.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Writes `bytes` at `offset`. In a forked child, to which the loan does not belong, this does nothing.
    ///
    /// # Panics
    /// If they would exceed the end, as for slices.
    #[inline]
    pub fn write(&mut self, offset: usize, bytes: &[u8]) {
        let end = offset.checked_add(bytes.len());
        assert!(end.is_some_and(|end| end <= self.len), "{} bytes at {offset} of a loan of {}", bytes.len(), self.len);
        if !self.publisher.shared.is_forked() {
            write_at(self.words(), offset, bytes);
        }
    }

    /// Sends the message.
    pub fn commit(self) {
        // The loan was begun with this length, and the publisher has been borrowed since.
        let committed = self.publisher.commit(self.priority, self.len);
        debug_assert!(committed.is_ok() || self.publisher.shared.is_forked());
    }

    /// Sends it as another kind than a plain message.
    pub(crate) fn commit_as(self, envelope: Envelope) {
        let committed = self.publisher.commit_as(self.priority, envelope, self.len);
        debug_assert!(committed.is_ok() || self.publisher.shared.is_forked());
    }

    fn words(&self) -> &[AtomicU64] {
        let lane = self.publisher.lanes[self.priority as usize].as_ref();
        &lane.expect("its lane lent it").writer.memory().ring()[self.first..]
    }
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        self.publisher.cancel(self.priority);
    }
}

/// The address of the first of `words`.
///
/// An atomic has the layout of its integer and allows writing through `&`.
pub(super) fn pointer(words: &[AtomicU64]) -> NonNull<u64> {
    NonNull::from(words).cast()
}

/// Copies `bytes` to `offset`; preserves the other bytes of the words that it touches.
#[inline]
fn write_at(words: &[AtomicU64], offset: usize, bytes: &[u8]) {
    let within = offset % 8;
    let (head, aligned) = bytes.split_at(if within == 0 { 0 } else { bytes.len().min(8 - within) });
    let mut index = offset / 8;
    if !head.is_empty() {
        merge(&words[index], within, head);
        index += 1;
    }
    let (whole, rest) = aligned.split_at(aligned.len() / 8 * 8);
    copy_in(&words[index..], whole);
    if !rest.is_empty() {
        merge(&words[index + whole.len() / 8], 0, rest);
    }
}

fn merge(word: &AtomicU64, offset: usize, bytes: &[u8]) {
    // ORDERING: Relaxed, only the lender touches a loan; published by [COMMIT].
    let mut whole = word.load(Ordering::Relaxed).to_le_bytes();
    whole[offset..offset + bytes.len()].copy_from_slice(bytes);
    word.store(u64::from_le_bytes(whole), Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::write_at;
    use crate::lane::copy_in;
    use crate::sync::{AtomicU64, Ordering};

    #[test]
    fn pieces_at_any_offset_add_up_to_the_whole() {
        let bytes: Vec<u8> = (1..=37).collect();
        for cut in 0..=bytes.len() {
            for second in cut..=bytes.len() {
                let words: Vec<_> = (0..6).map(|_| AtomicU64::new(0)).collect();
                write_at(&words, second, &bytes[second..]);
                write_at(&words, cut, &bytes[cut..second]);
                write_at(&words, 0, &bytes[..cut]);
                let whole: Vec<_> = (0..6).map(|_| AtomicU64::new(0)).collect();
                copy_in(&whole, &bytes);
                let of = |words: &[AtomicU64]| words.iter().map(|w| w.load(Ordering::Relaxed)).collect::<Vec<_>>();
                assert_eq!(of(&words), of(&whole), "cut at {cut} and {second}");
            }
        }
    }
}
