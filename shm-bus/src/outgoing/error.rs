//! Why a message was not sent.

use crate::wire::Priority;

/// Why a message was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// A gating inbox has not yet read enough; the message is returned and counted.
    #[error("the lane is full: an inbox has not yet read what the message would overwrite")]
    Full,
    /// The lane of a work queue has no room or no free claim, because sent messages are not done. The message is returned and counted.
    #[error(
        "the queue is full: its lane holds at most {outstanding} unfinished messages or {capacity} bytes; start workers, or raise \
         `QueueLane::outstanding` or `capacity`"
    )]
    QueueFull {
        /// Maximum number of messages that are sent and not done.
        outstanding: u64,
        /// Bytes that they can take, with their headers.
        capacity: u64,
    },
    /// Like `Full` or `QueueFull`, after waiting as long as the topic's policy says, or until the sender gave up.
    #[error("the lane was still full after {timeout_ms} ms: no inbox or worker made room")]
    TimedOut {
        /// Milliseconds waited.
        timeout_ms: u32,
    },
    /// The message exceeds the lane's maximum length.
    #[error("a message of {len} bytes is longer than the lane's {max}")]
    TooLong {
        /// Bytes requested.
        len: usize,
        /// Maximum number of bytes.
        max: usize,
    },
    /// The publisher has no lane of this priority.
    #[error("the publisher declared no lane of priority {}", .0.name())]
    NoLane(Priority),
    /// There is no loan, or it is shorter than the length to commit.
    #[error("no loan of at least {0} bytes is open on this lane")]
    NoLoan(usize),
    /// Somebody else wrote into the lane.
    #[error("another process damaged the lane; create the publisher again")]
    Corrupt,
    /// Others no longer find the bus: its folder, the runtime folder or the registry was deleted, moved or replaced.
    #[error("the bus was removed: its folder was deleted, moved or replaced; open it again")]
    Removed,
    /// This process was forked from the one that opened the bus; only the parent may use its handles.
    #[error("the bus was opened before this process was forked; open it here")]
    Forked,
}
