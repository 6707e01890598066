//! What differs between operating systems, behind one surface.
//!
//! | item | promise |
//! |---|---|
//! | [`Dir`] | an opened folder of this user alone; names in it are resolved below it, never through a link |
//! | [`allocate`] | gives a new file its size, backed by real space where the system can |
//! | [`identity`] | two handles are the same file exactly when these are equal |
//! | [`runtime_root`] | where buses lie unless told otherwise |
//! | [`Sleeper`], [`wake`] | sleeping on a word that other processes change, and waking who does |
//!
//! # Failure
//! [`DirError`] says what about a folder is wrong; everything else is an `io::Error`.

#[cfg_attr(target_os = "linux", path = "sleep_linux.rs")]
#[cfg_attr(target_vendor = "apple", path = "sleep_macos.rs")]
#[cfg_attr(windows, path = "sleep_windows.rs")]
mod sleep;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(crate) use unix::{Dir, allocate, identity, runtime_root};
#[cfg(windows)]
pub(crate) use windows::{Dir, allocate, identity, runtime_root};

pub(crate) use sleep::{Sleeper, wake};

use std::io;
use std::path::{Path, PathBuf};

/// Which bell is meant, for systems that know them by name.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(unix, expect(dead_code, reason = "words are known by their address here"))]
pub(crate) struct BellId<'a> {
    /// The bus's folder.
    pub(crate) folder: &'a Path,
    /// What kind of bell.
    pub(crate) kind: &'static str,
    /// Its index.
    pub(crate) index: usize,
}

/// Why a folder is not used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DirError {
    /// The system refused.
    #[error("can't use folder {}", path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A symbolic link, or no folder at all, lies there.
    #[error("{} is a link or no folder; remove it or choose another", path.display())]
    NotADirectory {
        /// The folder.
        path: PathBuf,
    },
    /// It belongs to another user.
    #[error("folder {} belongs to user {owner}, not to {user}", path.display())]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// Its owner.
        owner: u32,
        /// This process's user.
        user: u32,
    },
    /// Others may change it.
    #[error("folder {} has mode {mode:04o}, but nobody except its owner may write to it (0700)", path.display())]
    Open {
        /// The folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Mapped files are not shared between machines.
    #[error("folder {} is on a network file system, where memory can't be shared", path.display())]
    Network {
        /// The folder.
        path: PathBuf,
    },
}
