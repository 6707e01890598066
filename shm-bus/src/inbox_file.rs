//! An inbox's file: header page, then a cache line for each entry of the lane table; its first word is the inbox's cursor in that lane.
//! Only the owner writes the file; publishers map it read-only.
//!
//! ```text
//! word 0       1    8                16        512
//!      | magic | id | counts (Count) | figures | line 0 | line 1 | ... 256, 8 words each: cursor, received, lost, conflated
//! ```
//! A line counts for the lane that is attached at its index; when that lane is left, its counts are added to those of the header. The
//! figures are for the inbox's user: clients and servers of requests.
//!
//! # Failure
//! A file that is not the inbox which the registry names is refused when it is mapped.

use std::io;
use std::ops::Range;

use crate::control::LANES_MAX;
use crate::segment::{PAGE, PAGE_WORDS, Segment};
use crate::sync::{AtomicU64, Ordering, fence};

/// `HFINBX`, then the major version.
const MAGIC: u64 = u64::from_le_bytes(*b"HFINBX\x00\x01");
const CURSOR_WORDS: usize = 8;

const _: () = {
    assert!(InboxFile::BYTES == 20480 && PAGE == 4096 && CURSOR_WORDS * 8 == 64);
    assert!(
        Count::Received as usize * 8 == 64 && Count::Lost as usize * 8 == 72 && Count::Conflated as usize * 8 == 80
    );
    assert!(
        Count::Corrupt as usize * 8 == 88 && Count::Evicted as usize * 8 == 96 && Count::Starvation as usize * 8 == 104
    );
    assert!(Count::Sleeps as usize * 8 == 112 && Count::LateWakes as usize * 8 == 120);
    assert!(LaneCount::Received as usize == 1 && LaneCount::Lost as usize == 2 && LaneCount::Conflated as usize == 3);
};

/// Counters of an inbox.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Count {
    /// Messages received from lanes that were left.
    Received = 8,
    /// Messages overwritten unread, in lanes that were left.
    Lost = 9,
    /// Messages skipped for newer ones, in lanes that were left.
    Conflated = 10,
    /// Lanes left because of an impossible word.
    Corrupt = 11,
    /// Lanes left because the inbox was too slow for them.
    Evicted = 12,
    /// Messages served because their level had waited long enough.
    Starvation = 13,
    /// Number of sleeps.
    Sleeps = 14,
    /// Number of messages found after a sleep that nobody had ended.
    LateWakes = 15,
}

/// An inbox's counters for each lane, as the index of the word in its line.
#[derive(Clone, Copy, Debug)]
pub(crate) enum LaneCount {
    /// Messages received.
    Received = 1,
    /// Messages overwritten unread.
    Lost = 2,
    /// Messages skipped for newer ones.
    Conflated = 3,
}

impl LaneCount {
    /// Each with the counter for lanes that were left.
    pub(crate) const ALL: [(Self, Count); 3] =
        [(Self::Received, Count::Received), (Self::Lost, Count::Lost), (Self::Conflated, Count::Conflated)];
}

/// A mapped inbox.
#[derive(Debug)]
pub(crate) struct InboxFile {
    segment: Segment,
}

impl InboxFile {
    /// Bytes of an inbox.
    pub(crate) const BYTES: u64 = (PAGE + LANES_MAX * CURSOR_WORDS * 8) as u64;
    /// Words of the header page that are free for the inbox's user.
    pub(crate) const FIGURES: Range<usize> = Count::LateWakes as usize + 1..PAGE_WORDS;

    /// Makes `segment`, which is all zero, an inbox.
    pub(crate) fn create(segment: Segment, id: u64) -> Self {
        let inbox = Self { segment };
        let words = inbox.segment.words();
        words[1].store(id, Ordering::Relaxed);
        // ORDERING: [MAGIC] Release: whoever sees it sees a finished header. Pairs with the fence in `open`.
        words[0].store(MAGIC, Ordering::Release);
        inbox
    }

    /// The inbox that the registry names.
    pub(crate) fn open(segment: Segment, id: u64) -> io::Result<Self> {
        let inbox = Self { segment };
        let found = [0, 1].map(|index| inbox.segment.words()[index].load(Ordering::Relaxed));
        // ORDERING: [MAGIC] pairs with the Release store in `create`.
        fence(Ordering::Acquire);
        if found == [MAGIC, id] {
            return Ok(inbox);
        }
        Err(io::Error::new(io::ErrorKind::InvalidData, format!("the file of inbox {id} says {found:x?}")))
    }

    /// The same file, shared.
    pub(crate) fn share(&self) -> Self {
        Self { segment: self.segment.share() }
    }

    /// The cursor in the lane at `index` of the lane table.
    #[inline]
    pub(crate) fn cursor(&self, index: usize) -> &AtomicU64 {
        &self.segment.words()[PAGE_WORDS + index * CURSOR_WORDS]
    }

    /// The counter of the lane at `index` of the lane table.
    #[inline]
    pub(crate) fn lane_count(&self, index: usize, what: LaneCount) -> &AtomicU64 {
        &self.segment.words()[PAGE_WORDS + index * CURSOR_WORDS + what as usize]
    }

    /// Adds `more` to the counter of the lane at `index`. Called only by the owner.
    #[inline]
    pub(crate) fn add_to_line(&self, index: usize, what: LaneCount, more: u64) {
        let word = self.lane_count(index, what);
        // ORDERING: Relaxed, a figure with a single writer.
        word.store(word.load(Ordering::Relaxed).wrapping_add(more), Ordering::Relaxed);
    }

    /// Adds a line's counts to the header's and clears it. Called only by the owner.
    pub(crate) fn close_line(&self, index: usize) {
        for (lane_count, count) in LaneCount::ALL {
            // ORDERING: Relaxed, figures with a single writer.
            let word = self.lane_count(index, lane_count);
            self.add(count, word.load(Ordering::Relaxed));
            word.store(0, Ordering::Relaxed);
        }
    }

    /// The count so far, without the attached lanes.
    pub(crate) fn count(&self, what: Count) -> u64 {
        // ORDERING: Relaxed, a figure.
        self.segment.words()[what as usize].load(Ordering::Relaxed)
    }

    /// The figure at `word`, in [`Self::FIGURES`]. Only its owner writes it.
    #[inline]
    pub(crate) fn figure(&self, word: usize) -> &AtomicU64 {
        &self.segment.words()[word]
    }

    /// Adds `more` to a counter. Called only by the owner.
    #[inline]
    pub(crate) fn add(&self, what: Count, more: u64) {
        let word = &self.segment.words()[what as usize];
        // ORDERING: Relaxed, a figure with a single writer.
        word.store(word.load(Ordering::Relaxed).wrapping_add(more), Ordering::Relaxed);
    }
}
