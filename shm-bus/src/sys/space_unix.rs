//! Unix: reserves real space for a new file.
//!
//! # Failure
//! If there is not enough space, or more is requested than the process may have in one file, that is an error. No signal is raised: a
//! library can't know what SIGXFSZ does in its process, and must not change that.

use std::fs::File;
use std::io;

use rustix::process::{Resource, getrlimit};

use crate::crash;

/// Gives a new file `len` bytes of zeros. On Linux the space is real, so a full tmpfs is an error here.
pub(crate) fn allocate(file: &File, len: u64) -> io::Result<()> {
    check_file_limit(len)?;
    #[cfg(target_os = "linux")]
    reserve(file, len)?;
    #[cfg(not(target_os = "linux"))]
    file.set_len(len)?;
    crash::point();
    Ok(())
}

/// Checks the limit before the system does, which would raise SIGXFSZ and so end a process that is not prepared for it.
pub(crate) fn check_file_limit(len: u64) -> io::Result<()> {
    match getrlimit(Resource::Fsize).current {
        Some(limit) if limit < len => Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!(
                "it needs a file of {len} bytes, but the file size limit of this process is {limit} bytes; raise it \
                 (`ulimit -f unlimited`)"
            ),
        )),
        _ => Ok(()),
    }
}

#[cfg(target_os = "linux")]
fn reserve(file: &File, len: u64) -> io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};
    use rustix::io::Errno;

    match fallocate(file, FallocateFlags::empty(), 0, len) {
        Ok(()) => Ok(()),
        // ramfs and ext2 can't reserve. On tmpfs a signal undoes a reservation, and a timer's next signal may undo the next one.
        Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INTR) => write_zeros(file, len),
        Err(error) => Err(error.into()),
    }
}

/// Written bytes have their space.
#[cfg(target_os = "linux")]
fn write_zeros(file: &File, len: u64) -> io::Result<()> {
    use std::os::unix::fs::FileExt as _;

    const BLOCK: usize = 64 << 10;
    let zeros = vec![0; BLOCK];
    for at in (0..len).step_by(BLOCK) {
        let block = &zeros[..BLOCK.min((len - at) as usize)];
        file.write_all_at(block, at)?;
    }
    Ok(())
}
