//! One reader's position in one lane, as a word: `generation << 48 | position / 32`.
//!
//! The generation is the low half of the lane's id, so the next lane at the same index never mistakes an old cursor for one of its own. The
//! reader writes the word; only the lane's writer interprets it.

use super::SLOT;

const BITS: u32 = 48;
const DONE: u64 = (1 << BITS) - 1;

/// A decoded cursor word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// Low 16 bits of the lane's id.
    pub(crate) generation: u16,
    /// How far the reader is.
    pub(crate) progress: Progress,
}

/// How far a reader is in its lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Needs everything from this position on.
    At(u64),
    /// Needs nothing of this lane any more.
    Done,
}

impl Cursor {
    /// The largest position that a cursor can hold.
    pub(crate) const POSITION_MAX: u64 = (DONE - 1) * SLOT;

    #[inline]
    pub(crate) const fn encode(self) -> u64 {
        let progress = match self.progress {
            Progress::At(position) => position / SLOT,
            Progress::Done => DONE,
        };
        (self.generation as u64) << BITS | progress
    }

    #[inline]
    pub(crate) const fn decode(word: u64) -> Self {
        let progress = match word & DONE {
            DONE => Progress::Done,
            slots => Progress::At(slots * SLOT),
        };
        Self { generation: (word >> BITS) as u16, progress }
    }
}
