//! A lane in plain memory, for tests; it can hold any words.

use super::Memory;
use crate::layout::lane::HEADER_WORDS_USED;
use crate::sync::AtomicU64;

/// See the module.
pub(crate) struct Heap {
    pub(crate) header: Vec<AtomicU64>,
    pub(crate) ring: Vec<AtomicU64>,
}

impl Heap {
    /// A lane that is all zero, with a ring of `capacity` bytes.
    #[cfg(test)]
    pub(crate) fn zero(capacity: usize) -> Self {
        Self::of(vec![0; HEADER_WORDS_USED], vec![0; capacity / 8])
    }

    /// A lane with these words; `header` has [`HEADER_WORDS_USED`].
    pub(crate) fn of(header: Vec<u64>, ring: Vec<u64>) -> Self {
        let words = |words: Vec<u64>| words.into_iter().map(AtomicU64::new).collect();
        Self { header: words(header), ring: words(ring) }
    }
}

impl Memory for &Heap {
    fn header(&self) -> &[AtomicU64; HEADER_WORDS_USED] {
        self.header.first_chunk().expect("made so")
    }

    fn ring(&self) -> &[AtomicU64] {
        &self.ring
    }
}
