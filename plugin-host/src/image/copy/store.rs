//! The folder of one host's private copies, and the sweep of folders that killed hosts left.
//!
//! Layout, invariants and failure: see the parent module.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use super::error::{CopyError, StoreError};
use super::private::{PrivateCopy, copy_private};
use crate::image::stamp::file_id;

const PREFIX: &str = "hotframe-images-";
const LOCK: &str = ".lock";

/// Maximum number of new folders to try while neighbours' sweeps keep winning the race for the lock.
const CREATE_TRIES_MAX: u32 = 16;

/// A folder without a lock file may belong to a host that is just starting, unless it is older than this.
const STARTING_MAX: Duration = Duration::from_secs(60);

/// One host's folder of private copies; dropping it removes the folder with its content.
#[derive(Debug)]
#[must_use = "dropping the store removes its folder"]
pub struct ImageStore {
    /// The parent in which the folder is created, again if necessary.
    base: PathBuf,
    locked: LockedFolder,
    copies: u64,
}

/// A locked folder.
#[derive(Debug)]
struct LockedFolder {
    /// Dropped before the lock is released (fields drop in their order), so that no sweep sees a half-removed folder.
    folder: TempDir,
    /// Keeps `.lock` locked, which proves that the owner lives.
    lock: File,
}

impl LockedFolder {
    fn new(base: &Path) -> Result<Self, StoreError> {
        let failed = |source| StoreError { base: base.to_path_buf(), source };
        let (folder, lock) = create(base).map_err(failed)?;
        Ok(Self { folder, lock })
    }

    /// Whether the folder and its lock still exist under their names. Cleaners of temporary files remove old files, or all.
    fn stands(&self) -> bool {
        let named = fs::metadata(self.folder.path().join(LOCK));
        let ours = self.lock.metadata();
        matches!((named, ours), (Ok(named), Ok(ours)) if file_id(&named) == file_id(&ours))
    }
}

impl ImageStore {
    /// Creates a store in the system's folder for temporary files, after a sweep of what killed hosts left there.
    ///
    /// # Errors
    /// [`StoreError`] if the folder or its lock can't be created. Folders that can't be swept are only logged.
    pub fn new() -> Result<Self, StoreError> {
        Self::new_in(&std::env::temp_dir())
    }

    /// Like [`ImageStore::new`], in the folder `base`.
    ///
    /// # Errors
    /// The same as for [`ImageStore::new`].
    pub fn new_in(base: &Path) -> Result<Self, StoreError> {
        let failed = |source| StoreError { base: base.to_path_buf(), source };
        let locked = LockedFolder::new(base)?;
        let own = fs::symlink_metadata(locked.folder.path()).map_err(failed)?;
        sweep(base, &own);
        Ok(Self { base: base.to_path_buf(), locked, copies: 0 })
    }

    /// The folder of the copies.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.locked.folder.path()
    }

    /// Copies the watched `file` (as a reflink where the file system supports it) to a name that this store never used before. If the
    /// folder was deleted, it creates a new one.
    ///
    /// # Errors
    /// [`CopyError`]; nothing remains of the copy then.
    pub fn copy(&mut self, file: &Path, plugin: &str, generation: u64) -> Result<PrivateCopy, CopyError> {
        if !self.locked.stands() {
            let gone = self.folder().to_path_buf();
            self.locked = LockedFolder::new(&self.base)?;
            tracing::warn!(
                folder = %self.folder().display(),
                "{} was deleted by another program; created a new folder for images; loaded plugins keep running",
                gone.display(),
            );
        }
        copy_private(file, self.name(file, plugin, generation), &|from, to| fs::copy(from, to))
    }

    fn name(&mut self, file: &Path, plugin: &str, generation: u64) -> PathBuf {
        let safe = |c: char| if c.is_alphanumeric() || c == '_' || c == '-' { c } else { '_' };
        let plugin: String = plugin.chars().map(safe).collect();
        let serial = self.copies;
        self.copies += 1;
        let suffix = file.extension().and_then(OsStr::to_str).unwrap_or(std::env::consts::DLL_EXTENSION);
        self.folder().join(format!("{plugin}-g{generation}-{serial:04}.{suffix}"))
    }
}

/// Creates a locked folder. A neighbour's sweep may lock a folder that was just created, and then removes it; the holder of the lock of a
/// folder that still exists owns it.
fn create(base: &Path) -> io::Result<(TempDir, File)> {
    for _ in 0..CREATE_TRIES_MAX {
        let folder = private_folder(base)?;
        let path = folder.path().join(LOCK);
        let lock = match File::create_new(&path) {
            Ok(lock) => lock,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        lock.lock()?;
        if path.try_exists()? {
            return Ok((folder, lock));
        }
    }
    Err(io::Error::other("another process removed each new folder"))
}

fn private_folder(base: &Path) -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o700));
    }
    // Its error names the folder that it tried to create, a different one each time; repeated reports would look like news.
    builder.tempdir_in(base).map_err(|error| error.kind().into())
}

/// Removes the folders of dead owners.
fn sweep(base: &Path, own: &Metadata) {
    let Ok(entries) = fs::read_dir(base) else { return };
    for entry in entries.flatten() {
        if !entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes()) {
            continue;
        }
        let path = entry.path();
        match sweep_one(&path, own) {
            Ok(false) => {}
            Ok(true) => tracing::debug!(folder = %path.display(), "removed the private copies of a killed host"),
            Err(error) => tracing::debug!(folder = %path.display(), %error, "cannot remove a folder of private copies"),
        }
    }
}

/// Removes one folder if its owner is proven dead; returns whether it did.
fn sweep_one(folder: &Path, own: &Metadata) -> io::Result<bool> {
    let metadata = fs::symlink_metadata(folder)?;
    if !metadata.is_dir() || !is_private_to_us(&metadata, own) {
        return Ok(false);
    }
    let path = folder.join(LOCK);
    match fs::symlink_metadata(&path) {
        Ok(lock) if lock.is_file() => {}
        Ok(_) => return Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return sweep_unlocked(folder, &metadata),
        Err(error) => return Err(error),
    }
    let lock = File::options().read(true).write(true).open(&path)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(false),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    #[cfg(windows)]
    drop(lock);
    fs::remove_dir_all(folder)?;
    Ok(true)
}

/// Removes an empty, old folder: its owner was killed before it wrote the lock file.
fn sweep_unlocked(folder: &Path, metadata: &Metadata) -> io::Result<bool> {
    let age = metadata.modified()?.elapsed().unwrap_or_default();
    if age < STARTING_MAX {
        return Ok(false);
    }
    fs::remove_dir(folder).map(|()| true)
}

/// Whether the folder belongs to our user and nobody else can have put anything into it.
#[cfg(unix)]
fn is_private_to_us(metadata: &Metadata, own: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    metadata.uid() == own.uid() && metadata.mode() & 0o077 == 0
}

/// On other systems the folder for temporary files belongs to the user.
#[cfg(not(unix))]
const fn is_private_to_us(_metadata: &Metadata, _own: &Metadata) -> bool {
    true
}
