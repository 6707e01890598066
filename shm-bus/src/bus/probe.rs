//! Tests whether a folder can hold a bus, instead of guessing from its file system's type.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::layout;
use crate::membership::{OpenError, clear, remove_bus};
use crate::runtime::{Access, CONTROL, CONTROL_NEW, Folder, LockError, LockOwner, RuntimeFolder, Store};
use crate::sync::Ordering;

/// No bus can have this name, so it is never listed, opened or collected.
const NAME: &str = ".probe";

/// Briefly creates in the runtime folder what a bus consists of: a folder, locks, and shared memory of the registry's size. Disturbs no
/// bus, and is not listed.
///
/// # Errors
/// The same as [`Bus::open`](crate::Bus::open) would return; see [`OpenError`].
pub fn probe() -> Result<(), OpenError> {
    probe_at(&RuntimeFolder::from_environment())
}

/// Like [`probe`], in the given runtime folder.
///
/// # Errors
/// As for [`probe`].
pub fn probe_in(folder: impl AsRef<Path>) -> Result<(), OpenError> {
    probe_at(&RuntimeFolder::at(folder.as_ref()))
}

fn probe_at(runtime: &RuntimeFolder) -> Result<(), OpenError> {
    let root = Arc::new(runtime.open(true)?);
    let made = root.was_made();
    let probed = Folder::open(runtime, root, NAME, true).map_err(OpenError::from).and_then(|folder| {
        let folder = Arc::new(folder);
        let probed = probe_store(&Store::Folder(Arc::clone(&folder)));
        folder.remove_if_empty();
        probed
    });
    runtime.remove_if(made);
    probed
}

fn probe_store(store: &Store) -> Result<(), OpenError> {
    let failed = |what| move |source| OpenError::Io { name: NAME.to_owned(), what, source };
    let lock = match store.lock(Duration::ZERO) {
        Ok(lock) => lock,
        // Another process runs the same test.
        Err(LockError::Timeout | LockError::Gone) => return Ok(()),
        Err(LockError::Io(source)) => return Err(failed("lock `bus.lock`")(source)),
    };
    // Leftovers of a killed probe.
    clear(store);
    let shares = shares_memory(store).map_err(failed("create the registry"));
    let nobody = LockOwner { register: 0, slot: 0, id: 0 };
    let locks = store.take_slot(nobody).map_err(failed("lock `p0.lock`"));
    remove_bus(store);
    drop(lock);
    shares.and(locks.map(drop))
}

/// Whether a write through one mapping is visible through another.
fn shares_memory(store: &Store) -> io::Result<()> {
    const WORD: u64 = 0x686f_7466_7261_6d65;
    let written = store.create(CONTROL_NEW, layout::control::BYTES)?;
    store.rename(CONTROL_NEW, CONTROL)?;
    let read = store.open(CONTROL, layout::control::BYTES, Access::Read)?;
    // ORDERING: Relaxed, the same thread writes and reads.
    let Some((to, from)) = written.words().last().zip(read.words().last()) else { return Ok(()) };
    to.store(WORD, Ordering::Relaxed);
    if from.load(Ordering::Relaxed) == WORD {
        Ok(())
    } else {
        Err(io::Error::other("a file mapped there by two processes is not shared memory"))
    }
}
