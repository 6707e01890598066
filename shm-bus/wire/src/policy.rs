//! The policy for messages without room in their lane.

/// What a publisher does if a gating inbox has not yet read the messages that a new one would overwrite. Set when a topic is declared, the
/// same for all its publishers and subscribers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Policy {
    /// The message is returned in the error, and counted as rejected.
    #[default]
    Reject,
    /// The publisher waits for room until the timeout; then the message is returned and counted as timed out.
    Block {
        /// Timeout in milliseconds.
        timeout_ms: u32,
    },
    /// The new message is dropped and counted; sending it succeeds.
    DropNewest,
    /// The oldest messages are overwritten; inboxes that had not read them count them as lost.
    DropOldest,
    /// Like `DropOldest`, and a reader skips to the newest message of a lane; skipped messages count as conflated.
    Latest,
    /// The oldest messages are overwritten; an inbox that had not read them leaves the lane, and reports it.
    EvictLaggard,
}

impl Policy {
    /// Name in lower case with dashes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reject => "reject",
            Self::Block { .. } => "block",
            Self::DropNewest => "drop-newest",
            Self::DropOldest => "drop-oldest",
            Self::Latest => "latest",
            Self::EvictLaggard => "evict-laggard",
        }
    }

    /// Whether messages stay until all gating inboxes have read them.
    #[must_use]
    #[inline]
    pub const fn gates(self) -> bool {
        matches!(self, Self::Reject | Self::Block { .. } | Self::DropNewest)
    }

    /// The policy as numbers in a segment: kind, and milliseconds.
    #[must_use]
    pub const fn to_wire(self) -> (u8, u32) {
        match self {
            Self::Reject => (0, 0),
            Self::Block { timeout_ms } => (1, timeout_ms),
            Self::DropNewest => (2, 0),
            Self::DropOldest => (3, 0),
            Self::Latest => (4, 0),
            Self::EvictLaggard => (5, 0),
        }
    }

    /// Inverse of [`Self::to_wire`].
    #[must_use]
    pub const fn from_wire(kind: u8, timeout_ms: u32) -> Option<Self> {
        match kind {
            0 => Some(Self::Reject),
            1 => Some(Self::Block { timeout_ms }),
            2 => Some(Self::DropNewest),
            3 => Some(Self::DropOldest),
            4 => Some(Self::Latest),
            5 => Some(Self::EvictLaggard),
            _ => None,
        }
    }
}
