//! `p<n>.lock`: held while participant `n` lives. The kernel releases it when the process ends, however it ends.
//!
//! The file contains its own inode and its owner's signature. A copy has another inode, and a renamed lock belongs to another participant.
//! Only the file that this participant itself has locked can prove that the lock was released.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::sync::Arc;

use super::memory::BusMemory;
use super::slot_name;
use crate::crash;
use crate::layout::lock;
use crate::sys::{Dir, Origin, check_file_limit, identity, is_not_a_file};

/// State of a slot's lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LockState {
    /// Somebody holds it, or its state is unknown.
    Held,
    /// Nobody holds it.
    Free,
    /// Another participant's lock, and held: it was renamed.
    Foreign,
    /// There is no such file, or it is not this participant's.
    Missing,
}

/// The owner of a lock file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LockOwner {
    /// Inode of its bus's registry: ids are valid in one bus only.
    pub(crate) register: u64,
    /// The slot, which the file's name also contains.
    pub(crate) slot: usize,
    /// The participant's id.
    pub(crate) id: u64,
}

/// Contents of a lock file.
type Signature = [u8; lock::WORDS * 8];

impl LockOwner {
    fn signature(self, inode: u64) -> Signature {
        let mut signature = [0; lock::WORDS * 8];
        let words = [
            (lock::FILE, inode),
            (lock::REGISTRY, self.register),
            (lock::SLOT, self.slot as u64),
            (lock::PARTICIPANT, self.id),
        ];
        for (index, word) in words {
            signature[index * 8..][..8].copy_from_slice(&word.to_le_bytes());
        }
        signature
    }
}

/// This participant's own lock, held until dropped.
#[derive(Debug)]
pub(crate) struct ParticipantLock(Held);

#[derive(Debug)]
enum Held {
    File { file: File, origin: Origin },
    Memory { memory: Arc<BusMemory>, slot: usize },
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

/// Takes the lock of the owner's slot, or `None` if it is held. Under `bus.lock`.
pub(super) fn take(dir: &Dir, owner: LockOwner) -> io::Result<Option<ParticipantLock>> {
    let name = slot_name(owner.slot);
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
            sign(&file, owner)?;
            Ok(Some(ParticipantLock(Held::File { file, origin: Origin::here() })))
        }
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Like [`take`], for a bus in memory.
pub(super) fn take_in_memory(memory: &Arc<BusMemory>, slot: usize) -> Option<ParticipantLock> {
    memory.take_slot(slot).then(|| ParticipantLock(Held::Memory { memory: Arc::clone(memory), slot }))
}

/// Writes a lock's inode and owner into it. The caller holds it exclusively.
fn sign(mut file: &File, owner: LockOwner) -> io::Result<()> {
    let (_, inode) = identity(file)?;
    let signature = owner.signature(inode);
    check_file_limit(signature.len() as u64)?;
    file.rewind()?;
    file.write_all(&signature)?;
    crash::point();
    Ok(())
}

/// The signer of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signer {
    /// The expected owner.
    Owner,
    /// Another participant, of this bus or of another one.
    Other,
    /// Nobody: it is a new file or a copy.
    Nobody,
    /// The file can't be read.
    Untold,
}

fn signer(mut file: &File, owner: LockOwner) -> Signer {
    let mut signature: Signature = [0; lock::WORDS * 8];
    match file.read_exact(&mut signature) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Signer::Nobody,
        Err(_) => return Signer::Untold,
        Ok(()) => {}
    }
    let Ok((_, inode)) = identity(file) else { return Signer::Untold };
    match signature {
        signature if signature == owner.signature(inode) => Signer::Owner,
        signature if signature[lock::FILE * 8..].starts_with(&inode.to_le_bytes()) => Signer::Other,
        _ => Signer::Nobody,
    }
}

/// The state of the lock of the owner's slot, as seen for this owner.
pub(super) fn look(dir: &Dir, owner: LockOwner) -> LockState {
    let file = match open(dir, owner.slot) {
        Ok(file) => file,
        Err(state) => return state,
    };
    if file.try_lock_shared().is_err() {
        // Between being taken and signed, a lock is empty or has its former owner's signature.
        return if signer(&file, owner) == Signer::Other { LockState::Foreign } else { LockState::Held };
    }
    // A file that can't be read may be signed.
    let is_owners = matches!(signer(&file, owner), Signer::Owner | Signer::Untold);
    let _ = file.unlock();
    if is_owners { LockState::Free } else { LockState::Missing }
}

/// Whether anybody, of any identity, holds the lock of the slot.
pub(super) fn is_held(dir: &Dir, slot: usize) -> bool {
    match open(dir, slot) {
        Ok(file) => file.try_lock_shared().is_err(),
        Err(state) => state == LockState::Held,
    }
}

/// Opens a slot's lock; otherwise returns the resulting state.
fn open(dir: &Dir, slot: usize) -> Result<File, LockState> {
    dir.open_file(&slot_name(slot), false).map_err(|error| {
        let is_missing = error.kind() == io::ErrorKind::NotFound || is_not_a_file(&error);
        if is_missing { LockState::Missing } else { LockState::Held }
    })
}
