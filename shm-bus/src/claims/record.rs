//! Reads one record of a lane at a given position.
//!
//! # Invariants
//! 1. The position is checked; a word of the record is loaded once, checked, then used.
//!
//! # Failure
//! Anything that can't be the message of this sequence is refused as a [`Fault`].

use crate::lane::{Cursor, Fault, Geometry, Memory, Payload, SLOT};
use crate::sync::Ordering;
use crate::wire::{Header, Kind};

/// Copies the payload of message `sequence` at `position` to the start of `payload`, which grows if needed. Returns the header.
pub(crate) fn read(
    memory: &impl Memory,
    geometry: Geometry,
    (sequence, position): (u64, u64),
    payload: &mut Payload,
) -> Result<Header, Fault> {
    const HEADER_WORDS: usize = SLOT as usize / 8;
    if position > Cursor::POSITION_MAX || !position.is_multiple_of(SLOT) {
        return Err(Fault::Position(position));
    }
    let at = geometry.word(position);
    let ring = memory.ring();
    // ORDERING: Relaxed here and below, after the Acquire of [CLAIM].
    let commit = ring[at].load(Ordering::Relaxed);
    let length = commit as u32;
    let extent = geometry.extent(position, length).ok_or(Fault::Extent(length))?;
    let record = &ring[at..at + (extent / 8) as usize];
    memory.trace_read(at + 1..at + record.len());
    let rest = [1, 2, 3].map(|index: usize| record[index].load(Ordering::Relaxed));
    let header = Header::from_words([commit, rest[0], rest[1], rest[2]]).map_err(Fault::Header)?;
    if header.sequence != sequence as u32 || header.kind != Kind::Message {
        return Err(Fault::Sequence { expected: sequence, found: header.sequence });
    }
    let words = (length as usize - SLOT as usize).div_ceil(8);
    payload.grow(words);
    for (to, from) in payload.iter_mut().zip(&record[HEADER_WORDS..HEADER_WORDS + words]) {
        *to = from.load(Ordering::Relaxed);
    }
    Ok(header)
}
