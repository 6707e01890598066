//! `p<n>.lock`: held for as long as participant `n` lives. The kernel lets go of it when the process ends, however it ends.
//!
//! The file holds its own inode, which a copy or a new file of this name does not: only the file that the participant has locked
//! can prove that it let go.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::sync::Arc;

use super::memory::Memory;
use super::slot_name;
use crate::crash;
use crate::sys::{Dir, Origin, check_file_limit, identity, is_not_a_file};

/// What the lock of a slot says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LockState {
    /// Somebody has it, or it can't be told.
    Held,
    /// Nobody has it.
    Free,
    /// Nothing, as there is no such file, or one that is no participant's.
    Missing,
}

/// One's own sign of life, until dropped.
#[derive(Debug)]
pub(crate) struct ParticipantLock(Held);

#[derive(Debug)]
enum Held {
    File { file: File, origin: Origin },
    Memory { memory: Arc<Memory>, slot: usize },
}

impl ParticipantLock {
    pub(super) const fn in_memory(memory: Arc<Memory>, slot: usize) -> Self {
        Self(Held::Memory { memory, slot })
    }
}

impl Drop for ParticipantLock {
    fn drop(&mut self) {
        match &self.0 {
            // As in `BusLock`: a forked child shares the open file.
            Held::File { file, origin } => {
                if origin.is_here() {
                    let _ = file.unlock();
                    crash::point();
                }
            }
            Held::Memory { memory, slot } => memory.free_slot(*slot),
        }
    }
}

/// Takes the slot's lock, or `None` if it is held. Under `bus.lock`.
pub(super) fn take(dir: &Dir, slot: usize) -> io::Result<Option<ParticipantLock>> {
    let name = slot_name(slot);
    let file = match dir.open_or_create_file(&name) {
        Err(error) if is_not_a_file(&error) => {
            dir.remove_file(&name)?;
            dir.open_or_create_file(&name)?
        }
        file => file?,
    };
    match file.try_lock() {
        Ok(()) => {
            crash::point();
            sign(&file)?;
            Ok(Some(ParticipantLock(Held::File { file, origin: Origin::here() })))
        }
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Writes into a lock which file it is. Who holds it alone.
fn sign(mut file: &File) -> io::Result<()> {
    let (_, inode) = identity(file)?;
    check_file_limit(size_of_val(&inode) as u64)?;
    file.rewind()?;
    file.write_all(&inode.to_le_bytes())?;
    crash::point();
    Ok(())
}

/// Whether that is the very file that a participant has signed.
fn is_signed(mut file: &File) -> bool {
    let mut inode = [0; 8];
    let signed = file.read_exact(&mut inode).map(|()| u64::from_le_bytes(inode));
    // A file that can't be read may be signed, but an empty one is not.
    signed.map_or_else(
        |error| error.kind() != io::ErrorKind::UnexpectedEof,
        |signed| identity(file).is_ok_and(|(_, inode)| inode == signed),
    )
}

/// What the slot's lock says.
pub(super) fn look(dir: &Dir, slot: usize) -> LockState {
    let file = match dir.open_file(&slot_name(slot), false) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound || is_not_a_file(&error) => return LockState::Missing,
        Err(_) => return LockState::Held,
    };
    if file.try_lock_shared().is_err() {
        return LockState::Held;
    }
    let state = if is_signed(&file) { LockState::Free } else { LockState::Missing };
    let _ = file.unlock();
    state
}
