//! Which buses live.

use std::io;
use std::path::Path;

use crate::control::Control;
use crate::runtime::{CONTROL, Place, is_alive};
use crate::sys::DirError;

/// Why buses could not be listed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListError {
    /// The runtime folder is not safe to use.
    #[error(transparent)]
    Dir(#[from] DirError),
    /// The system refused.
    #[error("can't list the runtime folder")]
    Io(#[from] io::Error),
}

/// Names of the live buses in the runtime folder, sorted. Changes nothing.
///
/// # Errors
/// See [`ListError`]; a folder that does not exist holds no bus.
pub fn list() -> Result<Vec<String>, ListError> {
    list_at(&Place::from_environment())
}

/// As [`list`], in a runtime folder of the caller's choice.
///
/// # Errors
/// As [`list`].
pub fn list_in(folder: impl AsRef<Path>) -> Result<Vec<String>, ListError> {
    list_at(&Place::at(folder.as_ref()))
}

fn list_at(place: &Place) -> Result<Vec<String>, ListError> {
    let root = match place.open(false) {
        Err(DirError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        root => root?,
    };
    let mut names = root.names(true)?;
    names.retain(|name| {
        // What can't be opened is not a live bus of this user and version.
        let Ok(dir) = root.subdir(name, false) else { return false };
        let Ok(file) = dir.open_file(CONTROL, true) else { return false };
        let Ok(control) = Control::open(&file) else { return false };
        control.participants().any(|entry| is_alive(&dir, entry.slot))
    });
    names.sort();
    Ok(names)
}
