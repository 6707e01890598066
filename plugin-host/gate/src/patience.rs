//! How long a thread waits for a gate.

use std::time::{Duration, Instant};

/// How long a thread waits for a gate. Only a thread that has to wait looks at the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Until it is free.
    Forever,
    /// Until this instant.
    Until(Instant),
    /// So long from the moment at which it begins to wait.
    For(Duration),
}

impl Patience {
    /// The wait begins, unless it has begun already.
    pub(crate) fn begin(self) -> Self {
        match self {
            Self::For(time) => Instant::now().checked_add(time).map_or(Self::Forever, Self::Until),
            other => other,
        }
    }

    /// Whether a wait that has begun is over.
    pub(crate) fn is_over(self) -> bool {
        matches!(self, Self::Until(end) if Instant::now() >= end)
    }
}
