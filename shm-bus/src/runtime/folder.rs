//! A bus's folder in a runtime folder.

use std::sync::Arc;

use super::{BUS_LOCK, Place};
use crate::sys::{Dir, DirError};

/// See the module.
#[derive(Debug)]
pub(crate) struct Folder {
    pub(super) place: Place,
    /// The runtime folder.
    root: Arc<Dir>,
    /// The bus's own.
    pub(super) dir: Dir,
    name: String,
}

impl Folder {
    /// Opens the folder of the bus `name`, with `create` making it first. `root` is `place`, opened.
    pub(crate) fn open(place: &Place, root: Arc<Dir>, name: &str, create: bool) -> Result<Self, DirError> {
        let dir = root.subdir(name, create)?;
        Ok(Self { place: place.clone(), root, dir, name: name.to_owned() })
    }

    /// Removes `bus.lock` and the folder. Under that lock.
    pub(super) fn remove_place(&self) {
        if let Err(error) = self.dir.remove_file(BUS_LOCK) {
            tracing::warn!(%error, "can't remove a bus's lock");
        }
        self.remove_if_empty();
    }

    /// Removes the folder unless something lies in it.
    pub(crate) fn remove_if_empty(&self) {
        // Somebody may just have made a new `bus.lock` in it: then the folder stays, and is theirs.
        let _ = self.root.remove_dir(&self.name);
    }

    /// Whether somebody has ever locked this bus.
    pub(crate) fn has_lock(&self) -> bool {
        self.dir.open_file(BUS_LOCK, false).is_ok()
    }
}
