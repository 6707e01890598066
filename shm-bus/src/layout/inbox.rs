//! `inbox-<id>`: header page, then a cache line for each entry of the lane table.

use super::PAGE_WORDS;
use super::control::{INBOXES_MAX, LANES_MAX};

/// Value of the first word: `HFINBX`, then the major version.
pub(crate) const INBOX_MAGIC: u64 = u64::from_le_bytes(*b"HFINBX\x00\x01");

/// The inbox's id.
pub(crate) const ID: usize = 1;

/// An inbox's counter, as the index of its word.
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

/// Counter of a client's requests, as the index of its word.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ClientCount {
    Sent = 16,
    Answered = 17,
    Expired = 18,
    Cancelled = 19,
    Lost = 20,
    Late = 21,
    Strange = 22,
    Refused = 23,
}

/// Counter of a server's requests, as the index of its word.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ServerCount {
    Served = 24,
    Answered = 25,
    Expired = 26,
    Cancelled = 27,
    CancelsLate = 28,
    Malformed = 29,
    Unanswerable = 30,
    Overflowed = 31,
    Undelivered = 32,
}

/// First word of a server's list of requests without a way back: for each index of the table of inboxes, the client's id and the
/// correlation.
pub(crate) const UNANSWERABLE: usize = 64;
/// Words of one entry of that list.
pub(crate) const UNANSWERABLE_WORDS: usize = 2;

/// First word of the lines, one for each index of the lane table.
pub(crate) const LINES: usize = PAGE_WORDS;
/// Words of a line.
pub(crate) const LINE_WORDS: usize = 8;
/// Word of a line: the cursor in that lane.
pub(crate) const CURSOR: usize = 0;

/// An inbox's counter for one lane, as the index of the word in its line.
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

/// Bytes of an inbox.
pub(crate) const BYTES: u64 = 8 * (LINES + LANES_MAX * LINE_WORDS) as u64;

const _: () = {
    assert!(BYTES == 20480);
    assert!((ServerCount::Undelivered as usize) < UNANSWERABLE);
    assert!(UNANSWERABLE + UNANSWERABLE_WORDS * INBOXES_MAX <= LINES, "the header's words lie in its page");
};
