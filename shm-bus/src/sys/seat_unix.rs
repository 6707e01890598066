//! Whether a path still leads to the folder that was opened there.
//!
//! # Failure
//! What can't be told is `false`: a process that has since changed its root or its mounts finds nothing under the path although the
//! folder lies where it lay.

use std::path::{Path, PathBuf};

use super::Dir;

/// Where a folder was opened.
#[derive(Debug)]
pub(crate) struct Seat {
    /// From the root.
    path: PathBuf,
    /// The folder's.
    identity: (u64, u64),
    origin: [u64; 3],
}

impl Seat {
    /// The seat of `dir`, just opened; `None` where the system does not tell enough.
    pub(crate) fn of(dir: &Dir) -> Option<Self> {
        let path = std::path::absolute(dir.path()).ok()?;
        Some(Self { path, identity: dir.identity().ok()?, origin: origin()? })
    }

    /// Whether something else than the folder, or nothing, lies at its path by now.
    pub(crate) fn is_left(&self) -> bool {
        let found = Dir::identity_at(&self.path);
        found.is_ok_and(|found| found != Some(self.identity)) && origin() == Some(self.origin)
    }
}

/// Where look-ups of a path from the root begin: the root folder, and this process's mounts where the system has several sets of them.
fn origin() -> Option<[u64; 3]> {
    let (device, inode) = Dir::identity_at(Path::new("/")).ok()??;
    let mounts = Dir::identity_at(Path::new("/proc/self/ns/mnt")).ok().flatten().map_or(0, |(_, inode)| inode);
    Some([device, inode, mounts])
}
