//! Looks at the folder's path and the names in it. All file access of the watcher is here.
//!
//! This module reads paths and the system's answers; it decides nothing.

use std::ffi::OsString;
use std::fs::{self, FileType};
use std::io::{self, ErrorKind};
use std::path::Path;

use super::presence::Identity;
use crate::image::stamp::{Stamp, file_id};

/// A folder whose files could be listed.
#[derive(Debug)]
pub(super) struct View {
    pub(super) identity: Identity,
    pub(super) items: Vec<Item>,
}

/// A name in the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) name: OsString,
    /// Whether it is a folder, directly or through links.
    pub(super) is_folder: bool,
}

/// The target of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// A file, directly or through links.
    File(FileStamp),
    /// The name exists but leads to no readable file.
    OutOfReach {
        /// Why, for a person.
        reason: String,
    },
    /// The name doesn't exist.
    Missing,
}

/// Changes with the name's own entry (a link that is switched) and with its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileStamp {
    entry: Stamp,
    target: Stamp,
}

/// The folder at `path` now, or the reason why there is none.
pub(super) fn folder(path: &Path) -> io::Result<View> {
    let before = identity(path)?;
    let items = fs::read_dir(path)?.map(|item| {
        let item = item?;
        let is_folder = item.file_type().is_ok_and(|kind| kind.is_dir() || kind.is_symlink() && item.path().is_dir());
        Ok(Item { name: item.file_name(), is_folder })
    });
    let mut items = items.collect::<io::Result<Vec<Item>>>()?;
    items.sort_by(|one, other| one.name.cmp(&other.name));
    if identity(path)? != before {
        return Err(io::Error::other("another folder is taking its place"));
    }
    Ok(View { identity: before, items })
}

/// Identity of the folder at `path`.
pub(super) fn identity(path: &Path) -> io::Result<Identity> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_dir() {
        return Err(ErrorKind::NotADirectory.into());
    }
    Ok(Identity { file_id: file_id(&metadata), created: metadata.created().ok(), mount: mount(path) })
}

/// The present target of `path`.
pub(super) fn file(path: &Path) -> Sight {
    let entry = match fs::symlink_metadata(path) {
        Ok(entry) => entry,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Sight::Missing,
        Err(error) => return Sight::OutOfReach { reason: format!("its metadata cannot be read: {error}") },
    };
    match fs::metadata(path) {
        Ok(target) if target.is_file() => {
            Sight::File(FileStamp { entry: Stamp::of(&entry), target: Stamp::of(&target) })
        }
        Ok(other) => Sight::OutOfReach { reason: no_file(path, other.file_type()) },
        Err(error) => Sight::OutOfReach { reason: unreachable_target(path, &error) },
    }
}

/// Describes what is there but can't contain a library.
fn no_file(path: &Path, kind: FileType) -> String {
    let kind = if kind.is_dir() { "a folder" } else { special(kind) };
    match fs::read_link(path) {
        Ok(target) => format!("it is a link to {}, which is {kind} and no library file", target.display()),
        Err(_) => format!("it is {kind} and no library file"),
    }
}

#[cfg(unix)]
fn special(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt as _;
    match kind {
        _ if kind.is_fifo() => "a pipe",
        _ if kind.is_socket() => "a socket",
        _ => "a device",
    }
}

#[cfg(not(unix))]
const fn special(_kind: FileType) -> &'static str {
    "something else"
}

fn unreachable_target(path: &Path, error: &io::Error) -> String {
    match fs::read_link(path) {
        Ok(target) => format!("it is a link to {}, which cannot be opened: {error}", target.display()),
        Err(_) => format!("it cannot be opened: {error}"),
    }
}

/// The mount through which `path` is seen; `None` where the system doesn't tell (Linux before 5.8).
#[cfg(target_os = "linux")]
fn mount(path: &Path) -> Option<u64> {
    use rustix::fs::{AtFlags, CWD, StatxFlags, statx};

    let stat = statx(CWD, path, AtFlags::empty(), StatxFlags::MNT_ID).ok()?;
    (stat.stx_mask & StatxFlags::MNT_ID.bits() != 0).then_some(stat.stx_mnt_id)
}

/// Distinguishing devices tells most mounts apart.
#[cfg(not(target_os = "linux"))]
const fn mount(_path: &Path) -> Option<u64> {
    None
}
