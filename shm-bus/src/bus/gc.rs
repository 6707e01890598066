//! Removes buses whose participants were all killed.
//!
//! # Invariants
//! 1. Nothing is waited for, and no lock of a live bus is taken: a bus is locked only after it looked dead, and is checked again before it
//!    is removed.
//! 2. A folder with neither `bus.lock` nor a registry was never a bus, and is left alone.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::list::ListError;
use super::remains::{Remains, remains_in};
use crate::membership::{has_life, remove_bus};
use crate::runtime::{Folder, RuntimeFolder, Store, is_bus_name};
use crate::sys::{Dir, DirError};

/// Removes the buses in the runtime folder whose participants were all killed, and returns their names, sorted.
///
/// # Errors
/// See [`ListError`]. A folder that does not exist is no error: it contains no bus.
pub fn gc() -> Result<Vec<String>, ListError> {
    gc_at(&RuntimeFolder::from_environment())
}

/// Like [`gc`], in the given runtime folder.
///
/// # Errors
/// As for [`gc`].
pub fn gc_in(folder: impl AsRef<Path>) -> Result<Vec<String>, ListError> {
    gc_at(&RuntimeFolder::at(folder.as_ref()))
}

fn gc_at(runtime: &RuntimeFolder) -> Result<Vec<String>, ListError> {
    let root = match runtime.open(false) {
        Err(DirError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        root => Arc::new(root?),
    };
    let mut names = root.names(true)?;
    names.retain(|name| remove_dead(runtime, &root, name));
    names.sort();
    runtime.remove_if_default();
    Ok(names)
}

/// Checks a few other buses while `opening` is being opened. Failures are left to others to report.
pub(super) fn opportunistically(runtime: &RuntimeFolder, root: &Arc<Dir>, opening: &str) {
    /// Maximum number of buses checked; a user with more can call [`gc`].
    const LOOKS_MAX: usize = 16;
    let mut names = root.names(true).unwrap_or_default();
    names.retain(|name| name != opening);
    // Starts at a random one each time; otherwise it would always check the first ones, and never the others.
    let start = RandomState::new().build_hasher().finish() as usize % names.len().max(1);
    names.rotate_left(start);
    for name in names.iter().take(LOOKS_MAX) {
        remove_dead(runtime, root, name);
    }
}

/// Removes the bus `name` if all its participants are dead; returns whether it did.
fn remove_dead(runtime: &RuntimeFolder, root: &Arc<Dir>, name: &str) -> bool {
    if !is_bus_name(name) {
        return false;
    }
    let Ok(folder) = Folder::open(runtime, Arc::clone(root), name, false) else { return false };
    let store = Store::Folder(Arc::new(folder));
    if remains_in(&store) != Remains::Dead {
        return false;
    }
    let Ok(lock) = store.lock(Duration::ZERO) else { return false };
    let dead = !has_life(&store);
    if dead {
        tracing::info!(bus = name, "removing a bus whose participants were killed");
        remove_bus(&store);
    }
    drop(lock);
    dead
}
