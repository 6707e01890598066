//! A bus's segments and locks, in a folder or in this process's memory. Only this module knows the difference.
//!
//! # Failure
//! System errors; in memory only room can be lacking.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::bus_lock::{self, BusLock, LockError};
use super::folder::Folder;
use super::memory::BusMemory;
use super::participant_lock::{self, LockOwner, LockState, ParticipantLock};
use crate::segment::Segment;
use crate::sys;

/// How a segment is mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Read-only, loaded Relaxed only.
    Read,
    /// Like `Read`, for reading a few words: untouched pages are not loaded into memory.
    Peek,
    Write,
    /// Like `Write`, for changing a few words.
    Amend,
    /// For reading by code that also writes; its stores reach nobody (copy-on-write).
    Look,
}

/// See the module.
#[derive(Clone, Debug)]
pub(crate) enum Store {
    Folder(Arc<Folder>),
    Memory(Arc<BusMemory>),
}

impl Store {
    /// Its path, for display and for names of system objects; no two live buses have the same.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Folder(folder) => folder.dir.path(),
            Self::Memory(memory) => memory.path(),
        }
    }

    /// Creates the segment `name`, which must not exist: `len` bytes of zeros. Under the bus's lock.
    pub(crate) fn create(&self, name: &str, len: u64) -> io::Result<Segment> {
        match self {
            Self::Folder(folder) => {
                let made = folder.dir.create_file(name).and_then(|file| {
                    sys::allocate(&file, len)?;
                    Segment::writable(&file, len)
                });
                made.inspect_err(|error| {
                    // An existing file belongs to somebody else.
                    if error.kind() != io::ErrorKind::AlreadyExists {
                        let _ = folder.dir.remove_file(name);
                    }
                })
            }
            Self::Memory(memory) => memory.create(name, len),
        }
    }

    /// Maps the segment `name`, which must have `len` bytes.
    pub(crate) fn open(&self, name: &str, len: u64, access: Access) -> io::Result<Segment> {
        match self {
            Self::Folder(folder) => {
                let file = folder.dir.open_file(name, matches!(access, Access::Write | Access::Amend))?;
                match access {
                    Access::Read => Segment::readable(&file, len),
                    Access::Peek => Segment::sparse(&file, len),
                    Access::Write => Segment::writable(&file, len),
                    Access::Amend => Segment::sparse_writable(&file, len),
                    Access::Look => Segment::private(&file, len),
                }
            }
            Self::Memory(memory) => memory.open(name),
        }
    }

    /// Maps the first page of the segment `name`, whatever its length.
    pub(crate) fn open_first_page(&self, name: &str) -> io::Result<Segment> {
        match self {
            Self::Folder(folder) => Segment::first_page(&folder.dir.open_file(name, false)?),
            Self::Memory(memory) => memory.open(name),
        }
    }

    /// The identity that tells the segment `name` from others that had this name in the same place.
    pub(crate) fn identity(&self, name: &str) -> io::Result<(u64, u64)> {
        match self {
            Self::Folder(folder) => sys::identity(&folder.dir.open_file(name, false)?),
            // In memory nothing is ever created anew.
            Self::Memory(memory) => memory.open(name).map(|_| (0, 0)),
        }
    }

    /// Renames a segment, replacing any with the new name. Under the bus's lock.
    pub(crate) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        match self {
            Self::Folder(folder) => folder.dir.rename(from, to),
            Self::Memory(memory) => memory.rename(from, to),
        }
    }

    /// Removes a segment; a missing one is no error. Existing mappings stay valid. Under the bus's lock.
    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        match self {
            Self::Folder(folder) => folder.dir.remove_file(name),
            Self::Memory(memory) => {
                memory.remove(name);
                Ok(())
            }
        }
    }

    /// Names of all segments and other files, without folders.
    pub(crate) fn names(&self) -> io::Result<Vec<String>> {
        match self {
            Self::Folder(folder) => folder.dir.names(false),
            Self::Memory(memory) => Ok(memory.names()),
        }
    }

    /// Waits for the bus's lock, at most `lock_timeout`; zero means a single attempt.
    pub(crate) fn lock(&self, lock_timeout: Duration) -> Result<BusLock, LockError> {
        match self {
            Self::Folder(folder) => bus_lock::acquire(&folder.dir, lock_timeout),
            Self::Memory(memory) => bus_lock::acquire_in_memory(memory, lock_timeout),
        }
    }

    /// Takes the lock of the owner's slot, or `None` if it is held. Under the bus's lock.
    pub(crate) fn take_slot(&self, owner: LockOwner) -> io::Result<Option<ParticipantLock>> {
        match self {
            Self::Folder(folder) => participant_lock::take(&folder.dir, owner),
            Self::Memory(memory) => Ok(participant_lock::take_in_memory(memory, owner.slot)),
        }
    }

    /// Removes the remains of the slot's lock. Under the bus's lock.
    pub(crate) fn remove_slot(&self, slot: usize) -> io::Result<()> {
        match self {
            Self::Folder(folder) => folder.dir.remove_file(&super::slot_name(slot)),
            Self::Memory(_) => Ok(()),
        }
    }

    /// The state of the lock of the owner's slot, as seen for this owner.
    pub(crate) fn slot_lock(&self, owner: LockOwner) -> LockState {
        match self {
            Self::Folder(folder) => participant_lock::look(&folder.dir, owner),
            Self::Memory(memory) if memory.slot_is_held(owner.slot) => LockState::Held,
            Self::Memory(_) => LockState::Free,
        }
    }

    /// Whether anybody, of any identity, holds the slot's lock.
    pub(crate) fn slot_is_held(&self, slot: usize) -> bool {
        match self {
            Self::Folder(folder) => participant_lock::is_held(&folder.dir, slot),
            Self::Memory(memory) => memory.slot_is_held(slot),
        }
    }

    /// Whether others no longer find the bus whose registry is the file `control`. `false` if unknown.
    pub(crate) fn was_removed(&self, control: (u64, u64)) -> bool {
        match self {
            Self::Folder(folder) => folder.was_removed(control),
            Self::Memory(_) => false,
        }
    }

    /// Whether the file `name` certainly doesn't exist.
    pub(crate) fn lacks(&self, name: &str) -> bool {
        match self {
            Self::Folder(folder) => matches!(folder.dir.identity_in(name), Ok(None)),
            Self::Memory(_) => false,
        }
    }

    /// Whether somebody has ever locked this bus.
    pub(crate) fn has_lock(&self) -> bool {
        match self {
            Self::Folder(folder) => folder.has_lock(),
            Self::Memory(_) => true,
        }
    }

    /// Removes the rest of a bus without segments: its lock and its folder. Under the bus's lock.
    pub(crate) fn remove_lock_and_dir(&self) {
        if let Self::Folder(folder) = self {
            folder.remove_lock_and_dir();
        }
    }

    /// After [`Self::remove_lock_and_dir`], without the lock: removes the folder that all buses share, if it is empty.
    pub(crate) fn remove_root(&self) {
        if let Self::Folder(folder) = self {
            folder.runtime.remove_if_default();
        }
    }
}
