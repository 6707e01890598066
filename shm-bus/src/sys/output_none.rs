//! Systems on which locks keep others from reading, and open files keep their names: nothing is claimed, and nothing moves.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// Opens an existing file for writing from its beginning.
pub(crate) fn open_special(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).open(path)
}

/// Nothing is claimed here.
pub(crate) const fn claim_output(_: &File) {}

/// Nothing is claimed here.
pub(crate) const fn is_written(_: &Path) -> bool {
    false
}

/// Whether something exists at `path`; more is unknown here.
pub(crate) fn identity_at(path: &Path) -> Option<(u64, u64)> {
    path.exists().then_some((0, 0))
}

/// Whether nothing exists at `path`.
pub(crate) fn is_elsewhere(_: &File, path: &Path) -> bool {
    path.try_exists().is_ok_and(|exists| !exists)
}

/// Unknown here.
pub(crate) const fn is_nameless(_: &File) -> bool {
    false
}

/// Unknown here.
pub(crate) const fn name_of(_: &File) -> Option<PathBuf> {
    None
}

/// Renames without replacing anything.
pub(crate) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    super::link_new(from, to)
}
