//! A claim table's file, next to its lane's: header page, claims. The producer and all workers map it for writing.
//!
//! # Failure
//! A file that is not the table which the registry names is refused when it is mapped.

use std::io;

use super::table::{CLAIM_WORDS, Claims};
use crate::segment::{PAGE, PAGE_WORDS, Segment};
use crate::sync::{AtomicU64, Ordering, fence};

/// `HFCLMS`, then the major version.
const MAGIC: u64 = u64::from_le_bytes(*b"HFCLMS\x00\x01");

/// Minimum number of claims of a table: they fill a page.
pub(crate) const CLAIMS_MIN: u64 = (PAGE / (CLAIM_WORDS * 8)) as u64;

const _: () = assert!(CLAIMS_MIN == 128 && super::table::HEADER_WORDS_USED <= PAGE_WORDS);

/// A mapped table.
#[derive(Debug)]
pub(crate) struct ClaimFile {
    segment: Segment,
}

impl ClaimFile {
    /// Bytes of a table with `claims`.
    pub(crate) const fn bytes(claims: u64) -> u64 {
        claims.saturating_mul(CLAIM_WORDS as u64 * 8).saturating_add(PAGE as u64)
    }

    /// Makes `segment`, which is all zero and has [`Self::bytes`], a table.
    pub(crate) fn create(segment: Segment, lane: u64, claims: u64) -> Self {
        let table = Self { segment };
        let words = table.segment.words();
        words[1].store(lane, Ordering::Relaxed);
        words[2].store(claims, Ordering::Relaxed);
        // ORDERING: [MAGIC] Release: whoever sees it sees a finished header. Pairs with the fence in `open`.
        words[0].store(MAGIC, Ordering::Release);
        table
    }

    /// The table of `lane` that the registry describes; `segment` has [`Self::bytes`].
    pub(crate) fn open(segment: Segment, lane: u64, claims: u64) -> io::Result<Self> {
        let table = Self { segment };
        let words = table.segment.words();
        let found = [0, 1, 2].map(|index| words[index].load(Ordering::Relaxed));
        // ORDERING: [MAGIC] pairs with the Release store in `create`.
        fence(Ordering::Acquire);
        if found == [MAGIC, lane, claims] {
            return Ok(table);
        }
        Err(io::Error::new(io::ErrorKind::InvalidData, format!("the claim table of lane {lane} says {found:x?}")))
    }
}

impl Claims for ClaimFile {
    #[inline]
    fn header(&self) -> &[AtomicU64] {
        &self.segment.words()[..PAGE_WORDS]
    }

    #[inline]
    fn claims(&self) -> &[AtomicU64] {
        &self.segment.words()[PAGE_WORDS..]
    }
}
