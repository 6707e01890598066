//! A bus's folder in a runtime folder.

use std::sync::Arc;

use super::{BUS_LOCK, CONTROL, RuntimeFolder};
use crate::sys::{Dir, DirError, Seat};

/// See the module.
#[derive(Debug)]
pub(crate) struct Folder {
    pub(super) runtime: RuntimeFolder,
    /// The runtime folder.
    root: Arc<Dir>,
    /// The bus's own folder.
    pub(super) dir: Dir,
    name: String,
    /// Location of the runtime folder.
    seat: Option<Seat>,
}

impl Folder {
    /// Opens the folder of the bus `name`; with `create`, creates it first. `root` is `runtime`, opened.
    pub(crate) fn open(runtime: &RuntimeFolder, root: Arc<Dir>, name: &str, create: bool) -> Result<Self, DirError> {
        let dir = root.subdir(name, create)?;
        let seat = Seat::of(&root);
        Ok(Self { runtime: runtime.clone(), root, dir, name: name.to_owned(), seat })
    }

    /// Removes `bus.lock` and the folder. Under that lock.
    pub(super) fn remove_lock_and_dir(&self) {
        if let Err(error) = self.dir.remove_file(BUS_LOCK) {
            tracing::warn!(%error, "cannot remove a bus's lock");
        }
        self.remove_if_empty();
    }

    /// Removes the folder if it is empty.
    pub(crate) fn remove_if_empty(&self) {
        // Another process may just have created a new `bus.lock` in it: then the folder stays and belongs to that process.
        let _ = self.root.remove_dir(&self.name);
    }

    /// Whether others no longer find this bus under its name: its folder, the runtime folder or the registry, whose identity was `control`,
    /// is gone or replaced. `false` if unknown.
    pub(super) fn was_removed(&self, control: (u64, u64)) -> bool {
        let is_another = |found: std::io::Result<Option<(u64, u64)>>, own| found.is_ok_and(|found| found != Some(own));
        is_another(self.dir.identity_in(CONTROL), control)
            || self.dir.identity().is_ok_and(|own| is_another(self.root.identity_in(&self.name), own))
            || self.seat.as_ref().is_some_and(Seat::is_left)
    }

    /// The bus's own folder.
    pub(crate) const fn dir(&self) -> &Dir {
        &self.dir
    }

    /// Whether somebody has ever locked this bus.
    pub(super) fn has_lock(&self) -> bool {
        self.dir.open_file(BUS_LOCK, false).is_ok()
    }
}
