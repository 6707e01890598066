//! Two ways to take a snapshot: a participant takes one of its bus, anybody takes one of a bus by its name.

use std::path::Path;
use std::sync::Arc;

use super::Snapshot;
use crate::membership::{Bus, ChangeError, OpenError, View, is_missing, open_control};
use crate::runtime::{Access, Folder, RuntimeFolder, Store, is_bus_name};

impl Bus {
    /// The contents of the bus at this moment. Only reads; disturbs nobody.
    ///
    /// # Panics
    /// In a forked child, in which the bus is not mapped; [`Self::try_snapshot`] returns an error there.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        assert!(
            !self.shared().is_forked(),
            "bus `{}` was opened before this process was forked; open it here",
            self.name()
        );
        Snapshot::take(self.shared().view())
    }

    /// Like [`Self::snapshot`].
    ///
    /// # Errors
    /// As for [`Self::check`].
    pub fn try_snapshot(&self) -> Result<Snapshot, ChangeError> {
        self.check()?;
        Ok(Snapshot::take(self.shared().view()))
    }
}

/// The contents of the bus `name`, without attaching. This takes no slot and no lock, so it also works if the bus is full, blocked by a
/// stopped process, or dead. Writes nothing, and creates no writable mapping.
///
/// # Errors
/// [`OpenError::NotFound`] if there is no such bus, [`OpenError::Incompatible`] if this build can't read it; otherwise see [`OpenError`].
pub fn peek(name: &str) -> Result<Snapshot, OpenError> {
    peek_at(&RuntimeFolder::from_environment(), name)
}

/// Like [`peek`], in the given runtime folder.
///
/// # Errors
/// As for [`peek`].
pub fn peek_in(folder: impl AsRef<Path>, name: &str) -> Result<Snapshot, OpenError> {
    peek_at(&RuntimeFolder::at(folder.as_ref()), name)
}

fn peek_at(runtime: &RuntimeFolder, name: &str) -> Result<Snapshot, OpenError> {
    if !is_bus_name(name) {
        return Err(OpenError::Name { name: name.to_owned() });
    }
    let not_found = || OpenError::NotFound { name: name.to_owned(), folder: runtime.path().to_owned() };
    let folder = runtime.open(false).and_then(|root| Folder::open(runtime, Arc::new(root), name, false));
    let folder = match folder {
        Err(error) if is_missing(&error) => return Err(not_found()),
        folder => folder?,
    };
    let store = Store::Folder(Arc::new(folder));
    let control =
        open_control(&store, Access::Look).map_err(|error| OpenError::unfit(name, error))?.ok_or_else(not_found)?;
    Ok(Snapshot::take(View { name, store: &store, control: &control }))
}
