//! `bus.lock`: held while a bus is made, changed, cleaned or removed.

use std::fs::{File, TryLockError};
use std::io;
use std::time::{Duration, Instant};

use super::BUS_LOCK;
use crate::sys::{self, Dir};

/// The lock, held until dropped.
#[derive(Debug)]
#[must_use]
pub(crate) struct BusLock {
    file: File,
}

/// Why the lock was not had.
#[derive(Debug)]
pub(crate) enum LockError {
    /// Somebody held it past the deadline.
    Timeout,
    /// The bus's folder is being, or was, removed: open it anew.
    Gone,
    /// The system refused.
    Io(io::Error),
}

impl BusLock {
    const WAIT_FIRST: Duration = Duration::from_micros(50);
    const WAIT_MAX: Duration = Duration::from_millis(2);

    /// Waits for the lock of the bus in `dir`, at most `patience`; zero means one try.
    pub(crate) fn acquire(dir: &Dir, patience: Duration) -> Result<Self, LockError> {
        let deadline = Instant::now() + patience;
        let file = dir.open_or_create_file(BUS_LOCK).map_err(gone_or_io)?;
        let mut wait = Self::WAIT_FIRST;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(error)) => return Err(LockError::Io(error)),
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => return Err(LockError::Timeout),
                Err(TryLockError::WouldBlock) => std::thread::sleep(wait),
            }
            wait = Self::WAIT_MAX.min(wait * 2);
        }
        let held = Self { file };
        let named = dir.open_file(BUS_LOCK, false).map_err(gone_or_io)?;
        let same = sys::identity(&named).and_then(|named| Ok(named == sys::identity(&held.file)?));
        match same {
            Ok(true) => Ok(held),
            Ok(false) => Err(LockError::Gone),
            Err(error) => Err(LockError::Io(error)),
        }
    }
}

impl Drop for BusLock {
    fn drop(&mut self) {
        // A forked child may share the open file: closing alone would then not unlock. Failure leaves that to closing.
        let _ = self.file.unlock();
    }
}

fn gone_or_io(error: io::Error) -> LockError {
    if error.kind() == io::ErrorKind::NotFound { LockError::Gone } else { LockError::Io(error) }
}
