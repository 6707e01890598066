//! Looks at a bus that is not listed as live: whether a participant is alive on it, and whether it can be locked.

use std::fs::TryLockError;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::membership::{has_life, open_control};
use crate::runtime::{Access, BUS_LOCK, Folder, RuntimeFolder, Store, is_bus_name};
use crate::sys::is_not_a_file;

/// State of a folder within the runtime folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remains {
    /// No bus, or not a bus that can be opened: [`gc`](crate::gc) leaves it alone.
    NoBus,
    /// A bus with live participants; also one that can't be listed because its registry was removed.
    Living,
    /// A bus without live participants: [`gc`](crate::gc) removes it.
    Dead,
}

/// Returns the remains of the bus `name`, if there was one. Changes nothing.
#[must_use]
pub fn remains(name: &str) -> Remains {
    let runtime = RuntimeFolder::from_environment();
    let folder = runtime.open(false).and_then(|root| Folder::open(&runtime, Arc::new(root), name, false));
    match folder {
        Ok(folder) if is_bus_name(name) => remains_in(&Store::Folder(Arc::new(folder))),
        _ => Remains::NoBus,
    }
}

pub(super) fn remains_in(store: &Store) -> Remains {
    if has_life(store) {
        return Remains::Living;
    }
    // Somebody may have removed one of the two.
    let was_bus = store.has_lock() || matches!(open_control(store, Access::Look), Ok(Some(_)));
    if was_bus { Remains::Dead } else { Remains::NoBus }
}

/// State of `bus.lock`, under which a bus changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LockLook {
    /// It can be taken, or its state is unknown.
    Free,
    /// Somebody held it for the whole time.
    Held,
    /// It is not a regular file, so nobody can take it: somebody has replaced it.
    NoFile,
}

/// Waits until the lock of the bus `name` is free, for at most `lock_timeout`. Takes it only shared, and for a moment.
#[must_use]
pub fn look_at_lock(name: &str, lock_timeout: Duration) -> LockLook {
    let runtime = RuntimeFolder::from_environment();
    let folder = runtime.open(false).and_then(|root| Folder::open(&runtime, Arc::new(root), name, false));
    let file = match folder.map(|folder| folder.dir().open_file(BUS_LOCK, false)) {
        Ok(Ok(file)) => file,
        Ok(Err(error)) if is_not_a_file(&error) => return LockLook::NoFile,
        _ => return LockLook::Free,
    };
    let begun = Instant::now();
    loop {
        match file.try_lock_shared() {
            Ok(()) => {
                let _: io::Result<()> = file.unlock();
                return LockLook::Free;
            }
            Err(TryLockError::WouldBlock) if begun.elapsed() < lock_timeout => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(TryLockError::WouldBlock) => return LockLook::Held,
            Err(TryLockError::Error(_)) => return LockLook::Free,
        }
    }
}
