//! Detects whether a path still leads to the folder that was opened there.
//!
//! # Failure
//! `false` if unknown: a process that has since changed its root or its mounts finds nothing under the path although the folder has not
//! moved.

use std::path::{Path, PathBuf};

use super::Dir;

/// The location at which a folder was opened.
#[derive(Debug)]
pub(crate) struct Seat {
    /// The path from the root.
    path: PathBuf,
    /// The folder's identity.
    identity: (u64, u64),
    origin: [u64; 3],
}

impl Seat {
    /// The location of `dir`, just opened; `None` if the system does not give enough information.
    pub(crate) fn of(dir: &Dir) -> Option<Self> {
        let path = std::path::absolute(dir.path()).ok()?;
        Some(Self { path, identity: dir.identity().ok()?, origin: origin()? })
    }

    /// Whether the path is empty or leads to something other than the folder by now.
    pub(crate) fn is_left(&self) -> bool {
        let found = Dir::identity_at(&self.path);
        found.is_ok_and(|found| found != Some(self.identity)) && origin() == Some(self.origin)
    }
}

/// The start of path look-ups: the root folder, and this process's mounts if the system has several sets of them.
fn origin() -> Option<[u64; 3]> {
    let (device, inode) = Dir::identity_at(Path::new("/")).ok()??;
    let mounts = Dir::identity_at(Path::new("/proc/self/ns/mnt")).ok().flatten().map_or(0, |(_, inode)| inode);
    Some([device, inode, mounts])
}
