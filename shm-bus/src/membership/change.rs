//! The right to change a bus: its lock, and the cleanup after a killed holder.
//!
//! # Invariants
//! 1. Dropping a publisher, an inbox or a participant never waits. It marks what it owned as abandoned, and cleans it up itself if the lock
//!    is free. Otherwise the lock's holder does, which looks for abandoned entries after releasing the lock: `[ABANDONED]`.
//! 2. While a change holds `bus.lock`, the file `control` under the bus's name is the registry that it has mapped.

use std::time::Duration;

use super::change_error::ChangeError;
use super::shared::Shared;
use super::sweep;
use crate::control::Abandoned;
use crate::runtime::{BusLock, LockError};

/// The bus's lock, held; entries and segments may be changed.
#[derive(Debug)]
#[must_use]
pub(crate) struct Change<'a> {
    shared: &'a Shared,
    /// `None` once it has ended.
    lock: Option<BusLock>,
}

impl<'a> Change<'a> {
    /// Default lock timeout: how long a participant waits for another one's change.
    pub(crate) const LOCK_TIMEOUT: Duration = Duration::from_secs(5);
    /// Maximum number of looks for abandoned entries while others change the bus, too.
    pub(super) const ROUNDS_MAX: usize = 64;

    /// Waits for the lock, at most `lock_timeout`, then removes what dead participants left.
    pub(crate) fn begin(shared: &'a Shared, lock_timeout: Duration) -> Result<Self, ChangeError> {
        shared.check()?;
        let lock = shared.lock(lock_timeout).map_err(|error| match error {
            LockError::Timeout => ChangeError::Busy { bus: shared.name.clone(), holder: shared.control.holder() },
            LockError::Gone => ChangeError::Removed { bus: shared.name.clone() },
            LockError::Io(source) => ChangeError::Io { what: "lock `bus.lock`".to_owned(), source },
        })?;
        Ok(Self::with(shared, lock))
    }

    /// Removes what dead participants left and lanes that are drained, unless somebody else is changing the bus right now.
    pub(crate) fn sweep_if_free(shared: &Shared) {
        if !shared.is_forked()
            && let Ok(lock) = shared.lock(Duration::ZERO)
        {
            drop(Change::with(shared, lock));
        }
    }

    /// Abandons `entries`, given with their ids, for an owner that is being dropped. Leaves out those that are no longer its own. Never
    /// waits; does nothing in a forked child, where they belong to the parent.
    pub(crate) fn abandon(shared: &Shared, entries: impl IntoIterator<Item = (Abandoned, u64)>) {
        if shared.is_forked() {
            return;
        }
        for (what, id) in entries {
            if shared.control.has_id(what, id) {
                shared.control.abandon(what);
            }
        }
        Self::clear_abandoned(shared);
    }

    /// Cleans up abandoned entries, unless somebody holds the lock; then the holder does.
    pub(crate) fn clear_abandoned(shared: &Shared) {
        for _ in 0..Self::ROUNDS_MAX {
            if !shared.control.anything_abandoned() {
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
        self.shared.control.set_holder(0);
        self.lock = None;
    }
}

impl Drop for Change<'_> {
    fn drop(&mut self) {
        if self.lock.is_some() {
            self.end();
            Change::clear_abandoned(self.shared);
        }
    }
}
