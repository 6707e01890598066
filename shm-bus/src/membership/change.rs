//! The right to change a bus: its lock, and what a killed holder left behind cleared away.
//!
//! # Invariants
//! 1. Dropping a publisher, an inbox or a participant never waits: what it owned is given up, and cleared away by itself if the
//!    lock is free, else by the lock's holder, who looks for such things after letting go: `[GIVEN-UP]`.
//! 2. A change holds the lock of the bus whose register it maps: the file `control` is that register, and lies where others look
//!    for it.

use std::time::Duration;

use super::change_error::ChangeError;
use super::shared::Shared;
use super::sweep;
use crate::runtime::{BusLock, LockError};

/// The bus's lock, held; entries and segments may be changed.
#[derive(Debug)]
#[must_use]
pub(crate) struct Change<'a> {
    shared: &'a Shared,
    /// `None` only while dropping.
    lock: Option<BusLock>,
}

impl<'a> Change<'a> {
    /// How long a participant waits for another one's change, unless told otherwise.
    pub(crate) const PATIENCE: Duration = Duration::from_secs(5);
    /// Looks at what was given up while others change the bus, too.
    pub(super) const ROUNDS_MAX: usize = 64;

    /// Waits for the lock, then clears away the dead.
    pub(crate) fn begin(shared: &'a Shared) -> Result<Self, ChangeError> {
        shared.check()?;
        let lock = shared.lock(shared.patience).map_err(|error| match error {
            LockError::Timeout => ChangeError::Busy { bus: shared.name.clone(), holder: shared.control.holder() },
            LockError::Gone => ChangeError::Removed { bus: shared.name.clone() },
            LockError::Io(source) => ChangeError::Io { what: "lock `bus.lock`".to_owned(), source },
        })?;
        Ok(Self::with(shared, lock))
    }

    /// Clears away the dead and what is drained, if nobody else is changing the bus right now.
    pub(crate) fn sweep_if_free(shared: &Shared) {
        if !shared.is_forked()
            && let Ok(lock) = shared.lock(Duration::ZERO)
        {
            drop(Change::with(shared, lock));
        }
    }

    /// Clears away what was given up, unless somebody holds the lock, who then will.
    pub(crate) fn clear_given_up(shared: &Shared) {
        for _ in 0..Self::ROUNDS_MAX {
            if !shared.control.anything_given_up() {
                return;
            }
            let Ok(lock) = shared.lock(Duration::ZERO) else { return };
            Change::with(shared, lock).end();
        }
    }

    fn with(shared: &'a Shared, lock: BusLock) -> Self {
        shared.control.set_holder(shared.process);
        sweep::sweep(shared.view());
        Self { shared, lock: Some(lock) }
    }

    fn end(&mut self) {
        if self.lock.is_some() {
            self.shared.control.set_holder(0);
        }
        self.lock = None;
    }
}

impl Drop for Change<'_> {
    fn drop(&mut self) {
        if self.lock.is_some() {
            self.end();
            Change::clear_given_up(self.shared);
        }
    }
}
