//! Files that tools write: detects other writers, and changes of a file's name.
//!
//! # Failure
//! Unknown counts as in order: nobody else writes, and the file is where it was.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl, open};
use rustix::io::Errno;

use super::{Dir, identity};

/// Opens an existing pipe or device for writing from its beginning. Does not wait for a reader.
pub(crate) fn open_special(path: &Path) -> io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::TRUNC | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
    let file = match open(path, flags, Mode::empty()) {
        Err(Errno::NXIO) => {
            return Err(io::Error::new(io::ErrorKind::NotFound, "no process reads from it; start the reader first"));
        }
        file => file?,
    };
    // From here on writing waits for the reader.
    fcntl_setfl(&file, fcntl_getfl(&file)? - OFlags::NONBLOCK)?;
    Ok(file.into())
}

/// Marks `file` as being written, for [`is_written`] of other processes. The mark ends with the last handle to `file`.
pub(crate) fn claim_output(file: &File) {
    // Some file systems have no locks.
    let _ = file.try_lock();
}

/// Whether another process has claimed the file at `path`.
pub(crate) fn is_written(path: &Path) -> bool {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
    let Ok(file) = open(path, flags, Mode::empty()).map(File::from) else { return false };
    matches!(file.try_lock_shared(), Err(std::fs::TryLockError::WouldBlock))
}

/// The identity of the entry at `path`.
pub(crate) fn identity_at(path: &Path) -> Option<(u64, u64)> {
    Dir::identity_at(path).ok().flatten()
}

/// Whether `path` is empty or leads to something other than `file`.
pub(crate) fn is_elsewhere(file: &File, path: &Path) -> bool {
    let own = identity(file);
    own.is_ok_and(|own| Dir::identity_at(path).is_ok_and(|found| found != Some(own)))
}

/// Whether `file` has no name any more.
pub(crate) fn is_nameless(file: &File) -> bool {
    file.metadata().is_ok_and(|file| file.nlink() == 0)
}

/// A name of `file`, if the system gives one.
pub(crate) fn name_of(file: &File) -> Option<PathBuf> {
    use std::os::fd::AsRawFd as _;
    let path = std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())).ok()?;
    (Dir::identity_at(&path).ok()? == identity(file).ok()).then_some(path)
}

/// Renames without replacing anything.
pub(crate) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        // After a link and a removal the system would no longer give the name of the open file.
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            Err(Errno::INVAL | Errno::NOSYS) => {}
            renamed => return renamed.map_err(Into::into),
        }
    }
    super::link_new(from, to)
}
