//! Counters of clients and servers: words in the header page of their own inbox's file, which anybody who maps it can read. They are in
//! [`layout`](crate::layout::inbox).
//!
//! # Invariants
//! 1. An inbox belongs to a client, to a server, or to neither; only its owner writes here.

use crate::inbox_file::InboxFile;
use crate::layout::inbox::{ClientCount, ServerCount};
use crate::sync::Ordering;

impl ClientCount {
    /// Adds one. Called only by the inbox's owner.
    #[inline]
    pub(super) fn count_in(self, file: &InboxFile) {
        add(file, self as usize);
    }
}

impl ServerCount {
    /// Like [`ClientCount::count_in`].
    #[inline]
    pub(super) fn count_in(self, file: &InboxFile) {
        add(file, self as usize);
    }
}

/// A client's counters so far. Each request sent is answered, expired, cancelled, lost, or in flight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientCounts {
    /// Requests sent.
    pub sent: u64,
    /// Answers returned, refusals included.
    pub answered: u64,
    /// The part of `answered` that only says why the request was not done.
    pub refused: u64,
    /// Requests given up at their deadline.
    pub expired: u64,
    /// Requests cancelled.
    pub cancelled: u64,
    /// Requests whose server left or could not answer, or whose answer could not be received.
    pub lost: u64,
    /// Answers that arrived when nobody waited for them any more.
    pub late: u64,
    /// Messages on the response topic that were no answers.
    pub strange: u64,
}

impl ClientCounts {
    pub(crate) fn of(file: &InboxFile) -> Self {
        let of = |count: ClientCount| figure(file, count as usize);
        Self {
            sent: of(ClientCount::Sent),
            answered: of(ClientCount::Answered),
            refused: of(ClientCount::Refused),
            expired: of(ClientCount::Expired),
            cancelled: of(ClientCount::Cancelled),
            lost: of(ClientCount::Lost),
            late: of(ClientCount::Late),
            strange: of(ClientCount::Strange),
        }
    }
}

/// A server's counters so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerCounts {
    /// Requests passed on to be run.
    pub served: u64,
    /// Answers sent, of any status.
    pub answered: u64,
    /// Requests not run because their deadline had passed.
    pub expired: u64,
    /// Requests not run because they were cancelled.
    pub cancelled: u64,
    /// Cancels that arrived after their request was read, or that exceeded the number of remembered cancels.
    pub cancels_late: u64,
    /// Messages that were no valid request or cancel.
    pub malformed: u64,
    /// Requests not run because their client was gone or could not be answered.
    pub unanswerable: u64,
    /// Answers lost because their client had not read its earlier ones.
    pub overflowed: u64,
    /// Answers lost because their client was gone.
    pub undelivered: u64,
}

impl ServerCounts {
    pub(crate) fn of(file: &InboxFile) -> Self {
        let of = |count: ServerCount| figure(file, count as usize);
        Self {
            served: of(ServerCount::Served),
            answered: of(ServerCount::Answered),
            expired: of(ServerCount::Expired),
            cancelled: of(ServerCount::Cancelled),
            cancels_late: of(ServerCount::CancelsLate),
            malformed: of(ServerCount::Malformed),
            unanswerable: of(ServerCount::Unanswerable),
            overflowed: of(ServerCount::Overflowed),
            undelivered: of(ServerCount::Undelivered),
        }
    }
}

fn figure(file: &InboxFile, word: usize) -> u64 {
    // ORDERING: Relaxed, a figure.
    file.figure(word).load(Ordering::Relaxed)
}

#[inline]
fn add(file: &InboxFile, word: usize) {
    let word = file.figure(word);
    // ORDERING: Relaxed, a figure with a single writer.
    word.store(word.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
}
