//! Single-writer log of one topic, publisher and priority, in relocatable memory.
//!
//! Carries records. Knows bytes and positions, but no topics' types, inboxes, files or plugins.
//!
//! ```text
//!                 head            oldest
//! ring:  | rec 7 | 0 ........... | rec 4 | rec 5 | rec 6 | PAD |   rec 7 did not fit, so that a PAD fills the end
//!          intact '- the writer's -'------- intact --------'
//!
//! a record:      | commit word: length, sequence | what | sender | correlation | payload ... | 0 |
//!                  written last                                                                the next commit word
//! ```
//! A **position** counts bytes from the lane's creation, is a multiple of 32 and never wraps; its offset in the ring is the position modulo
//! the capacity. The words of the header page are in [`layout`](crate::layout::lane).
//!
//! # The commit rule
//! A reader loads one word, the commit word at its position: 0 means that nothing is there yet. So the word at the writer's next position
//! has to be zero before a record becomes visible, whatever earlier laps left there. The writer
//! 1. makes sure that PAD, record and the 32 bytes behind it fit; otherwise it advances `oldest` past memory that no gating reader needs
//!    any more;
//! 2. where the record would wrap, commits a PAD first, by the same steps;
//! 3. writes the zero behind the record, payload, and the rest of the header, in any order, Relaxed;
//! 4. stores the record's own commit word, Release: `[COMMIT]`. This publishes the record and the zero at which readers stop;
//! 5. stores `head`.
//!
//! A reader loads the commit word, fences if it is not zero, copies, and checks everything in its own copy. A reader that nobody waits for
//! then checks whether `oldest` has passed it, and if so discards the copy (seqlock validation): `[LAP]`.
//!
//! A **batch** leaves the commit word of its first record zero until all the others are written, and needs only one zero behind them.
//!
//! `PROTOCOL.md` has every step. Each mutant in `loom_models` leaves out one step, and must fail.
//!
//! # Invariants
//! 1. Only the writer writes here; readers map the file read-only.
//! 2. The commit word at the writer's position is zero before a record becomes visible: `[COMMIT]`.
//! 3. Every byte of `oldest .. head` is intact, and `head - oldest + 32 <= capacity`.
//! 4. `oldest` is a record's start (or `head`) and passes no gating cursor: `[JOIN]`.
//! 5. A record with its header is at most a quarter of the capacity.
//! 6. Commit words, headers and figures are accessed as aligned 8-byte words only. Payload is whole or discarded, so it is accessed as
//!    `copy` does it.
//!
//! # Failure
//! A writer that dies before `[COMMIT]` leaves a zero: readers see an empty lane. A reader that finds an impossible word stops reading this
//! lane and reports what was wrong.

mod copy;
mod cursor;
#[cfg(not(loom))]
mod file;
#[cfg(all(any(test, feature = "fuzzing"), not(loom)))]
mod heap;
mod mode;
mod payload;
mod prefetch;
mod reader;
mod writer;

#[cfg(all(test, loom))]
mod loom_models;
#[cfg(all(test, not(loom)))]
mod oracle;

pub(crate) use copy::copy_in;
pub(crate) use cursor::{Cursor, Progress};
#[cfg(not(loom))]
pub(crate) use file::{LaneFile, LaneHead, is_capacity};
#[cfg(all(any(test, feature = "fuzzing"), not(loom)))]
pub(crate) use heap::Heap;
pub(crate) use mode::Mode;
pub(crate) use payload::Payload;
pub use reader::Start;
pub(crate) use reader::{Fault, Look, Reader};
pub(crate) use writer::{Envelope, Gates, Lowest, Refusal, Stamp, Writer};

use std::ops::Range;

use crate::layout::lane::HEADER_WORDS_USED;
use crate::sync::AtomicU64;
use crate::wire::HEADER_BYTES;

/// Alignment of records in bytes, as a position.
pub(crate) const SLOT: u64 = HEADER_BYTES as u64;

/// Words of a record's header.
const HEADER_WORDS: usize = HEADER_BYTES / 8;

/// Bytes that a record of `length` takes, header included.
#[inline]
pub(crate) const fn extent_of(length: u64) -> u64 {
    (length + (SLOT - 1)) & !(SLOT - 1)
}

/// The memory of a lane.
pub(crate) trait Memory {
    /// The words of the header page that are in use.
    fn header(&self) -> &[AtomicU64; HEADER_WORDS_USED];
    /// The ring: a power of two of words.
    fn ring(&self) -> &[AtomicU64];
    /// Called before a gating reader copies these words of the ring; models check that the writer is done with them.
    #[inline]
    fn trace_read(&self, _: Range<usize>) {}
    /// Called before the writer publishes these words of the ring; models check that gating readers are done with them.
    #[inline]
    fn trace_write(&self, _: Range<usize>) {}
}

/// Geometry of one ring.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Geometry {
    /// Bytes; a power of two, at least 4 slots.
    pub(crate) capacity: u64,
    /// Mask from position to offset: `capacity - 1`.
    mask: u64,
    /// Bytes of the longest payload.
    payload_max: usize,
}

impl Geometry {
    /// The geometry of `memory`'s ring.
    pub(crate) fn of(memory: &impl Memory) -> Self {
        let capacity = memory.ring().len() as u64 * 8;
        assert!(capacity.is_power_of_two() && capacity >= 4 * SLOT, "a ring is a power of two of at least 128 bytes");
        Self { capacity, mask: capacity - 1, payload_max: (capacity / 4 - SLOT) as usize }
    }

    /// Maximum length of a record with its header.
    #[inline]
    pub(crate) const fn record_max(self) -> u64 {
        self.capacity / 4
    }

    /// Maximum length of a payload.
    #[inline]
    pub(crate) const fn payload_max(self) -> usize {
        self.payload_max
    }

    /// Offset of `position` in the ring, in bytes.
    #[inline]
    pub(crate) const fn offset(self, position: u64) -> u64 {
        position & self.mask
    }

    /// Index of the word at `position`.
    #[inline]
    pub(crate) const fn word(self, position: u64) -> usize {
        (self.offset(position) / 8) as usize
    }

    /// Bytes that a record of `length` takes at `position`, or `None` if such a record can't be there.
    #[inline]
    pub(crate) const fn extent(self, position: u64, length: u32) -> Option<u64> {
        let extent = extent_of(length as u64);
        let fits =
            length as u64 >= SLOT && extent <= self.record_max() && self.offset(position) + extent <= self.capacity;
        if fits { Some(extent) } else { None }
    }
}
