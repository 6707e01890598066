//! Sleeps until there is work.
//!
//! # Invariants
//! 1. Before it sleeps, a worker has set its bit in its queue's interest mask, armed its bell, and looked once more: `[BELL]`.
//! 2. It looks again after at most 10 ms, even if another worker was rung and did nothing; it then also checks for dead holders and reports
//!    its heartbeat.

use std::time::{Duration, Instant};

use super::{TakeError, Worker};
use crate::bell;
use crate::sync::Ordering;
use crate::sys::{BellId, Sleeper};

impl Worker {
    /// Sleeps until there is work. Another worker may take it first.
    ///
    /// # Errors
    /// See [`TakeError`].
    pub fn wait(&mut self) -> Result<(), TakeError> {
        self.wait_until(None).map(|_| ())
    }

    /// Sleeps until there is work, at most `timeout`. Returns whether there is; another worker may take it first.
    ///
    /// # Errors
    /// See [`TakeError`].
    pub fn wait_timeout(&mut self, timeout: Duration) -> Result<bool, TakeError> {
        self.wait_until(Instant::now().checked_add(timeout))
    }

    fn wait_until(&mut self, deadline: Option<Instant>) -> Result<bool, TakeError> {
        self.refuse_forked()?;
        self.give_back_held();
        self.shared.beat();
        loop {
            self.refresh()?;
            if self.finds_something() {
                return Ok(true);
            }
            self.found_nothing()?;
            if !self.park(deadline)? {
                return Ok(false);
            }
        }
    }

    /// Sleeps until something changes, at most until `deadline`. `false` at the deadline.
    fn park(&mut self, deadline: Option<Instant>) -> Result<bool, TakeError> {
        let shared = std::sync::Arc::clone(&self.shared);
        if !self.rings {
            // ORDERING: Relaxed, ordered by the fence of [BELL].
            shared.control.interest(self.topic).fetch_or(1 << self.index, Ordering::Relaxed);
            self.rings = true;
        }
        let id = BellId { folder: shared.store.path(), kind: "inbox", index: self.index };
        let sleeper = Sleeper::new(id).map_err(TakeError::Sleep)?;
        self.passes_on = true;
        let bell = shared.control.doorbell(self.index).bell();
        let epoch = self.epoch;
        let waited = bell::wait(bell, &sleeper, deadline, || {
            shared.beat();
            Some(shared.control.epoch()) != epoch || self.finds_something() || shared.look_if_removed()
        });
        Ok(waited.found)
    }

    fn finds_something(&mut self) -> bool {
        self.something_waits() || (self.inspection_is_due() && self.inspect())
    }
}
