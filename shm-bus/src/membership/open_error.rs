//! Why a bus could not be opened, entered or looked at.

use std::io;
use std::path::PathBuf;

use super::change_error::holder_text;
use crate::control::{Build, Process, RegisterError};
use crate::sys::DirError;

/// Why a bus could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Not a name for a bus.
    #[error("`{name}` is no bus name: 1 to 64 letters, digits, `-`, `_`, `.`, not beginning with a dot")]
    Name {
        /// The name.
        name: String,
    },
    /// A limit that no bus can have.
    #[error("a bus can't have a limit of {asked} {what}: allowed are {min} to {max}")]
    Range {
        /// Which limit.
        what: &'static str,
        /// What was asked for.
        asked: u64,
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// The bus was made with another limit than this participant asks for.
    #[error("bus `{name}` was made for at most {on_the_bus} {what}, here it is {here}")]
    LimitsDiffer {
        /// The bus.
        name: String,
        /// Which limit.
        what: &'static str,
        /// The bus's.
        on_the_bus: u64,
        /// What was asked for.
        here: u64,
    },
    /// The bus is of a format, or uses features, that this build does not know.
    #[error("bus `{name}` was made by {made_by}, which does not fit {here}")]
    Incompatible {
        /// The bus.
        name: String,
        /// Who made it, with the features in use.
        made_by: Box<Build>,
        /// This process, with the features it knows.
        here: Box<Build>,
    },
    /// Nobody has opened this bus, or all that had are gone.
    #[error("no live bus `{name}` in {}", folder.display())]
    NotFound {
        /// The name.
        name: String,
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// The runtime folder or the bus's own is not safe to use.
    #[error(transparent)]
    Dir(#[from] DirError),
    /// Another participant held `bus.lock` for too long, five seconds unless told otherwise.
    #[error("bus `{name}` is being changed by {}, which does not let go of it", holder_text(*holder))]
    Busy {
        /// The bus.
        name: String,
        /// The holder, if it said so.
        holder: Option<Process>,
    },
    /// All slots are taken by live participants.
    #[error("bus `{name}` has {max} live participants, which is the most it holds")]
    Limit {
        /// The bus.
        name: String,
        /// The bus's limit.
        max: usize,
    },
    /// The bus went away each time it was about to be entered.
    #[error("bus `{name}` was removed and made anew again and again while it was being opened")]
    Unsettled {
        /// The bus.
        name: String,
    },
    /// Others no longer find the bus of this handle: its folder, the runtime folder or the register was deleted, moved or replaced.
    #[error("bus `{name}` was removed: its folder was deleted, moved or replaced; open it by its name")]
    Removed {
        /// The bus.
        name: String,
    },
    /// This process was forked from the participant; only that may use its handles.
    #[error("bus `{name}` was opened before this process was forked; open it by its name")]
    Forked {
        /// The bus.
        name: String,
    },
    /// The system refused, or the bus is spoilt.
    #[error("can't {what} of bus `{name}`")]
    Io {
        /// The bus.
        name: String,
        /// What was tried.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl OpenError {
    /// Why the register of the bus `name` can't be used.
    pub(crate) fn unfit(name: &str, error: RegisterError) -> Self {
        match error {
            RegisterError::Io(source) => Self::Io { name: name.to_owned(), what: "map the register", source },
            RegisterError::Unfit(both) => {
                let (made_by, here) = (Box::new(both.made_by), Box::new(both.here));
                Self::Incompatible { name: name.to_owned(), made_by, here }
            }
        }
    }
}

/// Whether a folder is not there.
pub(crate) fn is_missing(error: &DirError) -> bool {
    matches!(error, DirError::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
}
