//! `p<n>.lock`: held for as long as participant `n` lives. The kernel lets go of it when the process ends, however it ends.

use std::fs::{File, TryLockError};
use std::io;
use std::sync::Arc;

use super::memory::Memory;
use super::slot_name;
use crate::crash;
use crate::sys::{Dir, is_not_a_file};

/// One's own sign of life, until dropped.
#[derive(Debug)]
pub(crate) struct ParticipantLock(Held);

#[derive(Debug)]
enum Held {
    File { file: File, process: u32 },
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
            Held::File { file, process } => {
                if *process == std::process::id() {
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
            Ok(Some(ParticipantLock(Held::File { file, process: std::process::id() })))
        }
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Whether the slot's lock is held. What is no file is nobody's lock; what can't be told is held.
pub(super) fn is_held(dir: &Dir, slot: usize) -> bool {
    let file = match dir.open_file(&slot_name(slot), false) {
        Ok(file) => file,
        Err(error) => return error.kind() != io::ErrorKind::NotFound && !is_not_a_file(&error),
    };
    match file.try_lock_shared() {
        Ok(()) => {
            let _ = file.unlock();
            false
        }
        Err(_) => true,
    }
}
