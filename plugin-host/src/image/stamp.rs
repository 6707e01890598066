//! Detects that a file has changed, without reading it.

use std::fs::Metadata;
use std::time::SystemTime;

/// Length, times and id of one file. Read the file again if two stamps differ; equal ones are no reason to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    len: u64,
    modified: Option<SystemTime>,
    /// Last change of content, permissions or links, where the system tells it: seconds, nanoseconds.
    changed: (i64, i64),
    /// Device and inode, where there are any.
    file_id: (u64, u64),
}

impl Stamp {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self {
            len: metadata.len(),
            modified: metadata.modified().ok(),
            changed: changed(metadata),
            file_id: file_id(metadata),
        }
    }
}

/// Device and inode.
#[cfg(unix)]
pub(crate) fn file_id(metadata: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.dev(), metadata.ino())
}

/// Stable Rust offers nothing here.
#[cfg(not(unix))]
pub(crate) const fn file_id(_metadata: &Metadata) -> (u64, u64) {
    (0, 0)
}

#[cfg(unix)]
fn changed(metadata: &Metadata) -> (i64, i64) {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.ctime(), metadata.ctime_nsec())
}

#[cfg(not(unix))]
const fn changed(_metadata: &Metadata) -> (i64, i64) {
    (0, 0)
}
