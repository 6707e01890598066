//! Why a bus could not be opened, entered or looked at.

use std::io;
use std::path::PathBuf;

use super::change_error::holder_text;
use crate::control::{Build, Process, RegistryError};
use crate::sys::DirError;

/// Why a bus could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The name is not a valid bus name.
    #[error(
        "`{name}` is not a valid bus name: allowed are 1 to 64 letters, digits, `-`, `_`, `.`, not beginning with a dot"
    )]
    Name {
        /// The name.
        name: String,
    },
    /// A limit outside of the permitted range.
    #[error("a bus cannot have a limit of {asked} {what}: allowed are {min} to {max}")]
    Range {
        /// Which limit.
        what: &'static str,
        /// The requested limit.
        asked: u64,
        /// The minimum.
        min: u64,
        /// The maximum.
        max: u64,
    },
    /// The bus was created with a limit that differs from the requested one.
    #[error("bus `{name}` was created for at most {on_the_bus} {what}, but {here} were requested")]
    LimitsDiffer {
        /// The bus.
        name: String,
        /// Which limit.
        what: &'static str,
        /// The bus's.
        on_the_bus: u64,
        /// The requested limit.
        here: u64,
    },
    /// The bus has a format, or uses features, that this build does not know.
    #[error("bus `{name}` was created by {made_by}, which is incompatible with {here}")]
    Incompatible {
        /// The bus.
        name: String,
        /// The build that created it, with the features in use.
        made_by: Box<Build>,
        /// This process's build, with the features that it knows.
        here: Box<Build>,
    },
    /// Nobody has opened this bus, or every process that did is gone.
    #[error("no live bus `{name}` in {}", folder.display())]
    NotFound {
        /// The name.
        name: String,
        /// The folder that was searched.
        folder: PathBuf,
    },
    /// The runtime folder or the bus's own is not safe to use.
    #[error(transparent)]
    Dir(#[from] DirError),
    /// Another participant held `bus.lock` beyond the lock timeout, five seconds by default.
    #[error("timed out waiting for `bus.lock` of bus `{name}`: {} holds it, and is perhaps stopped", holder_text(*holder))]
    Busy {
        /// The bus.
        name: String,
        /// The holder, if its lock file names it.
        holder: Option<Process>,
    },
    /// All slots are taken by live participants.
    #[error("bus `{name}` has {max} live participants, which is its maximum")]
    Limit {
        /// The bus.
        name: String,
        /// The bus's limit.
        max: usize,
    },
    /// The bus was removed each time before it could be entered.
    #[error("bus `{name}` was removed and created again several times while it was being opened")]
    Unsettled {
        /// The bus.
        name: String,
    },
    /// Others no longer find the bus of this handle: its folder, the runtime folder or the registry was deleted, moved or replaced.
    #[error("bus `{name}` was removed: its folder was deleted, moved or replaced; open it by its name")]
    Removed {
        /// The bus.
        name: String,
    },
    /// This process was forked from the participant; only the parent may use its handles.
    #[error("bus `{name}` was opened before this process was forked; open it by its name")]
    Forked {
        /// The bus.
        name: String,
    },
    /// A system call failed, or the bus is corrupt.
    #[error("cannot {what} of bus `{name}`")]
    Io {
        /// The bus.
        name: String,
        /// What was tried.
        what: &'static str,
        /// The system's error.
        source: io::Error,
    },
}

impl OpenError {
    /// The error for a registry of the bus `name` that can't be used.
    pub(crate) fn unfit(name: &str, error: RegistryError) -> Self {
        match error {
            RegistryError::Io(source) => Self::Io { name: name.to_owned(), what: "map the registry", source },
            RegistryError::Unfit(both) => {
                let (made_by, here) = (Box::new(both.made_by), Box::new(both.here));
                Self::Incompatible { name: name.to_owned(), made_by, here }
            }
        }
    }
}

/// Whether the error says that a folder doesn't exist.
pub(crate) fn is_missing(error: &DirError) -> bool {
    matches!(error, DirError::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
}
