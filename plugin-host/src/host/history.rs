//! The last changes of a plugin, for [`Host::status`](super::Host::status).

use std::time::{Duration, Instant};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct History {
    /// The last load or swap.
    pub(super) swap: Option<Swap>,
    /// The last refusal, until its file is accepted or holds the running build again.
    pub(super) refusal: Option<(Instant, String)>,
    /// Why its file could not be tried, until it was.
    pub(super) postponed: Option<String>,
}

/// A load or swap.
#[derive(Clone, Copy, Debug)]
pub(super) struct Swap {
    pub(super) at: Instant,
    /// How long it held the frame edge.
    pub(super) held: Duration,
    /// The generation before it; 0 for a load.
    pub(super) from: u32,
}

impl History {
    pub(super) fn accepted(&mut self, from: u32, held: Duration) {
        self.swap = Some(Swap { at: Instant::now(), held, from });
        self.refusal = None;
    }

    pub(super) fn refused(&mut self, reason: &str) {
        self.refusal = Some((Instant::now(), reason.to_owned()));
    }

    /// The present file is no reason for complaints any more: it holds the running build, or is gone.
    pub(super) fn settled(&mut self) {
        self.refusal = None;
    }
}
