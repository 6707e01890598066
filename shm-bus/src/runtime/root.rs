//! The runtime folder, and the valid names of buses.

use std::path::{Path, PathBuf};

use crate::sys::{self, Dir, DirError};

/// Maximum length of a bus's name, in bytes.
const NAME_MAX: usize = 64;

/// A runtime folder that may not exist yet.
#[derive(Clone, Debug)]
pub(crate) struct RuntimeFolder {
    path: PathBuf,
    /// It is the system's default, which is removed when empty; a folder that the user chose stays.
    default: bool,
}

impl RuntimeFolder {
    /// `$HOTFRAME_DIR`, otherwise the system's default.
    pub(crate) fn from_environment() -> Self {
        match std::env::var_os("HOTFRAME_DIR").filter(|path| !path.is_empty()) {
            Some(path) => Self::at(Path::new(&path)),
            None => Self { path: sys::runtime_root(), default: true },
        }
    }

    /// A folder chosen by the caller.
    pub(crate) fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), default: false }
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens it; with `create`, creates it first.
    pub(crate) fn open(&self, create: bool) -> Result<Dir, DirError> {
        Dir::open(&self.path, create)
    }

    /// Removes the folder if it is the default one and empty.
    pub(crate) fn remove_if_default(&self) {
        self.remove_if(false);
    }

    /// Like [`Self::remove_if_default`]; also removes it if the failed attempt had `made` it.
    pub(crate) fn remove_if(&self, made: bool) {
        if self.default || made {
            // A folder with another bus in it stays: `rmdir` refuses, as intended.
            let _ = std::fs::remove_dir(&self.path);
        }
    }
}

/// Whether `name` can be a bus: 1 to 64 letters, digits, `-`, `_` or `.`, not beginning with a dot.
pub(crate) fn is_bus_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=NAME_MAX).contains(&name.len()) && !name.starts_with('.') && name.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::is_bus_name;

    #[test]
    fn names_cannot_leave_the_folder() {
        assert!(is_bus_name("game-1.2_x"));
        for bad in ["", ".", "..", ".hidden", "a/b", "a\\b", "a b", "a\0b", &"x".repeat(65)] {
            assert!(!is_bus_name(bad), "{bad:?}");
        }
    }
}
