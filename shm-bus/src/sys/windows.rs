//! Windows: paths below the user's own temp folder, whose access list the system keeps.
//!
//! # Invariants
//! 1. Files are opened so that others may delete them; a mapped one is removed with its last mapping.

#![expect(unsafe_code, reason = "calls the system")]

use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::io::AsRawHandle;
use std::path::{Path, PathBuf};

use windows_sys::Win32::Storage::FileSystem::{BY_HANDLE_FILE_INFORMATION, GetFileInformationByHandle};

use super::DirError;

/// A folder.
#[derive(Debug)]
pub(crate) struct Dir {
    path: PathBuf,
    /// It did not exist before.
    made: bool,
}

impl Dir {
    /// Opens `path`; with `create`, creates its last component first.
    pub(crate) fn open(path: &Path, create: bool) -> Result<Self, DirError> {
        let failed = |source| DirError::Io { path: path.to_owned(), source };
        let mut made = false;
        if create {
            match std::fs::create_dir(path) {
                Ok(()) => made = true,
                Err(source) => match source.kind() {
                    io::ErrorKind::AlreadyExists => {}
                    io::ErrorKind::PermissionDenied | io::ErrorKind::StorageFull => {
                        return Err(DirError::Unwritable { path: path.parent().unwrap_or(path).to_owned(), source });
                    }
                    _ => return Err(failed(source)),
                },
            }
        }
        let kind = std::fs::symlink_metadata(path).map_err(failed)?.file_type();
        if !kind.is_dir() {
            return Err(DirError::NotADirectory { path: path.to_owned() });
        }
        Ok(Self { path: path.to_owned(), made })
    }

    /// Whether opening it has created it.
    pub(crate) const fn was_made(&self) -> bool {
        self.made
    }

    /// Opens the folder `name` in this one.
    pub(crate) fn subdir(&self, name: &str, create: bool) -> Result<Self, DirError> {
        Self::open(&self.path.join(name), create)
    }

    /// The path at which it was opened.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Its identity, which tells it from other folders: its path, as it can be neither moved nor removed while files in it are open.
    pub(crate) fn identity(&self) -> io::Result<(u64, u64)> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// The identity of the file `name` in it, which tells it from others that had this name; `None` if it doesn't exist.
    pub(crate) fn identity_in(&self, name: &str) -> io::Result<Option<(u64, u64)>> {
        match self.open_file(name, false) {
            Ok(file) => identity(&file).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Creates the file `name`, which must not exist.
    pub(crate) fn create_file(&self, name: &str) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create_new(true).open(self.path.join(name))
    }

    /// Opens the file `name`, and creates it if it doesn't exist.
    pub(crate) fn open_or_create_file(&self, name: &str) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(self.path.join(name))
    }

    /// Opens the file `name`.
    pub(crate) fn open_file(&self, name: &str, writable: bool) -> io::Result<File> {
        OpenOptions::new().read(true).write(writable).open(self.path.join(name))
    }

    /// Renames a file within the folder, replacing `to`.
    pub(crate) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        std::fs::rename(self.path.join(from), self.path.join(to))
    }

    /// Removes a file; a missing one is no error.
    pub(crate) fn remove_file(&self, name: &str) -> io::Result<()> {
        gone(std::fs::remove_file(self.path.join(name)))
    }

    /// Removes an empty folder; a missing one is no error.
    pub(crate) fn remove_dir(&self, name: &str) -> io::Result<()> {
        gone(std::fs::remove_dir(self.path.join(name)))
    }

    /// Names of the folders in it, or of everything else.
    pub(crate) fn names(&self, folders: bool) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.path)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() == folders
                && let Ok(name) = entry.file_name().into_string()
            {
                names.push(name);
            }
        }
        Ok(names)
    }
}

fn gone(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Gives a new file `len` bytes of zeros; NTFS allocates them.
pub(crate) fn allocate(file: &File, len: u64) -> io::Result<()> {
    file.set_len(len)
}

/// Windows has no limit on a process's file size.
pub(crate) fn check_file_limit(_len: u64) -> io::Result<()> {
    Ok(())
}

/// The volume, and the file's index in it, which no other file has while this one is open.
///
/// The creation time would not tell files apart: a new file that takes an old one's name within seconds gets the old one's.
pub(crate) fn identity(file: &File) -> io::Result<(u64, u64)> {
    let mut found = BY_HANDLE_FILE_INFORMATION::default();
    // SAFETY: the handle is open for as long as `file`, and `found` is a writable struct of the type that the call fills.
    if unsafe { GetFileInformationByHandle(file.as_raw_handle(), &raw mut found) } == 0 {
        return Err(io::Error::last_os_error());
    }
    let index = u64::from(found.nFileIndexHigh) << 32 | u64::from(found.nFileIndexLow);
    Ok((found.dwVolumeSerialNumber.into(), index))
}

/// The folder of this user's buses.
pub(crate) fn runtime_root() -> PathBuf {
    std::env::temp_dir().join("hotframe")
}

#[cfg(test)]
mod tests {
    use super::{Dir, identity};

    #[test]
    fn a_file_that_takes_an_old_ones_name_is_another() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = Dir::open(folder.path(), false).expect("a folder");
        let old = dir.create_file("lock").expect("made");
        let again = dir.open_file("lock", false).expect("there");
        assert_eq!(identity(&old).expect("open"), identity(&again).expect("open"));
        dir.rename("lock", "old").expect("renamed");
        let new = dir.create_file("lock").expect("made");
        assert_ne!(identity(&old).expect("open"), identity(&new).expect("open"));
        assert_eq!(identity(&old).expect("open"), identity(&again).expect("open"));
    }
}
