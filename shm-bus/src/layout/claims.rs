//! `claims-<id>`: header page, then the claims on the messages of the lane with this id.

use super::{PAGE, PAGE_WORDS};

/// Value of the first word: `HFCLMS`, then the major version.
pub(crate) const CLAIMS_MAGIC: u64 = u64::from_le_bytes(*b"HFCLMS\x00\x01");

/// Id of the lane.
pub(crate) const LANE: usize = 1;
/// Number of claims.
pub(crate) const LENGTH: usize = 2;
/// The first message that nobody has taken yet.
pub(crate) const NEXT: usize = 8;
/// Number of times that a message became free again.
pub(crate) const RETURNED: usize = 16;
/// The first message that may not be done.
pub(crate) const TAIL: usize = 24;

/// A table's counter, as the index of its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    /// Repeated deliveries.
    Redelivered = 32,
    /// Messages taken from workers that had died.
    Reclaimed = 33,
    /// Messages that became dead letters.
    DeadLetters = 34,
    /// Dead letters dropped because their producer needed the room.
    DeadDropped = 35,
    /// Messages that could not be read.
    Corrupt = 36,
}

/// Words of the header page that are in use.
pub(crate) const HEADER_WORDS_USED: usize = Count::Corrupt as usize + 1;

/// The first claim's first word.
pub(crate) const CLAIMS: usize = PAGE_WORDS;
/// Words of one claim.
pub(crate) const CLAIM_WORDS: usize = 4;
/// Word of a claim: its state, owner and lap.
pub(crate) const CLAIM: usize = 0;
/// Word of a claim: the record's position in the lane.
pub(crate) const POSITION: usize = 1;
/// Word of a claim: since when it is held (monotonic clock, ns).
pub(crate) const SINCE: usize = 2;

/// Minimum number of claims of a table: they fill a page.
pub(crate) const CLAIMS_MIN: u64 = (PAGE_WORDS / CLAIM_WORDS) as u64;

/// Bytes of a table with `claims`.
pub(crate) const fn bytes(claims: u64) -> u64 {
    claims.saturating_mul(CLAIM_WORDS as u64 * 8).saturating_add(PAGE as u64)
}

const _: () = {
    assert!(CLAIMS_MIN == 128);
    assert!(HEADER_WORDS_USED <= CLAIMS, "the header's words lie in its page");
};
