//! The folder that holds the private copies of one host, and the sweep of what killed hosts left.
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
use crate::image::stamp::place;

const PREFIX: &str = "hotframe-images-";
const LOCK: &str = ".lock";

/// New folders tried when sweeping neighbours keep winning the race for the lock.
const CREATE_TRIES_MAX: u32 = 16;

/// A folder without a lock file may belong to a host that is just starting; this old, it does not.
const STARTING_MAX: Duration = Duration::from_secs(60);

/// One host's folder of private copies; dropping it removes the folder with all that is in it.
#[derive(Debug)]
#[must_use = "dropping the store removes its folder"]
pub struct ImageStore {
    /// Where the folder is made, again if need be.
    base: PathBuf,
    place: Place,
    copies: u64,
}

/// A locked folder.
#[derive(Debug)]
struct Place {
    /// Dropped before the lock is released (fields drop in their order), so that no sweep meets it halfway.
    folder: TempDir,
    /// Keeps `.lock` locked: the proof that the owner lives.
    lock: File,
}

impl Place {
    fn new(base: &Path) -> Result<Self, StoreError> {
        let failed = |source| StoreError { base: base.to_path_buf(), source };
        let (folder, lock) = create(base).map_err(failed)?;
        Ok(Self { folder, lock })
    }

    /// Whether the folder and its lock still stand under their names. Cleaners of temporary files take what is old, or all.
    fn stands(&self) -> bool {
        let named = fs::metadata(self.folder.path().join(LOCK));
        let ours = self.lock.metadata();
        matches!((named, ours), (Ok(named), Ok(ours)) if place(&named) == place(&ours))
    }
}

impl ImageStore {
    /// A new store in the system's folder for temporary files, after a sweep of what killed hosts left there.
    ///
    /// # Errors
    /// [`StoreError`] if the folder or its lock can't be created. What can't be swept is only logged.
    pub fn new() -> Result<Self, StoreError> {
        Self::new_in(&std::env::temp_dir())
    }

    /// As [`ImageStore::new`], in the folder `base`.
    ///
    /// # Errors
    /// As [`ImageStore::new`].
    pub fn new_in(base: &Path) -> Result<Self, StoreError> {
        let failed = |source| StoreError { base: base.to_path_buf(), source };
        let place = Place::new(base)?;
        let own = fs::symlink_metadata(place.folder.path()).map_err(failed)?;
        sweep(base, &own);
        Ok(Self { base: base.to_path_buf(), place, copies: 0 })
    }

    /// Where the copies stand.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.place.folder.path()
    }

    /// Copies the watched `file` (as a reflink where the file system has them) under a name that no other
    /// copy of this store ever had, into a new folder if the present one was cleared away.
    ///
    /// # Errors
    /// [`CopyError`]; nothing is left of the copy then.
    pub fn copy(&mut self, file: &Path, plugin: &str, generation: u64) -> Result<PrivateCopy, CopyError> {
        if !self.place.stands() {
            let gone = self.folder().to_path_buf();
            self.place = Place::new(&self.base)?;
            tracing::warn!(
                folder = %self.folder().display(),
                "somebody cleared {} away; there is a new folder for images, and what is loaded goes on",
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

/// A new, locked folder. A neighbour's sweep may take the lock of a folder that is a moment old, and then
/// removes it; whoever holds the lock of a folder that still stands owns it.
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
    // Its error names the folder that it tried to make, another one each time: whoever hears it again takes it for news.
    builder.tempdir_in(base).map_err(|error| error.kind().into())
}

/// Removes the folders of owners that no longer live.
fn sweep(base: &Path, own: &Metadata) {
    let Ok(entries) = fs::read_dir(base) else { return };
    for entry in entries.flatten() {
        if !entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes()) {
            continue;
        }
        let path = entry.path();
        match sweep_one(&path, own) {
            Ok(false) => {}
            Ok(true) => tracing::debug!(folder = %path.display(), "swept what a killed host left"),
            Err(error) => tracing::debug!(folder = %path.display(), %error, "can't sweep"),
        }
    }
}

/// Removes one folder if its owner is proven dead; says whether it did.
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

/// A folder whose owner was killed before it wrote the lock file is empty and old.
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

/// Elsewhere the folder for temporary files is the user's own.
#[cfg(not(unix))]
const fn is_private_to_us(_metadata: &Metadata, _own: &Metadata) -> bool {
    true
}
