//! Unix: `openat` below a checked folder.
//!
//! # Invariants
//! 1. Every open is close-on-exec, follows no link in its last component, waits for nobody (a planted FIFO would make it wait), and yields
//!    only regular files.
//! 2. Only this user could change a [`Dir`] when it was opened. Folders created here are 0700 and files 0600; a folder that the user chose
//!    may be readable by others, as they can read only names in it.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::DirError;
use crate::crash;

const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC).union(OFlags::RDONLY);
const FILE: OFlags = OFlags::NOFOLLOW.union(OFlags::CLOEXEC).union(OFlags::NONBLOCK);
const PRIVATE_FILE: Mode = Mode::RUSR.union(Mode::WUSR);

/// An opened folder.
#[derive(Debug)]
pub(crate) struct Dir {
    fd: OwnedFd,
    path: PathBuf,
    /// It did not exist before.
    made: bool,
}

impl Dir {
    /// Opens `path`; with `create`, creates its last component first.
    pub(crate) fn open(path: &Path, create: bool) -> Result<Self, DirError> {
        Self::open_at(CWD, path.as_os_str(), path.to_owned(), create)
    }

    /// Opens the folder `name` in this one.
    pub(crate) fn subdir(&self, name: &str, create: bool) -> Result<Self, DirError> {
        Self::open_at(&self.fd, OsStr::new(name), self.path.join(name), create)
    }

    fn open_at(at: impl std::os::fd::AsFd, name: &OsStr, path: PathBuf, create: bool) -> Result<Self, DirError> {
        let failed = |path: &Path, error: Errno| match error {
            Errno::LOOP | Errno::NOTDIR => DirError::NotADirectory { path: path.to_owned() },
            error => DirError::Io { path: path.to_owned(), source: error.into() },
        };
        let mut made = false;
        if create {
            match rustix::fs::mkdirat(&at, name, Mode::RWXU) {
                Ok(()) => {
                    crash::point();
                    made = true;
                }
                Err(Errno::EXIST) => {}
                Err(error) => return Err(unwritable(&path, error).unwrap_or_else(|| failed(&path, error))),
            }
        }
        let opened = Self::open_present(&at, name, path, made, failed);
        if made && opened.is_err() {
            // After any failure, such as a limit on open files, nothing is left of the attempt.
            let _ = rustix::fs::unlinkat(&at, name, AtFlags::REMOVEDIR);
        }
        opened
    }

    fn open_present(
        at: impl std::os::fd::AsFd,
        name: &OsStr,
        path: PathBuf,
        made: bool,
        failed: impl Fn(&Path, Errno) -> DirError,
    ) -> Result<Self, DirError> {
        let fd = rustix::fs::openat(&at, name, FOLDER, Mode::empty()).map_err(|error| failed(&path, error))?;
        let stat = rustix::fs::fstat(&fd).map_err(|error| failed(&path, error))?;
        let (user, mode) = (rustix::process::geteuid().as_raw(), Mode::from_raw_mode(stat.st_mode));
        if stat.st_uid != user {
            return Err(DirError::Foreign { path, owner: stat.st_uid, user });
        }
        if mode.intersects(Mode::WGRP | Mode::WOTH) {
            return Err(DirError::Open { path, mode: u64::from(mode.bits()) as u32 });
        }
        match file_system(&fd).map_err(|error| failed(&path, error))? {
            FileSystem::Local => {}
            FileSystem::Network => return Err(DirError::Network { path }),
            FileSystem::Kernel => return Err(DirError::Kernel { path }),
        }
        Ok(Self { fd, path, made })
    }

    /// Whether opening it has created it.
    pub(crate) const fn was_made(&self) -> bool {
        self.made
    }

    /// The path at which it was opened.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Its identity, which tells it from other folders.
    pub(crate) fn identity(&self) -> io::Result<(u64, u64)> {
        rustix::fs::fstat(&self.fd).map(identity_of).map_err(Into::into)
    }

    /// The identity of the file or folder `name` in it, which tells it from others that had this name; `None` if it doesn't exist.
    pub(crate) fn identity_in(&self, name: &str) -> io::Result<Option<(u64, u64)>> {
        found(rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW))
    }

    /// Like [`Self::identity_in`], for the entry at `path`.
    pub(crate) fn identity_at(path: &Path) -> io::Result<Option<(u64, u64)>> {
        found(rustix::fs::statat(CWD, path, AtFlags::empty()))
    }

    /// Creates the file `name`, which must not exist.
    pub(crate) fn create_file(&self, name: &str) -> io::Result<File> {
        self.open_regular(name, OFlags::RDWR | OFlags::CREATE | OFlags::EXCL)
    }

    /// Opens the file `name`, and creates it if it doesn't exist.
    pub(crate) fn open_or_create_file(&self, name: &str) -> io::Result<File> {
        self.open_regular(name, OFlags::RDWR | OFlags::CREATE)
    }

    /// Opens the file `name`.
    pub(crate) fn open_file(&self, name: &str, writable: bool) -> io::Result<File> {
        self.open_regular(name, if writable { OFlags::RDWR } else { OFlags::RDONLY })
    }

    fn open_regular(&self, name: &str, flags: OFlags) -> io::Result<File> {
        let mode = if flags.contains(OFlags::CREATE) { PRIVATE_FILE } else { Mode::empty() };
        let fd = match rustix::fs::openat(&self.fd, name, FILE | flags, mode) {
            // ENXIO: a FIFO or socket. EISDIR: a folder, opened for writing.
            Err(Errno::LOOP | Errno::NXIO | Errno::ISDIR) => return Err(not_a_file(name)),
            // Without a free descriptor the system does not check whether the file exists.
            Err(error @ (Errno::MFILE | Errno::NFILE)) => {
                let found = rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW);
                let missing = matches!(found, Err(Errno::NOENT));
                return Err(if missing && !flags.contains(OFlags::CREATE) { Errno::NOENT } else { error }.into());
            }
            fd => fd?,
        };
        if flags.contains(OFlags::CREATE) {
            crash::point();
        }
        if FileType::from_raw_mode(rustix::fs::fstat(&fd)?.st_mode) != FileType::RegularFile {
            return Err(not_a_file(name));
        }
        Ok(fd.into())
    }

    /// Renames a file within the folder, replacing `to`.
    pub(crate) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        rustix::fs::renameat(&self.fd, from, &self.fd, to)?;
        crash::point();
        Ok(())
    }

    /// Removes a file, link, FIFO or socket; a missing one is no error.
    pub(crate) fn remove_file(&self, name: &str) -> io::Result<()> {
        gone(rustix::fs::unlinkat(&self.fd, name, AtFlags::empty()))
    }

    /// Removes an empty folder; a missing one is no error.
    pub(crate) fn remove_dir(&self, name: &str) -> io::Result<()> {
        gone(rustix::fs::unlinkat(&self.fd, name, AtFlags::REMOVEDIR))
    }

    /// Names of the folders in it, or of everything else.
    pub(crate) fn names(&self, folders: bool) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(&self.fd)? {
            let entry = entry?;
            if (entry.file_type() == FileType::Directory) == folders
                && let Ok(name) = OsStr::from_bytes(entry.file_name().to_bytes()).to_str().ok_or(())
                && name != "."
                && name != ".."
            {
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }
}

fn gone(result: rustix::io::Result<()>) -> io::Result<()> {
    match result {
        Ok(()) => {
            crash::point();
            Ok(())
        }
        Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The error for an entry that should be a file of a bus but is none; `is_not_a_file` recognizes it.
fn not_a_file(name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("`{name}` is not a regular file; remove it"))
}

/// The error of a folder in which nothing can be created, if `error` says so.
fn unwritable(path: &Path, error: Errno) -> Option<DirError> {
    let refused = matches!(error, Errno::ACCESS | Errno::PERM | Errno::ROFS | Errno::NOSPC | Errno::DQUOT);
    let path = path.parent().unwrap_or(path).to_owned();
    refused.then(|| DirError::Unwritable { path, source: error.into() })
}

/// Kind of a folder's file system.
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only told apart on Linux"))]
enum FileSystem {
    Local,
    Network,
    /// Views of the kernel, such as `/proc`.
    Kernel,
}

#[cfg(target_os = "linux")]
fn file_system(fd: &OwnedFd) -> rustix::io::Result<FileSystem> {
    /// NFS, SMB, CIFS, SMB2, AFS, Coda, 9P, Ceph. Source: statfs(2).
    const NETWORK: [u32; 8] =
        [0x6969, 0x517b, 0xff53_4d42, 0xfe53_4d42, 0x5346_414f, 0x7375_7245, 0x0102_1997, 0x00c3_6400];
    /// proc, sysfs, cgroup, cgroup2, debugfs, tracefs, securityfs. Source: statfs(2).
    const KERNEL: [u32; 7] = [0x9fa0, 0x6265_6572, 0x0027_e0eb, 0x6367_7270, 0x6462_6720, 0x7472_6163, 0x7363_6673];
    let kind = rustix::fs::fstatfs(fd)?.f_type as u32;
    Ok(match kind {
        kind if NETWORK.contains(&kind) => FileSystem::Network,
        kind if KERNEL.contains(&kind) => FileSystem::Kernel,
        _ => FileSystem::Local,
    })
}

#[cfg(not(target_os = "linux"))]
fn file_system(_: &OwnedFd) -> rustix::io::Result<FileSystem> {
    Ok(FileSystem::Local)
}

/// Device and inode.
pub(crate) fn identity(file: &File) -> io::Result<(u64, u64)> {
    Ok(identity_of(rustix::fs::fstat(file)?))
}

#[allow(clippy::unnecessary_cast, reason = "other systems have other types")]
fn identity_of(stat: rustix::fs::Stat) -> (u64, u64) {
    (stat.st_dev as u64, stat.st_ino as u64)
}

fn found(stat: rustix::io::Result<rustix::fs::Stat>) -> io::Result<Option<(u64, u64)>> {
    match stat {
        Ok(stat) => Ok(Some(identity_of(stat))),
        Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The folder of this user's buses.
pub(crate) fn runtime_root() -> PathBuf {
    let name = format!("hotframe-{}", rustix::process::geteuid().as_raw());
    if cfg!(target_os = "linux") { Path::new("/dev/shm").join(name) } else { std::env::temp_dir().join(name) }
}
