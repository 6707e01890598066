//! `lane-<id>`: header page, ring.

use super::{PAGE, PAGE_WORDS};

/// Value of the first word: `HFLANE`, then the major version.
pub(crate) const LANE_MAGIC: u64 = u64::from_le_bytes(*b"HFLANE\x00\x01");

/// Bytes of the smallest ring.
pub(crate) const CAPACITY_MIN: u64 = 4096;
/// Bytes of the largest ring.
pub(crate) const CAPACITY_MAX: u64 = 1 << 30;

/// The lane's id.
pub(crate) const ID: usize = 1;
/// Bytes of the ring.
pub(crate) const CAPACITY: usize = 2;
/// The first intact record's position.
pub(crate) const OLDEST: usize = 8;
/// The writer's position.
pub(crate) const HEAD: usize = 16;
/// Messages committed so far.
pub(crate) const SENT: usize = 17;
/// The start of the newest message, in lanes whose readers skip to it.
pub(crate) const LATEST: usize = 18;

/// A writer's counter, as the index of its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tally {
    /// Messages returned because there was no room, they were too long, or the lane is corrupt.
    Rejected = 24,
    /// Readers that stopped gating because their cursor was impossible.
    Faulty = 25,
    /// New messages that were dropped because there was no room.
    Dropped = 26,
    /// Messages returned after waiting for room.
    TimedOut = 27,
    /// Messages that had to wait for room.
    Waited = 28,
    /// Inboxes woken.
    Wakes = 29,
    /// Most bytes that the slowest gating reader was behind when room was made.
    HighWater = 30,
}

/// Words of the header page that are in use.
pub(crate) const HEADER_WORDS_USED: usize = Tally::HighWater as usize + 1;
/// The ring's first word.
pub(crate) const RING: usize = PAGE_WORDS;

/// Bytes of a lane with a ring of `capacity`.
pub(crate) const fn bytes(capacity: u64) -> u64 {
    capacity.saturating_add(PAGE as u64)
}

const _: () = assert!(HEADER_WORDS_USED <= RING, "the header's words lie in its page");
