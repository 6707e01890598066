//! Resources that the process lacks when it can't handle a file: such a shortage says nothing about the file, and passes.
//!
//! Pure tables of the system's errors.

use std::io;

/// Advice for a person on how to end the shortage; `None` for an error that is the file's own.
pub(crate) fn remedy(error: &io::Error) -> Option<&'static str> {
    #[cfg(unix)]
    let found = match error.raw_os_error() {
        Some(libc::EMFILE) => Some(
            "this process has no file descriptor left: find out which plugin keeps files open, or raise the limit (`ulimit -n`)",
        ),
        Some(libc::ENFILE) => Some("the system has no file descriptor left: end programs, or raise fs.file-max"),
        Some(libc::ENOMEM) => Some(NO_MEMORY),
        _ => None,
    };
    #[cfg(not(unix))]
    let found = {
        const ERROR_TOO_MANY_OPEN_FILES: i32 = 4;
        (error.raw_os_error() == Some(ERROR_TOO_MANY_OPEN_FILES)).then_some("this process has no file handle left")
    };
    found.or_else(|| (error.kind() == io::ErrorKind::OutOfMemory).then_some(NO_MEMORY))
}

const NO_MEMORY: &str = "there is no memory left: end programs, or raise the limit (`ulimit -v`)";

/// The shortage in an error of the system's loader, which reports errors as text only.
#[cfg(unix)]
pub(crate) fn of_text(text: &str) -> Option<io::Error> {
    [libc::EMFILE, libc::ENFILE, libc::ENOMEM].into_iter().map(io::Error::from_raw_os_error).find(|error| {
        let words = error.to_string();
        words.split(" (os error").next().is_some_and(|words| text.contains(words))
    })
}

#[cfg(not(unix))]
pub(crate) const fn of_text(_text: &str) -> Option<io::Error> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn shortages_have_a_remedy_and_a_files_own_errors_have_none() {
        for code in [libc::EMFILE, libc::ENFILE, libc::ENOMEM] {
            assert!(remedy(&io::Error::from_raw_os_error(code)).is_some(), "{code}");
        }
        for code in [libc::ENOENT, libc::EACCES, libc::EIO, libc::ENOSPC, libc::EROFS, libc::EISDIR] {
            assert!(remedy(&io::Error::from_raw_os_error(code)).is_none(), "{code}");
        }
    }

    #[test]
    fn the_loaders_text_tells_a_shortage() {
        let rows = [
            ("/tmp/a.so: cannot open shared object file: Too many open files", Some(libc::EMFILE)),
            ("/tmp/a.so: failed to map segment from shared object: Cannot allocate memory", Some(libc::ENOMEM)),
            ("/tmp/a.so: cannot allocate memory in static TLS block", None),
            ("/tmp/a.so: undefined symbol: nonesuch", None),
            ("libb.so: cannot open shared object file: No such file or directory", None),
        ];
        for (text, code) in rows {
            assert_eq!(of_text(text).and_then(|error| error.raw_os_error()), code, "{text}");
        }
    }
}
