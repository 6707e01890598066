//! `p<n>.lock`: held for as long as participant `n` lives. The kernel lets go of it when the process ends, however it ends.

use std::fs::{File, TryLockError};
use std::io;

use crate::sys::Dir;

/// One's own sign of life, until dropped.
#[derive(Debug)]
pub(crate) struct ParticipantLock {
    file: File,
}

impl ParticipantLock {
    /// Takes the slot's lock, or `None` if it is held. Under `bus.lock`.
    pub(crate) fn take(dir: &Dir, slot: usize) -> io::Result<Option<Self>> {
        let file = dir.open_or_create_file(&name(slot))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Removes the slot's file. Under `bus.lock`.
    pub(crate) fn remove(dir: &Dir, slot: usize) -> io::Result<()> {
        dir.remove_file(&name(slot))
    }
}

impl Drop for ParticipantLock {
    fn drop(&mut self) {
        // As in `BusLock`: a forked child may share the open file.
        let _ = self.file.unlock();
    }
}

/// Whether the participant in `slot` lives. Only a lock that could be had proves death; what can't be told counts as life.
pub(crate) fn is_alive(dir: &Dir, slot: usize) -> bool {
    let file = match dir.open_file(&name(slot), false) {
        Ok(file) => file,
        Err(error) => return error.kind() != io::ErrorKind::NotFound,
    };
    match file.try_lock_shared() {
        Ok(()) => {
            let _ = file.unlock();
            false
        }
        Err(_) => true,
    }
}

fn name(slot: usize) -> String {
    format!("p{slot}.lock")
}
