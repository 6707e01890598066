//! Output files of a run: checked before it, and written whole or not at all.
//!
//! # Failure
//! The former file stays until the new one is complete. Writing to a named pipe that nobody reads is an error; nothing waits for a reader.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The file could not be written after the run, so it doesn't exist.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}, so nothing was played", file.display())]
pub(crate) struct OutputError {
    file: PathBuf,
    source: io::Error,
}

/// Refuses a path where [`write()`] would fail, as far as this is known before there is something to write.
pub(crate) fn check(file: &Path) -> Result<(), OutputError> {
    let checked = match target(file) {
        // Opening it would make its reader take the end of this check for the end of the output.
        Ok(Target::Special { is_pipe: true, .. }) => Ok(()),
        Ok(Target::Special { path, .. }) => open_special(&path).map(drop),
        Ok(Target::File { temporary, .. }) => fs::remove_file(temporary),
        Err(error) => Err(error),
    };
    checked.map_err(|source| OutputError { file: file.to_owned(), source })
}

/// Writes `bytes` to `file`, replacing its content.
pub(crate) fn write(file: &Path, bytes: &[u8]) -> io::Result<()> {
    match target(file)? {
        Target::Special { path, .. } => open_special(&path)?.write_all(bytes),
        Target::File { temporary, mut open, path } => {
            let written = open.write_all(bytes).and_then(|()| {
                if let Ok(present) = fs::metadata(&path) {
                    let _ = open.set_permissions(present.permissions());
                }
                drop(open);
                fs::rename(&temporary, &path)
            });
            written.inspect_err(|_| {
                let _ = fs::remove_file(&temporary);
            })
        }
    }
}

/// Destination of the bytes.
enum Target {
    /// A device or a named pipe.
    Special { path: PathBuf, is_pipe: bool },
    /// A new file beside the one that it will replace.
    File { temporary: PathBuf, open: File, path: PathBuf },
}

fn target(file: &Path) -> io::Result<Target> {
    // A link stays a link.
    let path = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    match fs::metadata(&path) {
        Ok(present) if present.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
        Ok(present) if !present.is_file() => return Ok(Target::Special { is_pipe: is_pipe(&present), path }),
        _ => {}
    }
    let mut name = OsString::from(".");
    name.push(path.file_name().ok_or(io::ErrorKind::InvalidInput)?);
    name.push(format!(".{}", std::process::id()));
    let temporary = path.with_file_name(name);
    Ok(Target::File { open: File::create(&temporary)?, temporary, path })
}

#[cfg(unix)]
fn is_pipe(present: &fs::Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&present.file_type())
}

#[cfg(not(unix))]
fn is_pipe(_: &fs::Metadata) -> bool {
    false
}

/// Opens a device or a named pipe without waiting for its other end.
#[cfg(unix)]
fn open_special(path: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl, open};

    let opened = match open(path, OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty()) {
        Err(rustix::io::Errno::NXIO) => return Err(io::Error::other("nobody reads it; start its reader first")),
        opened => opened?,
    };
    // Writing may block from here on: an existing reader may be slower than the writer.
    fcntl_setfl(&opened, fcntl_getfl(&opened)? - OFlags::NONBLOCK)?;
    Ok(opened.into())
}

#[cfg(not(unix))]
fn open_special(path: &Path) -> io::Result<File> {
    fs::OpenOptions::new().write(true).open(path)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{check, write};

    #[test]
    fn a_file_is_replaced_whole_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("report.json");
        check(&file).expect("may be written");
        assert!(!file.exists());
        write(&file, b"one").expect("written");
        check(&file).expect("may be written");
        assert_eq!(fs::read(&file).expect("there"), b"one");
        write(&file, b"two").expect("written");
        assert_eq!(fs::read(&file).expect("there"), b"two");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
        for bad in [folder.path().to_owned(), folder.path().join("absent/x"), "/".into()] {
            check(&bad).expect_err("refused");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_written_to_and_a_link_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        write(Path::new("/dev/null"), b"gone").expect("it takes everything");
        check(Path::new("/dev/null")).expect("it takes everything");
        let (link, real) = (folder.path().join("link"), folder.path().join("real"));
        fs::write(&real, "old").expect("written");
        std::os::unix::fs::symlink(&real, &link).expect("made");
        write(&link, b"new").expect("written");
        assert!(link.is_symlink() && fs::read(&real).expect("there") == b"new");
    }

    #[cfg(unix)]
    #[test]
    fn a_named_pipe_is_opened_only_to_be_written_and_waits_for_no_reader() {
        use rustix::fs::{CWD, FileType, Mode, mknodat};

        let folder = tempfile::tempdir().expect("a folder");
        let pipe = folder.path().join("pipe");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("made");
        check(&pipe).expect("its reader may come later");
        let error = write(&pipe, b"lost").expect_err("nobody reads it");
        assert!(error.to_string().contains("start its reader first"), "{error}");
        let bytes = vec![7; 1 << 20];
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| fs::read(&pipe).expect("read"));
            // The write succeeds as soon as the reader has opened the pipe.
            while write(&pipe, &bytes).is_err() {
                check(&pipe).expect("may be written");
                std::thread::yield_now();
            }
            assert_eq!(reader.join().expect("no panic"), bytes);
        });
    }
}
