//! The first bytes of a record, and whether they can be correct. Pure.
//!
//! ```text
//! record = opcode u8 | length u64 | body
//! chunk  = start u64 | end u64 | size u64 | crc u32 | compression (u32 length, text) | size u64 | { record }
//! ```
//! Source: the MCAP specification, <https://mcap.dev/spec>. An uncompressed chunk contains its size three times, and its checksum shows
//! which of them is right.

use mcap::records::op;

/// Bytes of opcode and length.
pub(super) const FRONT: usize = 9;
/// Bytes before the records of an uncompressed chunk.
pub(super) const CHUNK_HEAD: usize = FRONT + 40;

/// A record's opcode and length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Front {
    pub(super) opcode: u8,
    pub(super) length: u64,
}

impl Front {
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let [opcode, length @ ..] = bytes.first_chunk::<FRONT>()?;
        Some(Self { opcode: *opcode, length: u64::from_le_bytes(*length) })
    }

    /// What is impossible in a record outside of chunks, if anything. `body` is its beginning.
    pub(super) fn problem(self, body: &[u8]) -> Option<&'static str> {
        let is_index = || {
            let bytes = body.get(2..6).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
            bytes.is_some_and(|bytes| u64::from(bytes) + 6 == self.length)
        };
        let is_possible = match self.opcode {
            op::DATA_END => self.length == 4,
            op::FOOTER => self.length == 20,
            op::MESSAGE_INDEX => is_index(),
            // Anybody may define private ones.
            op::HEADER..=op::DATA_END | 0x80.. => true,
            _ => false,
        };
        (!is_possible).then_some("a record is malformed")
    }
}

/// A chunk's own description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ChunkHead {
    pub(super) crc: u32,
    /// Bytes of its records, according to the record's length, and the sizes before and after compression.
    sizes: [u64; 3],
    is_chunk: bool,
    compression: u32,
}

impl ChunkHead {
    /// Reads `bytes` as a chunk, whatever the opcode is. `None` if there are too few.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let front = Front::parse(bytes)?;
        let bytes = bytes.get(FRONT..CHUNK_HEAD)?;
        let long = |at: usize| bytes[at..at + 8].try_into().map_or(0, u64::from_le_bytes);
        let short = |at: usize| bytes[at..at + 4].try_into().map_or(0, u32::from_le_bytes);
        Some(Self {
            crc: short(24),
            // A length that is too short for a chunk can't be one of its sizes.
            sizes: [front.length.checked_sub(40).unwrap_or(u64::MAX), long(16), long(32)],
            is_chunk: front.opcode == op::CHUNK,
            compression: short(28),
        })
    }

    /// Whether a record with another opcode is nevertheless a chunk: nothing contradicts that.
    pub(super) fn is_certain(&self) -> bool {
        let [length, uncompressed, records] = self.sizes;
        self.compression == 0 && length == uncompressed && length == records
    }

    /// Whether it claims to be compressed and is consistent in that; see [`compression`].
    pub(super) const fn may_be_compressed(&self) -> bool {
        self.is_chunk && 0 < self.compression && self.compression <= 16
    }

    /// Whether it claims to be a chunk.
    pub(super) const fn is_chunk(&self) -> bool {
        self.is_chunk
    }

    /// Its possible sizes, each once, none above `most`.
    pub(super) fn candidates(&self, most: u64) -> impl Iterator<Item = u64> + use<> {
        let [first, second, third] = self.sizes;
        let others =
            [Some(second).filter(|size| *size != first), Some(third).filter(|size| *size != first && *size != second)];
        std::iter::once(first).chain(others.into_iter().flatten()).filter(move |size| *size <= most)
    }

    /// The size that it contains at least twice.
    pub(super) fn agreed(&self) -> Option<u64> {
        let [first, second, third] = self.sizes;
        if first == second || first == third {
            Some(first)
        } else if second == third {
            Some(second)
        } else {
            None
        }
    }
}

/// The compression of a chunk, if its beginning is consistent. `body` extends at least to its records.
pub(super) fn compression(length: u64, body: &[u8]) -> Option<&str> {
    let name_len = u32::from_le_bytes(body.get(28..32)?.try_into().ok()?) as usize;
    let name = str::from_utf8(body.get(32..32 + name_len)?).ok()?;
    let size = u64::from_le_bytes(body.get(32 + name_len..40 + name_len)?.try_into().ok()?);
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (is_name && size.checked_add(40 + name_len as u64) == Some(length)).then_some(name)
}

#[cfg(test)]
mod tests {
    use mcap::records::op;

    use super::{CHUNK_HEAD, ChunkHead, Front, compression};

    fn chunk(opcode: u8, length: u64, uncompressed: u64, records: u64) -> Vec<u8> {
        let mut bytes = vec![opcode];
        bytes.extend(length.to_le_bytes());
        bytes.extend([7; 16]);
        bytes.extend(uncompressed.to_le_bytes());
        bytes.extend(99_u32.to_le_bytes());
        bytes.extend(0_u32.to_le_bytes());
        bytes.extend(records.to_le_bytes());
        bytes
    }

    #[test]
    fn two_of_three_sizes_agree() {
        let cases = [
            ((140, 100, 100), true, Some(100), vec![100]),
            ((141, 100, 100), false, Some(100), vec![101, 100]),
            ((140, 101, 100), false, Some(100), vec![100, 101]),
            ((140, 100, 228), false, Some(100), vec![100, 228]),
            ((39, 100, 100), false, Some(100), vec![100]),
            ((140, 101, 102), false, None, vec![100, 101, 102]),
            ((u64::MAX, 1 << 60, 100), false, None, vec![100]),
        ];
        for ((length, uncompressed, records), certain, agreed, candidates) in cases {
            let head = ChunkHead::parse(&chunk(op::CHUNK, length, uncompressed, records)).expect("long enough");
            assert_eq!((head.is_certain(), head.agreed(), head.crc), (certain, agreed, 99), "{length}");
            assert_eq!(head.candidates(1000).collect::<Vec<_>>(), candidates, "{length}");
        }
        assert_eq!(ChunkHead::parse(&chunk(op::CHUNK, 140, 100, 100)[..CHUNK_HEAD - 1]), None);
    }

    #[test]
    fn what_no_record_can_be_is_told() {
        let index = [&[0, 1][..], &16_u32.to_le_bytes(), &[0; 16]].concat();
        for (opcode, length, is_possible) in [
            (op::MESSAGE_INDEX, 22, true),
            (op::MESSAGE_INDEX, 23, false),
            (op::DATA_END, 4, true),
            (op::DATA_END, 22, false),
            (op::FOOTER, 21, false),
            (op::METADATA, 22, true),
            (0, 22, false),
            (0x10, 22, false),
            (0x90, 22, true),
        ] {
            assert_eq!(Front { opcode, length }.problem(&index).is_none(), is_possible, "{opcode} {length}");
        }
    }

    #[test]
    fn a_compression_is_believed_only_if_all_fits() {
        let body = |name: &str, size: u64| {
            [&[0; 28][..], &(name.len() as u32).to_le_bytes(), name.as_bytes(), &size.to_le_bytes()].concat()
        };
        assert_eq!(compression(143, &body("lz4", 100)), Some("lz4"));
        assert_eq!(compression(143, &body("lz4", 101)), None);
        assert_eq!(compression(143, &body("\u{1}z4", 100)), None);
        assert_eq!(compression(140, &body("", 100)), None);
    }
}
