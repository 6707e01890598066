//! Segments and lock owners of a bus without a name, which exists in one process.
//!
//! Reports whether a lock was taken. The caller has to release it; see `BusLock` and `ParticipantLock`.
//!
//! # Invariants
//! 1. `slots` has a bit for each live participant.
//! 2. No code panics while it borrows the state; a poisoned lock would still contain a consistent state.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::segment::Segment;

/// See the module.
#[derive(Debug)]
pub(crate) struct BusMemory {
    path: PathBuf,
    state: Mutex<State>,
    /// Signalled when the lock is released.
    free: Condvar,
}

#[derive(Debug, Default)]
struct State {
    segments: BTreeMap<String, Segment>,
    /// The bus's lock is held.
    locked: bool,
    slots: u64,
}

impl BusMemory {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let path = format!("anonymous-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Self { path: path.into(), state: Mutex::default(), free: Condvar::new() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn create(&self, name: &str, len: u64) -> io::Result<Segment> {
        let segment = Segment::anonymous(len)?;
        match self.state().segments.entry(name.to_owned()) {
            std::collections::btree_map::Entry::Occupied(_) => Err(io::ErrorKind::AlreadyExists.into()),
            std::collections::btree_map::Entry::Vacant(entry) => Ok(entry.insert(segment).share()),
        }
    }

    pub(super) fn open(&self, name: &str) -> io::Result<Segment> {
        self.state().segments.get(name).map(Segment::share).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(super) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        let segment = state.segments.remove(from).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        state.segments.insert(to.to_owned(), segment);
        Ok(())
    }

    pub(super) fn remove(&self, name: &str) {
        self.state().segments.remove(name);
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.state().segments.keys().cloned().collect()
    }

    /// Waits for the bus's lock, at most `lock_timeout`. Returns whether the caller now holds it.
    pub(super) fn lock(&self, lock_timeout: Duration) -> bool {
        let waited = self.free.wait_timeout_while(self.state(), lock_timeout, |state| state.locked);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        !std::mem::replace(&mut state.locked, true)
    }

    pub(super) fn unlock(&self) {
        self.state().locked = false;
        self.free.notify_one();
    }

    /// Takes the slot unless somebody holds it. Returns whether the caller now holds it.
    pub(super) fn take_slot(&self, slot: usize) -> bool {
        let mut state = self.state();
        let is_free = state.slots >> slot & 1 == 0;
        state.slots |= 1 << slot;
        is_free
    }

    pub(super) fn free_slot(&self, slot: usize) {
        self.state().slots &= !(1 << slot);
    }

    pub(super) fn slot_is_held(&self, slot: usize) -> bool {
        self.state().slots >> slot & 1 == 1
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
