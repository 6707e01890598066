//! Why a file could not be copied, in words for a person, and how the watcher should react.

use std::io;
use std::path::{Path, PathBuf};

use crate::image::shortage::remedy;

/// Why there is no folder for private copies.
#[derive(Debug, thiserror::Error)]
#[error("cannot create a private folder for images in {}; {}", base.display(), advice(source))]
pub struct StoreError {
    pub(super) base: PathBuf,
    pub(super) source: io::Error,
}

fn advice(error: &io::Error) -> &'static str {
    remedy(error).unwrap_or("make that folder writable, or let TMPDIR name another one at the next start")
}

/// Why a file could not be copied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CopyError {
    /// The file changed, or was replaced, while it was copied.
    #[error("{} changed while it was copied", file.display())]
    Changing {
        /// The watched file.
        file: PathBuf,
    },
    /// The file is empty: its writer has just created it.
    #[error("{} is empty", file.display())]
    Empty {
        /// The watched file.
        file: PathBuf,
    },
    /// The name belongs to something other than a regular file.
    #[error("{} is not a regular file", file.display())]
    NotAFile {
        /// The path.
        file: PathBuf,
    },
    /// The file can't be read.
    #[error("cannot copy {}", file.display())]
    Io {
        /// The watched file.
        file: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The process lacks a resource that copying needs.
    #[error("cannot copy {} now: {remedy}", file.display())]
    Shortage {
        /// The watched file.
        file: PathBuf,
        /// The lacking resource, and advice.
        remedy: &'static str,
        /// The system's error.
        source: io::Error,
    },
    /// The copy can't be written.
    #[error("cannot write a private copy of {} to {}; make room there or let TMPDIR name another folder at the next start", file.display(), folder.display())]
    Write {
        /// The watched file.
        file: PathBuf,
        /// The folder of private copies.
        folder: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The folder of private copies was deleted and can't be created again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl CopyError {
    /// Whether a retry a little later may succeed without any repair.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        match self {
            Self::Changing { .. } | Self::Empty { .. } => true,
            Self::NotAFile { .. } | Self::Shortage { .. } | Self::Write { .. } | Self::Store(_) => false,
            Self::Io { source, .. } => is_passing(source),
        }
    }

    /// Whether the error says nothing about the file's content: a retry may succeed later although nobody touches the file.
    #[must_use]
    pub fn is_of_the_host(&self) -> bool {
        match self {
            Self::Shortage { .. } | Self::Write { .. } | Self::Store(_) => true,
            Self::Changing { .. } | Self::Empty { .. } | Self::NotAFile { .. } => false,
            // A failing disk, or a network folder that doesn't respond.
            Self::Io { source, .. } => !is_passing(source),
        }
    }

    /// Error for the watched `file` that can't be read.
    pub(super) fn unread(file: &Path, source: io::Error) -> Self {
        let file = file.to_path_buf();
        match remedy(&source) {
            Some(remedy) => Self::Shortage { file, remedy, source },
            None => Self::Io { file, source },
        }
    }

    /// Error for a copy of the watched `file` that can't be written to `folder`.
    pub(super) fn unwritten(file: &Path, folder: &Path, source: io::Error) -> Self {
        let (file, folder) = (file.to_path_buf(), folder.to_path_buf());
        match remedy(&source) {
            Some(remedy) => Self::Shortage { file, remedy, source },
            None => Self::Write { file, folder, source },
        }
    }
}

/// Whether an active writer explains this error: the name is missing for a moment, or (Windows) locked.
fn is_passing(error: &io::Error) -> bool {
    const ERROR_SHARING_VIOLATION: i32 = 32;
    const ERROR_LOCK_VIOLATION: i32 = 33;
    let locked = cfg!(windows) && matches!(error.raw_os_error(), Some(ERROR_SHARING_VIOLATION | ERROR_LOCK_VIOLATION));
    locked || matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied)
}
