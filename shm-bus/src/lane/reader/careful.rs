//! The slow path: reads any record; checks every word of it in the private copy.

use super::lap::Lap;
use super::{Fault, Look, Reader, Taken};
use crate::lane::copy::copy_out;
use crate::lane::{HEADER_WORDS, Memory, Mode, SLOT};
use crate::sync::{AtomicU64, Mutation, Ordering, fence_unless};
use crate::wire::{Header, Kind};

/// The reader's knowledge of the next record's sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// It is `expected`.
    Exactly,
    /// It is at least `expected`; the difference was lost.
    AtLeast,
    /// Roughly `expected`, as this reader joined there; the record has the exact sequence.
    Nothing,
    /// Like `Nothing`, and this reader was overtaken since: its losses count from `expected`.
    Start,
}

impl<M: Memory> Reader<M> {
    /// Maximum number of looks in one call: a PAD, a record, and a few overtakings.
    const LOOKS_MAX: usize = 8;

    /// Like [`Self::read`], for any record.
    #[cold]
    pub(crate) fn read_any(&mut self, payload: &mut [u64], cursor: &AtomicU64) -> Look {
        for _ in 0..Self::LOOKS_MAX {
            if self.mode == Mode::Latest
                && let Err(fault) = self.skip_to_latest()
            {
                return Look::Corrupt(fault);
            }
            let at = self.geometry.word(self.position);
            // ORDERING: Relaxed as the page is read-only; the fence below makes it an Acquire.
            let commit = self.memory.ring()[at].load(Ordering::Relaxed);
            if commit == 0 {
                match self.lapped() {
                    Lap::Ahead => continue,
                    Lap::No => {
                        self.publish_if_moved(cursor);
                        return Look::Dry;
                    }
                    Lap::End(look) => return look,
                }
            }
            // ORDERING: [COMMIT] pairs with the Release store in `Writer::reveal`.
            fence_unless(Mutation::NoCommitFence, Ordering::Acquire);
            let length = commit as u32;
            let extent = self.geometry.extent(self.position, length);
            let rest = extent.map_or([0; 3], |extent| self.copy(at, extent, payload));
            match self.lapped() {
                Lap::Ahead => continue,
                Lap::No => {}
                Lap::End(look) => return look,
            }
            let Some(extent) = extent else { return Look::Corrupt(Fault::Extent(length)) };
            match self.accept([commit, rest[0], rest[1], rest[2]], extent) {
                Ok(true) => {
                    if self.owes_cursor() {
                        self.publish(cursor);
                    }
                    return Look::Message;
                }
                Ok(false) => {}
                Err(fault) => return Look::Corrupt(fault),
            }
        }
        Look::Dry
    }

    /// Copies a record's payload and returns the rest of its header, unchecked; the caller has only checked that a record of this extent
    /// can be here.
    #[inline]
    fn copy(&self, at: usize, extent: u64, payload: &mut [u64]) -> [u64; 3] {
        let record = &self.memory.ring()[at..at + (extent / 8) as usize];
        if self.mode == Mode::Gating {
            self.memory.trace_read(at + 1..at + record.len());
        }
        let (header, body) = record.split_at(HEADER_WORDS);
        // ORDERING: Relaxed, after the fence of [COMMIT].
        let rest = [1, 2, 3].map(|index: usize| header[index].load(Ordering::Relaxed));
        let [_, kind, ..] = rest[0].to_le_bytes();
        if kind != Kind::Pad as u8 {
            copy_out(body, &mut payload[..body.len()]);
        }
        rest
    }

    /// Checks an intact record and moves past it; `false` for a PAD.
    fn accept(&mut self, words: [u64; 4], extent: u64) -> Result<bool, Fault> {
        let header = Header::from_words(words).map_err(Fault::Header)?;
        let sequence = self.sequence_of(header.sequence)?;
        match header.kind {
            Kind::Pad => {
                if self.geometry.offset(self.position) + extent != self.geometry.capacity {
                    return Err(Fault::PadShort(header.length));
                }
                self.go_to(self.position + extent)?;
                Ok(false)
            }
            Kind::Message | Kind::Request | Kind::Response | Kind::Cancel => {
                self.go_to(self.position + extent)?;
                let lost = if self.known == Known::Nothing { 0 } else { sequence.saturating_sub(self.expected) };
                (self.expected, self.known) = (sequence.wrapping_add(1), Known::Exactly);
                let Header { sender, correlation, .. } = header;
                let len = header.length as usize - SLOT as usize;
                self.usual = words[1];
                // On a lane whose readers skip, each message is searched anew.
                self.usual_below = if self.mode == Mode::Latest { 0 } else { self.geometry.payload_max() as u64 + 1 };
                self.last = Taken { lost, len, sender, correlation };
                Ok(true)
            }
        }
    }

    /// The whole sequence whose low half is `low`.
    #[inline]
    fn sequence_of(&self, low: u32) -> Result<u64, Fault> {
        let ahead = low.wrapping_sub(self.expected as u32);
        match self.known {
            Known::Exactly if ahead == 0 => Ok(self.expected),
            Known::Exactly => Err(Fault::Sequence { expected: self.expected, found: low }),
            Known::AtLeast => Ok(self.expected.wrapping_add(ahead.into())),
            // Only the high half is taken from `sent`.
            Known::Nothing | Known::Start => Ok(nearest(low, self.sent())),
        }
    }

    /// Makes the reader take the next sequence from the record.
    pub(super) const fn forget(&mut self) {
        self.known = Known::Nothing;
        // The fast path needs a record that has been checked.
        self.usual_below = 0;
    }

    /// Allows the next record's sequence to be ahead of the expected one.
    pub(super) const fn skip(&mut self) {
        self.known = match self.known {
            Known::Exactly | Known::AtLeast => Known::AtLeast,
            Known::Nothing | Known::Start => Known::Start,
        };
        self.usual_below = 0;
    }

    /// Sequence of the next record, as far as it is known without taking the record; `None` if there is none.
    pub(crate) fn next_sequence(&self) -> Option<u64> {
        if self.known == Known::Exactly {
            return Some(self.expected);
        }
        // ORDERING: Relaxed, a hint that is checked when the record is read.
        let commit = self.memory.ring()[self.geometry.word(self.position)].load(Ordering::Relaxed);
        (commit != 0).then(|| nearest((commit >> 32) as u32, self.sent()))
    }
}

/// The number closest to `near` whose low half is `low`.
const fn nearest(low: u32, near: u64) -> u64 {
    let ahead = low.wrapping_sub(near as u32) as i32;
    near.wrapping_add(ahead as i64 as u64)
}
