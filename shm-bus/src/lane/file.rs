//! A lane's file: header page and ring.
//!
//! # Failure
//! A file that is not the lane which the registry names is refused when it is mapped.

#![expect(unsafe_code, reason = "keeps the two parts of a mapping beside it")]

use std::io;
use std::ptr::NonNull;

use super::Memory;
use crate::layout::MAGIC;
use crate::layout::lane::{CAPACITY, CAPACITY_MAX, CAPACITY_MIN, HEADER_WORDS_USED, ID, LANE_MAGIC, RING, SENT};
use crate::segment::Segment;
use crate::sync::{AtomicU64, Ordering, fence};

/// A mapped lane.
///
/// # Invariants
/// 1. `header` and `ring` are the two parts of `segment`'s words. They keep their addresses while `segment` lives, even if it is moved.
#[derive(Debug)]
pub(crate) struct LaneFile {
    header: NonNull<[AtomicU64; HEADER_WORDS_USED]>,
    ring: NonNull<[AtomicU64]>,
    _segment: Segment,
}

// SAFETY: by invariant 1 it consists of its segment, which is Send; the pointers lead to atomics.
unsafe impl Send for LaneFile {}
// SAFETY: as above, shared.
unsafe impl Sync for LaneFile {}

impl LaneFile {
    fn of(segment: Segment) -> Self {
        let (header, ring) = segment.words().split_at(RING);
        let header = header.first_chunk().expect("a page holds them");
        Self { header: header.into(), ring: ring.into(), _segment: segment }
    }

    /// Makes `segment`, which is all zero, a lane. [`is_capacity`] accepts `capacity`.
    pub(crate) fn create(segment: Segment, id: u64, capacity: u64) -> Self {
        let lane = Self::of(segment);
        let words = lane.header();
        words[ID].store(id, Ordering::Relaxed);
        words[CAPACITY].store(capacity, Ordering::Relaxed);
        // ORDERING: [MAGIC] Release: whoever sees it sees a finished header. Pairs with the fence in `open`.
        words[MAGIC].store(LANE_MAGIC, Ordering::Release);
        lane
    }

    /// The lane that the registry describes; `segment` has its [bytes](crate::layout::lane::bytes).
    pub(crate) fn open(segment: Segment, id: u64, capacity: u64) -> io::Result<Self> {
        let lane = Self::of(segment);
        check(lane.header(), id, capacity)?;
        Ok(lane)
    }
}

/// The header page of a lane, for reading its figures.
#[derive(Debug)]
pub(crate) struct LaneHead {
    page: Segment,
}

impl LaneHead {
    /// The header of the lane that the registry describes, in its first page.
    pub(crate) fn open(page: Segment, id: u64, capacity: u64) -> io::Result<Self> {
        check(page.words(), id, capacity)?;
        Ok(Self { page })
    }

    /// A word of the header page.
    pub(crate) fn word(&self, index: usize) -> u64 {
        // ORDERING: Relaxed, figures that need not belong to one moment.
        self.page.words()[index].load(Ordering::Relaxed)
    }

    /// Messages sent.
    pub(crate) fn sent(&self) -> u64 {
        self.word(SENT)
    }
}

/// Refuses a header that is not that of the lane which the registry describes.
fn check(words: &[AtomicU64], id: u64, capacity: u64) -> io::Result<()> {
    let bad = |text: String| Err(io::Error::new(io::ErrorKind::InvalidData, text));
    if !is_capacity(capacity) {
        return bad(format!("the lane table gives lane {id} a capacity of {capacity} bytes"));
    }
    let found = [MAGIC, ID, CAPACITY].map(|index| words[index].load(Ordering::Relaxed));
    // ORDERING: [MAGIC] pairs with the Release store in `create`.
    fence(Ordering::Acquire);
    if found == [LANE_MAGIC, id, capacity] { Ok(()) } else { bad(format!("the file of lane {id} says {found:x?}")) }
}

impl Memory for LaneFile {
    #[inline]
    fn header(&self) -> &[AtomicU64; HEADER_WORDS_USED] {
        // SAFETY: by invariant 1 valid for as long as `self`.
        unsafe { self.header.as_ref() }
    }

    #[inline]
    fn ring(&self) -> &[AtomicU64] {
        // SAFETY: by invariant 1 valid for as long as `self`.
        unsafe { self.ring.as_ref() }
    }
}

/// Whether a ring can have this many bytes.
pub(crate) const fn is_capacity(bytes: u64) -> bool {
    bytes.is_power_of_two() && bytes >= CAPACITY_MIN && bytes <= CAPACITY_MAX
}
