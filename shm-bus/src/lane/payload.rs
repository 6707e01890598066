//! A reader's private copy of one payload.
//!
//! # Invariants
//! 1. It begins at a multiple of [`Payload::ALIGN`], so that messages in it can be borrowed, those of glam's SIMD types included.

#![expect(unsafe_code, reason = "views aligned pairs of words as words")]

use std::ops::{Deref, DerefMut};

/// Words of a payload. Grows, never shrinks.
#[derive(Debug, Default)]
pub(crate) struct Payload {
    pairs: Vec<Pair>,
}

#[derive(Clone, Copy, Debug)]
#[repr(C, align(16))]
struct Pair([u64; 2]);

const _: () = assert!(size_of::<Pair>() == 16 && align_of::<Pair>() == Payload::ALIGN);

impl Payload {
    /// In bytes.
    pub(crate) const ALIGN: usize = 16;

    /// Makes room for at least `words`.
    pub(crate) fn grow(&mut self, words: usize) {
        let pairs = words.div_ceil(2);
        if self.pairs.len() < pairs {
            self.pairs.resize(pairs, Pair([0; 2]));
        }
    }
}

impl Deref for Payload {
    type Target = [u64];

    #[inline]
    fn deref(&self) -> &[u64] {
        // SAFETY: a pair is two words without padding, asserted above; as many words as the pairs have.
        unsafe { std::slice::from_raw_parts(self.pairs.as_ptr().cast(), 2 * self.pairs.len()) }
    }
}

impl DerefMut for Payload {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u64] {
        // SAFETY: as in `deref`; any words are a pair.
        unsafe { std::slice::from_raw_parts_mut(self.pairs.as_mut_ptr().cast(), 2 * self.pairs.len()) }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::Payload;

    #[test]
    fn it_grows_and_stays_aligned() {
        let mut payload = Payload::default();
        assert!(payload.is_empty());
        for words in [1, 2, 7, 3, 100] {
            payload.grow(words);
            assert!(payload.len() >= words && payload.as_ptr().addr().is_multiple_of(Payload::ALIGN));
        }
        payload[99] = 7;
        payload.grow(1);
        assert_eq!((payload.len(), payload[99], payload[98]), (100, 7, 0));
    }
}
