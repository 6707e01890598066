//! Why a bus could not be changed.

use std::io;

use crate::control::Process;
use crate::layout::control::NAME_MAX;

/// Why a bus could not be changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// Another participant held `bus.lock` beyond the lock timeout, probably because it is stopped.
    #[error("`bus.lock` of bus `{bus}` was not free in time: {} holds it, and is perhaps stopped", holder_text(*holder))]
    Busy {
        /// The bus.
        bus: String,
        /// The holder, if its lock file names it.
        holder: Option<Process>,
    },
    /// Others no longer find the bus: its folder, the runtime folder or the registry was deleted, moved or replaced.
    #[error("bus `{bus}` was removed: its folder was deleted, moved or replaced; open it again")]
    Removed {
        /// The bus.
        bus: String,
    },
    /// This process was forked from the participant; only the parent may use its handles.
    #[error("bus `{bus}` was opened before this process was forked; open it here")]
    Forked {
        /// The bus.
        bus: String,
    },
    /// The segments of the bus would exceed the byte limit with which it was created.
    #[error("the bus has no room for {bytes} more bytes: {used} of its {max} are in use")]
    Bytes {
        /// Bytes requested.
        bytes: u64,
        /// Bytes of all segments.
        used: u64,
        /// The bus's limit.
        max: u64,
    },
    /// A system call failed.
    #[error("cannot {what}")]
    Io {
        /// What was tried.
        what: String,
        /// The system's error.
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

pub(super) fn holder_text(holder: Option<Process>) -> String {
    holder.map_or_else(|| "an unknown process".to_owned(), |process| process.to_string())
}

/// Refuses a name that doesn't fit into an entry.
pub(crate) fn text_fits(name: &str) -> Result<(), ChangeError> {
    if (1..=NAME_MAX).contains(&name.len()) { Ok(()) } else { Err(ChangeError::Name { name: name.to_owned() }) }
}
