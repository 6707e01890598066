//! Looking: what stands at the folder's path and under its names now. All file access of the watcher is here.
//!
//! Knows paths and what the system says of them; decides nothing.

use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use super::presence::Identity;
use crate::image::stamp::{Stamp, place};

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
    /// Whether the name itself is a folder's; links are not followed.
    pub(super) is_folder: bool,
}

/// What stands under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// A file, perhaps behind links.
    File(FileStamp),
    /// The name is there and leads to no file that can be read.
    OutOfReach {
        /// Why, for a person.
        reason: String,
    },
    /// No such name, or something that is no file.
    Missing,
}

/// Changes with the name's own entry (a link that is switched) and with what it leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileStamp {
    entry: Stamp,
    target: Stamp,
}

/// The folder at `path` now. An error says why there is none.
pub(super) fn folder(path: &Path) -> io::Result<View> {
    let before = identity(path)?;
    let items = fs::read_dir(path)?.map(|item| {
        let item = item?;
        Ok(Item { name: item.file_name(), is_folder: item.file_type().is_ok_and(|kind| kind.is_dir()) })
    });
    let mut items = items.collect::<io::Result<Vec<Item>>>()?;
    items.sort_by(|one, other| one.name.cmp(&other.name));
    if identity(path)? != before {
        return Err(io::Error::other("another folder is taking its place"));
    }
    Ok(View { identity: before, items })
}

/// Tells the folder at `path` from others.
pub(super) fn identity(path: &Path) -> io::Result<Identity> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_dir() {
        return Err(ErrorKind::NotADirectory.into());
    }
    Ok(Identity { place: place(&metadata), created: metadata.created().ok(), is_mount: is_mount(path) })
}

/// What stands at `path` now.
pub(super) fn file(path: &Path) -> Sight {
    let entry = match fs::symlink_metadata(path) {
        Ok(entry) => entry,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Sight::Missing,
        Err(error) => return Sight::OutOfReach { reason: format!("it can't be looked at: {error}") },
    };
    match fs::metadata(path) {
        Ok(target) if target.is_file() => {
            Sight::File(FileStamp { entry: Stamp::of(&entry), target: Stamp::of(&target) })
        }
        Ok(_) => Sight::Missing,
        Err(error) => Sight::OutOfReach { reason: unreachable_target(path, &error) },
    }
}

fn unreachable_target(path: &Path, error: &io::Error) -> String {
    match fs::read_link(path) {
        Ok(target) => format!("it is a link to {}, which can't be opened: {error}", target.display()),
        Err(_) => format!("it can't be opened: {error}"),
    }
}

/// Whether a file system, or a part of one, is mounted at `path`.
#[cfg(target_os = "linux")]
fn is_mount(path: &Path) -> bool {
    use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};

    statx(CWD, path, AtFlags::empty(), StatxFlags::empty())
        .is_ok_and(|stat| stat.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

/// Whether another file system begins at `path`.
#[cfg(all(unix, not(target_os = "linux")))]
fn is_mount(path: &Path) -> bool {
    let device = |path: &Path| fs::metadata(path).ok().map(|metadata| place(&metadata).0);
    device(path) != device(&path.join(".."))
}

/// Folders that are mounted somewhere are links on Windows.
#[cfg(not(unix))]
const fn is_mount(_path: &Path) -> bool {
    false
}
