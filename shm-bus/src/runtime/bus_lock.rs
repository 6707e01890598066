//! `bus.lock`: held while a bus is created, changed, cleaned or removed.

use std::fs::{File, TryLockError};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::BUS_LOCK;
use super::memory::BusMemory;
use crate::crash;
use crate::sys::{self, Dir, Origin};

const WAIT_FIRST: Duration = Duration::from_micros(50);
const WAIT_MAX: Duration = Duration::from_millis(2);

/// The lock, held until dropped.
#[derive(Debug)]
#[must_use]
pub(crate) struct BusLock(Held);

#[derive(Debug)]
enum Held {
    File { file: File, origin: Origin },
    Memory(Arc<BusMemory>),
}

/// Why the lock could not be taken.
#[derive(Debug)]
pub(crate) enum LockError {
    /// Somebody held it until the deadline.
    Timeout,
    /// The bus's folder is being, or was, removed: open it again.
    Gone,
    /// A system call failed.
    Io(io::Error),
}

/// Waits for the lock of the bus in `dir`, at most `lock_timeout`; zero means a single attempt.
pub(super) fn acquire(dir: &Dir, lock_timeout: Duration) -> Result<BusLock, LockError> {
    let begun = Instant::now();
    let file = dir.open_or_create_file(BUS_LOCK).map_err(gone_or_io)?;
    let mut wait = WAIT_FIRST;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::Error(error)) => return Err(LockError::Io(error)),
            Err(TryLockError::WouldBlock) if begun.elapsed() >= lock_timeout => return Err(LockError::Timeout),
            Err(TryLockError::WouldBlock) => std::thread::sleep(wait),
        }
        wait = WAIT_MAX.min(wait * 2);
    }
    crash::point();
    let identity = sys::identity(&file);
    let held = BusLock(Held::File { file, origin: Origin::here() });
    let named = dir.identity_in(BUS_LOCK).map_err(LockError::Io)?;
    let same = identity.map(|identity| named == Some(identity));
    match same {
        Ok(true) => Ok(held),
        Ok(false) => Err(LockError::Gone),
        Err(error) => Err(LockError::Io(error)),
    }
}

/// Like [`acquire`], for a bus in memory.
pub(super) fn acquire_in_memory(memory: &Arc<BusMemory>, lock_timeout: Duration) -> Result<BusLock, LockError> {
    if memory.lock(lock_timeout) { Ok(BusLock(Held::Memory(Arc::clone(memory)))) } else { Err(LockError::Timeout) }
}

impl Drop for BusLock {
    fn drop(&mut self) {
        match &self.0 {
            // A forked child shares the open file. So closing alone would not unlock while a child lives, and the child itself, which never
            // had the lock, must not unlock.
            Held::File { file, origin } => {
                if origin.is_here() {
                    let _ = file.unlock();
                    crash::point();
                }
            }
            Held::Memory(memory) => memory.unlock(),
        }
    }
}

fn gone_or_io(error: io::Error) -> LockError {
    if error.kind() == io::ErrorKind::NotFound { LockError::Gone } else { LockError::Io(error) }
}
