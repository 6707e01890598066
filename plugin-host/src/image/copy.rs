//! Private copies: what is loaded is never the watched file.
//!
//! ```text
//! <temp>/hotframe-images-XXXXXX/          0700, one for each store
//!     .lock                               held locked by the owner as long as it lives
//!     physics-g3-0007.so                  plugin, generation, serial number, platform suffix
//! ```
//! Knows files and bytes; nothing of formats, plugins' contents or loading. The watched file is only ever
//! opened for reading: a linker or cargo may replace it at any moment, and a path given twice to `dlopen`
//! returns the old image.
//!
//! # Invariants
//! 1. A store's folder exists under its name only while its `.lock` is locked, or is left over.
//! 2. [`ImageStore`] removes a foreign folder only while it holds that folder's lock itself: **the owner's
//!    death is proven**. It removes only real folders of its own user that nobody else can write to.
//! 3. A [`PrivateCopy`] holds exactly the bytes that its hash was computed from.
//!
//! # Failure
//! A source that changes while it is copied is [`CopyError::Changing`]: the watcher tries again. A store's
//! folder that somebody cleared away is made again; images that were loaded from it stay mapped. A store that
//! can't write, a process without descriptors or memory, and a source that its disk doesn't give are
//! [`CopyError::is_of_the_host`]: no file is refused for them. A killed host leaves its folder; the next store
//! sweeps it. A folder that can't be removed is left and logged.

mod content;
mod store;

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

pub use self::content::ContentHash;
pub use self::store::{ImageStore, StoreError};
use super::shortage::remedy;
use super::stamp::Stamp;

/// Why a file could not be copied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CopyError {
    /// The file changed, or was replaced, while it was copied.
    #[error("{} changed while it was copied", file.display())]
    Changing {
        /// The watched file.
        file: PathBuf,
    },
    /// The file is empty: its writer has just created it.
    #[error("{} is empty", file.display())]
    Empty {
        /// The watched file.
        file: PathBuf,
    },
    /// The name belongs to something that is no regular file.
    #[error("{} is not a regular file", file.display())]
    NotAFile {
        /// What the name belongs to.
        file: PathBuf,
    },
    /// The file can't be read.
    #[error("can't copy {}", file.display())]
    Io {
        /// The watched file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The process lacks what copying takes.
    #[error("can't copy {} now: {remedy}", file.display())]
    Shortage {
        /// The watched file.
        file: PathBuf,
        /// What is lacking, and what to do.
        remedy: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The copy can't be written.
    #[error("can't write a private copy of {} to {}; make room there or let TMPDIR name another folder at the next start", file.display(), folder.display())]
    Write {
        /// The watched file.
        file: PathBuf,
        /// The folder of private copies.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The folder of private copies was cleared away and can't be made again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl CopyError {
    /// Whether a try a little later may succeed without anything being repaired.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        match self {
            Self::Changing { .. } | Self::Empty { .. } => true,
            Self::NotAFile { .. } | Self::Shortage { .. } | Self::Write { .. } | Self::Store(_) => false,
            Self::Io { source, .. } => is_passing(source),
        }
    }

    /// Whether it says nothing of what the file holds: what is lacking may be there later, though nobody touches the file.
    #[must_use]
    pub fn is_of_the_host(&self) -> bool {
        match self {
            Self::Shortage { .. } | Self::Write { .. } | Self::Store(_) => true,
            Self::Changing { .. } | Self::Empty { .. } | Self::NotAFile { .. } => false,
            // A disk that fails, or a network folder that doesn't answer.
            Self::Io { source, .. } => !is_passing(source),
        }
    }

    /// Of the watched `file`, which can't be read.
    fn unread(file: &Path, source: io::Error) -> Self {
        let file = file.to_path_buf();
        match remedy(&source) {
            Some(remedy) => Self::Shortage { file, remedy, source },
            None => Self::Io { file, source },
        }
    }

    /// Of a copy of the watched `file` in `folder`, which can't be written.
    fn unwritten(file: &Path, folder: &Path, source: io::Error) -> Self {
        let (file, folder) = (file.to_path_buf(), folder.to_path_buf());
        match remedy(&source) {
            Some(remedy) => Self::Shortage { file, remedy, source },
            None => Self::Write { file, folder, source },
        }
    }
}

/// Whether a writer at work explains this error: the name is missing for a moment, or (Windows) locked.
fn is_passing(error: &io::Error) -> bool {
    const ERROR_SHARING_VIOLATION: i32 = 32;
    const ERROR_LOCK_VIOLATION: i32 = 33;
    let locked = cfg!(windows) && matches!(error.raw_os_error(), Some(ERROR_SHARING_VIOLATION | ERROR_LOCK_VIOLATION));
    locked || matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied)
}

/// A copy of a plugin's file that nobody else touches; dropping it removes the file.
#[derive(Debug)]
#[must_use = "dropping the copy removes its file"]
pub struct PrivateCopy {
    path: PathBuf,
    content: ContentHash,
}

impl PrivateCopy {
    /// Where the copy stands; unique in the life of the process.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The hash of its bytes.
    #[must_use]
    pub const fn content(&self) -> ContentHash {
        self.content
    }
}

impl Drop for PrivateCopy {
    fn drop(&mut self) {
        match fs::remove_file(&self.path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            // Windows: the image is still loaded. The store, or the next one, removes it.
            Err(error) => tracing::debug!(copy = %self.path.display(), %error, "a private copy stays for now"),
        }
    }
}

/// How a file's bytes get into its copy; [`fs::copy`], unless a test changes the source meanwhile.
type CopyBytes<'a> = &'a dyn Fn(&Path, &Path) -> io::Result<u64>;

/// Copies `file` to `to`, which must not exist, and proves that it did not change meanwhile.
fn copy_private(file: &Path, to: PathBuf, copy_bytes: CopyBytes<'_>) -> Result<PrivateCopy, CopyError> {
    let failed = |source| CopyError::unread(file, source);
    let before = fs::metadata(file).map_err(failed)?;
    if !before.is_file() {
        return Err(CopyError::NotAFile { file: file.to_path_buf() });
    }
    if before.len() == 0 {
        return Err(CopyError::Empty { file: file.to_path_buf() });
    }
    // From here on, dropping the guard removes whatever was written.
    let mut copy = PrivateCopy { path: to, content: ContentHash::of(&[]) };
    let folder = copy.path.parent().unwrap_or(&copy.path).to_path_buf();
    let not_written = |source| CopyError::unwritten(file, &folder, source);
    // A file that can be opened is not what kept the bytes from being copied.
    copy_bytes(file, &copy.path).map_err(|error| if is_readable(file) { not_written(error) } else { failed(error) })?;
    make_removable(&copy.path).map_err(not_written)?;
    let (content, len) = File::open(&copy.path).and_then(ContentHash::of_reader).map_err(not_written)?;
    copy.content = content;
    let after = fs::metadata(file).map_err(failed)?;
    if Stamp::of(&before) != Stamp::of(&after) || len != after.len() {
        return Err(CopyError::Changing { file: file.to_path_buf() });
    }
    Ok(copy)
}

/// Whether the first byte can be read, of a file that is not empty.
fn is_readable(file: &Path) -> bool {
    File::open(file).and_then(|mut file| file.read_exact(&mut [0])).is_ok()
}

/// `fs::copy` copies the permissions too: on Windows, a read-only copy could not be removed.
#[cfg(windows)]
fn make_removable(copy: &Path) -> io::Result<()> {
    let mut permissions = fs::metadata(copy)?.permissions();
    #[expect(clippy::permissions_set_readonly_false, reason = "there are no permission bits on Windows")]
    permissions.set_readonly(false);
    fs::set_permissions(copy, permissions)
}

/// The copy is the owner's alone, and readable whatever its source was.
#[cfg(unix)]
fn make_removable(copy: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(copy, fs::Permissions::from_mode(0o600))
}

#[cfg(test)]
mod tests;
