//! A claim table's file, next to its lane's: header page, claims. The producer and all workers map it for writing.
//!
//! # Failure
//! A file that is not the table which the registry names is refused when it is mapped.

use std::io;

use super::table::Claims;
use crate::layout::MAGIC;
use crate::layout::claims::{CLAIMS, CLAIMS_MAGIC, LANE, LENGTH};
use crate::segment::Segment;
use crate::sync::{AtomicU64, Ordering, fence};

/// A mapped table.
#[derive(Debug)]
pub(crate) struct ClaimFile {
    segment: Segment,
}

impl ClaimFile {
    /// Makes `segment`, which is all zero and has its [bytes](crate::layout::claims::bytes), a table.
    pub(crate) fn create(segment: Segment, lane: u64, claims: u64) -> Self {
        let table = Self { segment };
        let words = table.segment.words();
        words[LANE].store(lane, Ordering::Relaxed);
        words[LENGTH].store(claims, Ordering::Relaxed);
        // ORDERING: [MAGIC] Release: whoever sees it sees a finished header. Pairs with the fence in `open`.
        words[MAGIC].store(CLAIMS_MAGIC, Ordering::Release);
        table
    }

    /// The table of `lane` that the registry describes; `segment` has its bytes.
    pub(crate) fn open(segment: Segment, lane: u64, claims: u64) -> io::Result<Self> {
        let table = Self { segment };
        let words = table.segment.words();
        let found = [MAGIC, LANE, LENGTH].map(|index| words[index].load(Ordering::Relaxed));
        // ORDERING: [MAGIC] pairs with the Release store in `create`.
        fence(Ordering::Acquire);
        if found == [CLAIMS_MAGIC, lane, claims] {
            return Ok(table);
        }
        Err(io::Error::new(io::ErrorKind::InvalidData, format!("the claim table of lane {lane} says {found:x?}")))
    }
}

impl Claims for ClaimFile {
    #[inline]
    fn header(&self) -> &[AtomicU64] {
        &self.segment.words()[..CLAIMS]
    }

    #[inline]
    fn claims(&self) -> &[AtomicU64] {
        &self.segment.words()[CLAIMS..]
    }
}
