//! The right to change a bus: `bus.lock`, and what a killed holder left behind cleared away.

use std::io;
use std::time::Duration;

use super::{Shared, sweep};
use crate::control::NAME_MAX;
use crate::runtime::{BusLock, LockError};

/// Why a bus could not be changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// Another participant held `bus.lock` for five seconds, probably because it is stopped.
    #[error("bus `{bus}` is being changed by {}, which does not let go of it", holder_text(*holder))]
    Busy {
        /// The bus.
        bus: String,
        /// Process id of the holder, if it said so.
        holder: Option<u32>,
    },
    /// The bus's folder is gone.
    #[error("the folder of bus `{bus}` was removed")]
    Gone {
        /// The bus.
        bus: String,
    },
    /// The system refused.
    #[error("can't {what}")]
    Io {
        /// What was tried.
        what: String,
        /// What the system said.
        source: io::Error,
    },
    /// A name is empty or too long.
    #[error("the name `{name}` has {} bytes, allowed are 1 to {NAME_MAX}", name.len())]
    Name {
        /// The name.
        name: String,
    },
}

impl ChangeError {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}

pub(crate) fn holder_text(holder: Option<u32>) -> String {
    holder.map_or_else(|| "an unknown process".to_owned(), |pid| format!("process {pid}"))
}

/// `bus.lock`, held; entries and files may be changed.
#[derive(Debug)]
#[must_use]
pub(crate) struct Change<'a> {
    shared: &'a Shared,
    _lock: BusLock,
}

impl<'a> Change<'a> {
    /// How long a participant waits for another one's change.
    pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

    /// Waits for the lock, then clears away the dead.
    pub(crate) fn begin(shared: &'a Shared) -> Result<Self, ChangeError> {
        let lock = BusLock::acquire(&shared.dir, Self::PATIENCE).map_err(|error| match error {
            LockError::Timeout => ChangeError::Busy { bus: shared.name.clone(), holder: shared.control.holder() },
            LockError::Gone => ChangeError::Gone { bus: shared.name.clone() },
            LockError::Io(source) => ChangeError::Io { what: "lock `bus.lock`".to_owned(), source },
        })?;
        Ok(Self::with(shared, lock))
    }

    /// Clears away the dead and what is drained, if nobody else is changing the bus right now.
    pub(crate) fn sweep_if_free(shared: &Shared) {
        if let Ok(lock) = BusLock::acquire(&shared.dir, Duration::ZERO) {
            drop(Change::with(shared, lock));
        }
    }

    fn with(shared: &'a Shared, lock: BusLock) -> Self {
        shared.control.set_holder(std::process::id());
        sweep::sweep(&shared.dir, &shared.control);
        Self { shared, _lock: lock }
    }
}

impl Drop for Change<'_> {
    fn drop(&mut self) {
        self.shared.control.set_holder(0);
    }
}

/// Refuses a name that has no place in an entry.
pub(crate) fn text_fits(name: &str) -> Result<(), ChangeError> {
    if (1..=NAME_MAX).contains(&name.len()) { Ok(()) } else { Err(ChangeError::Name { name: name.to_owned() }) }
}
