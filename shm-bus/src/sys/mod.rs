//! The differences between operating systems, behind one interface.
//!
//! | item | promise |
//! |---|---|
//! | [`Dir`] | an opened folder of this user alone; names in it are resolved below it, never through a link |
//! | [`allocate`] | gives a new file its size, backed by real space where the system can |
//! | [`check_file_limit`] | refuses a file that is longer than this process may write |
//! | [`identity`] | two handles are the same file exactly when these are equal |
//! | [`Seat`] | whether a path still leads to the folder that was opened there |
//! | [`runtime_root`] | default folder of the buses |
//! | `output` | who else writes a file that a tool makes, and where it is now |
//! | [`barrier`] | one thread fences for all that have registered |
//! | [`Sleeper`], [`wake`] | sleeping on a word that other processes change, and waking the sleepers |
//! | [`Birth`], [`has_ended`] | a second proof that a process has ended, where a lock may have outlived it |
//! | [`Origin`] | whether a handle is used in the process that made it, or in a forked child |
//! | [`monotonic_ns`] | a clock that is the same in every process |
//! | [`is_stopped`] | whether a process is stopped, where the system tells |
//!
//! # Failure
//! [`DirError`] says what is wrong with a folder; everything else is an `io::Error`.

#[cfg_attr(target_os = "linux", path = "barrier_linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "barrier_none.rs")]
pub(crate) mod barrier;
#[cfg_attr(target_os = "linux", path = "birth_linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "birth_other.rs")]
mod birth;
#[cfg_attr(unix, path = "clock_unix.rs")]
#[cfg_attr(windows, path = "clock_windows.rs")]
mod clock;
#[cfg_attr(unix, path = "origin_unix.rs")]
#[cfg_attr(not(unix), path = "origin_none.rs")]
mod origin;
#[cfg(feature = "record")]
#[cfg_attr(unix, path = "output_unix.rs")]
#[cfg_attr(not(unix), path = "output_none.rs")]
pub(crate) mod output;
#[cfg_attr(unix, path = "seat_unix.rs")]
#[cfg_attr(not(unix), path = "seat_none.rs")]
mod seat;
#[cfg_attr(target_os = "linux", path = "sleep_linux.rs")]
#[cfg_attr(target_vendor = "apple", path = "sleep_macos.rs")]
#[cfg_attr(windows, path = "sleep_windows.rs")]
mod sleep;
#[cfg(unix)]
mod space_unix;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(crate) use space_unix::{allocate, check_file_limit};
#[cfg(unix)]
pub(crate) use unix::{Dir, identity, runtime_root};
#[cfg(windows)]
pub(crate) use windows::{Dir, allocate, check_file_limit, identity, runtime_root};

pub(crate) use birth::{has_ended, is_stopped};
pub(crate) use clock::monotonic_ns;
pub(crate) use origin::Origin;
pub(crate) use seat::Seat;
pub(crate) use sleep::{Sleeper, wake};

use std::io;
use std::path::{Path, PathBuf};

/// Identifies a bell, for systems on which bells have names.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(unix, expect(dead_code, reason = "words are known by their address here"))]
pub(crate) struct BellId<'a> {
    /// The bus's folder.
    pub(crate) folder: &'a Path,
    /// Kind of the bell.
    pub(crate) kind: &'static str,
    /// Its index.
    pub(crate) index: usize,
}

/// Time of a process's birth, and the namespaces in which its id and that time are valid; each is 0 if unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Birth {
    pub(crate) pid_namespace: u32,
    pub(crate) time_namespace: u32,
    /// Clock ticks after boot, as counted in this time namespace.
    pub(crate) ticks: u64,
}

impl Birth {
    /// Nothing is known.
    pub(crate) const UNKNOWN: Self = Self { pid_namespace: 0, time_namespace: 0, ticks: 0 };
}

/// Renames without replacing anything, for systems without a call for that.
#[cfg(feature = "record")]
fn link_new(from: &Path, to: &Path) -> io::Result<()> {
    match std::fs::hard_link(from, to) {
        Ok(()) => std::fs::remove_file(from),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        // A file system without links: the check is the best that is possible.
        Err(_) if std::fs::symlink_metadata(to).is_ok() => Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => std::fs::rename(from, to),
    }
}

/// Whether an open failed because the entry is no regular file.
pub(crate) fn is_not_a_file(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::InvalidInput
}

/// Why a folder is not used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DirError {
    /// A system call failed.
    #[error("cannot use folder {}; set HOTFRAME_DIR to another one", path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The path is a symbolic link, or no folder.
    #[error("{} is a link or not a folder; remove it, or choose another folder", path.display())]
    NotADirectory {
        /// The folder.
        path: PathBuf,
    },
    /// It belongs to another user.
    #[error("folder {} belongs to user {owner}, not to {user}; set HOTFRAME_DIR to a folder of your own", path.display())]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// Its owner.
        owner: u32,
        /// This process's user.
        user: u32,
    },
    /// Others may change it.
    #[error("folder {} has mode {mode:04o}, but only its owner may write to it; set its mode to 0700", path.display())]
    Open {
        /// The folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Nothing can be created in it.
    #[error("cannot write to folder {}; set HOTFRAME_DIR to a local folder of your own with free space", path.display())]
    Unwritable {
        /// The folder.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// Files in it are views of the kernel, not memory.
    #[error("folder {} is on a kernel file system such as /proc; set HOTFRAME_DIR to an ordinary local folder", path.display())]
    Kernel {
        /// The folder.
        path: PathBuf,
    },
    /// Mapped files are not shared between machines.
    #[error("folder {} is on a network file system, where memory cannot be shared; set HOTFRAME_DIR to a local one", path.display())]
    Network {
        /// The folder.
        path: PathBuf,
    },
}
