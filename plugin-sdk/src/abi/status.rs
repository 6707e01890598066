//! Numbers that cross the ABI: the outcome of a call, the severity of a log line.

/// How a call across the ABI ended. An unknown number counts as [`Status::FAULT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Status(pub u32);

impl Status {
    /// Done.
    pub const OK: Self = Self(0);
    /// It panicked; the message went to [`HostTable::unwound`](super::HostTable::unwound).
    pub const FAULT: Self = Self(1);
    /// It refused; the reason went to [`HostTable::fault`](super::HostTable::fault).
    pub const REFUSED: Self = Self(2);
    /// No room: a full lane, an exhausted arena.
    pub const FULL: Self = Self(3);
    /// An argument is out of range.
    pub const INVALID: Self = Self(4);
    /// An export returned an error; its code and text went to [`HostTable::failed`](super::HostTable::failed).
    pub const FAILED: Self = Self(5);
    /// A record holds no messages of the subscription's type: bad length, or a `bool` or enum with a number that is no value. Nothing ran.
    pub const MALFORMED: Self = Self(6);
}

/// Severity of a log line, an event or a span. An unknown number counts as [`Level::INFO`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Level(pub u32);

impl Level {
    /// Nothing: below every level.
    pub const OFF: Self = Self(0);
    /// Something failed.
    pub const ERROR: Self = Self(1);
    /// Something is off.
    pub const WARN: Self = Self(2);
    /// Worth knowing.
    pub const INFO: Self = Self(3);
    /// For the author.
    pub const DEBUG: Self = Self(4);
    /// Every step.
    pub const TRACE: Self = Self(5);
}
