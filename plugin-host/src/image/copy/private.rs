//! One private copy of one file: created, compared with its source, and removed on drop.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::content::ContentHash;
use super::error::CopyError;
use crate::image::stamp::Stamp;

/// A copy of a plugin's file that only this host uses; dropping it removes the file.
#[derive(Debug)]
#[must_use = "dropping the copy removes its file"]
pub struct PrivateCopy {
    path: PathBuf,
    content: ContentHash,
}

impl PrivateCopy {
    /// Path of the copy; unique within the process's lifetime.
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
            // On Windows the image is still loaded; this store, or the next one, removes the file.
            Err(error) => tracing::debug!(copy = %self.path.display(), %error, "cannot remove a private copy now"),
        }
    }
}

/// How a file's bytes get into its copy: [`fs::copy`], unless a test changes the source meanwhile.
pub(super) type CopyBytes<'a> = &'a dyn Fn(&Path, &Path) -> io::Result<u64>;

/// Copies `file` to `to`, which must not exist, and verifies that it did not change meanwhile.
pub(super) fn copy_private(file: &Path, to: PathBuf, copy_bytes: CopyBytes<'_>) -> Result<PrivateCopy, CopyError> {
    let failed = |source| CopyError::unread(file, source);
    let before = fs::metadata(file).map_err(failed)?;
    if !before.is_file() {
        return Err(CopyError::NotAFile { file: file.to_path_buf() });
    }
    if before.len() == 0 {
        return Err(CopyError::Empty { file: file.to_path_buf() });
    }
    // From here on, dropping the guard removes everything that was written.
    let mut copy = PrivateCopy { path: to, content: ContentHash::of(&[]) };
    let folder = copy.path.parent().unwrap_or(&copy.path).to_path_buf();
    let not_written = |source| CopyError::unwritten(file, &folder, source);
    // If the file can be read, it did not cause the error.
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

/// Whether the first byte of a nonempty file can be read.
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

/// Makes the copy the owner's alone, and readable whatever its source's permissions are.
#[cfg(unix)]
fn make_removable(copy: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(copy, fs::Permissions::from_mode(0o600))
}
