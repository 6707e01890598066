//! An inbox's file: header page, then a cache line for each entry of the lane table; its first word is the inbox's cursor in that lane.
//! Only the owner writes the file; publishers map it read-only. Its words are in [`layout`](crate::layout::inbox).
//!
//! A line counts for the lane that is attached at its index; when that lane is left, its counts are added to those of the header. The
//! header page has more words for the inbox's user, a client or server.
//!
//! # Failure
//! A file that is not the inbox which the registry names is refused when it is mapped.

use std::io;

use crate::layout::MAGIC;
use crate::layout::inbox::{CURSOR, Count, ID, INBOX_MAGIC, LINE_WORDS, LINES, LaneCount};
use crate::segment::Segment;
use crate::sync::{AtomicU64, Ordering, fence};

/// A mapped inbox.
#[derive(Debug)]
pub(crate) struct InboxFile {
    segment: Segment,
}

impl InboxFile {
    /// Makes `segment`, which is all zero, an inbox.
    pub(crate) fn create(segment: Segment, id: u64) -> Self {
        let inbox = Self { segment };
        let words = inbox.segment.words();
        words[ID].store(id, Ordering::Relaxed);
        // ORDERING: [MAGIC] Release: whoever sees it sees a finished header. Pairs with the fence in `open`.
        words[MAGIC].store(INBOX_MAGIC, Ordering::Release);
        inbox
    }

    /// The inbox that the registry names.
    pub(crate) fn open(segment: Segment, id: u64) -> io::Result<Self> {
        let inbox = Self { segment };
        let found = [MAGIC, ID].map(|index| inbox.segment.words()[index].load(Ordering::Relaxed));
        // ORDERING: [MAGIC] pairs with the Release store in `create`.
        fence(Ordering::Acquire);
        if found == [INBOX_MAGIC, id] {
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
        self.line(index, CURSOR)
    }

    /// The counter of the lane at `index` of the lane table.
    #[inline]
    pub(crate) fn lane_count(&self, index: usize, what: LaneCount) -> &AtomicU64 {
        self.line(index, what as usize)
    }

    #[inline]
    fn line(&self, index: usize, word: usize) -> &AtomicU64 {
        &self.segment.words()[LINES + index * LINE_WORDS + word]
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

    /// A word of the header page that counts for the inbox's user: a client or server. Only its owner writes it.
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
