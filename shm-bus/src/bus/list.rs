//! Lists live buses.

use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::membership::{has_life, open_control};
use crate::runtime::{Access, Folder, RuntimeFolder, Store, is_bus_name};
use crate::sys::DirError;

/// Why buses could not be listed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListError {
    /// The runtime folder is not safe to use.
    #[error(transparent)]
    Dir(#[from] DirError),
    /// A system call failed.
    #[error("cannot list the runtime folder")]
    Io(#[from] io::Error),
}

/// Names of the live buses in the runtime folder, sorted. Changes nothing.
///
/// # Errors
/// See [`ListError`]. A folder that does not exist is no error: it contains no bus.
pub fn list() -> Result<Vec<String>, ListError> {
    list_at(&RuntimeFolder::from_environment())
}

/// Like [`list`], in the given runtime folder.
///
/// # Errors
/// As for [`list`].
pub fn list_in(folder: impl AsRef<Path>) -> Result<Vec<String>, ListError> {
    list_at(&RuntimeFolder::at(folder.as_ref()))
}

/// The runtime folder: `$HOTFRAME_DIR`, otherwise the system's default. It may not exist.
#[must_use]
pub fn runtime_folder() -> std::path::PathBuf {
    RuntimeFolder::from_environment().path().to_owned()
}

fn list_at(runtime: &RuntimeFolder) -> Result<Vec<String>, ListError> {
    let root = match runtime.open(false) {
        Err(DirError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        root => Arc::new(root?),
    };
    let mut names = root.names(true)?;
    names.retain(|name| is_bus_name(name));
    names.retain(|name| {
        // A bus that can't be opened is not a live bus of this user and version.
        let Ok(folder) = Folder::open(runtime, Arc::clone(&root), name, false) else { return false };
        let store = Store::Folder(Arc::new(folder));
        matches!(open_control(&store, Access::Look), Ok(Some(_))) && has_life(&store)
    });
    names.sort();
    Ok(names)
}
