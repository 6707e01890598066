//! A test's own plugins folder, and the ways in which people replace a library in it.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use plugin_host::library_path;
use tempfile::TempDir;

use super::{PLUGINS, built};

/// How a new library gets into the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// `cp new folder/`: the same file gets other bytes.
    Copied,
    /// Written elsewhere and renamed over it.
    Renamed,
    /// Removed, then linked, as cargo does.
    Linked,
}

/// A plugins folder; see the module.
pub(crate) struct Plugins {
    home: TempDir,
}

impl Plugins {
    /// A folder without plugins.
    pub(crate) fn none() -> Self {
        let home = TempDir::new().expect("a folder for plugins");
        fs::create_dir(home.path().join("plugins")).expect("a folder for plugins");
        Self { home }
    }

    /// A folder with all of the game's plugins.
    pub(crate) fn all() -> Self {
        Self::without("")
    }

    /// A folder with all plugins but one.
    pub(crate) fn without(absent: &str) -> Self {
        let plugins = Self::none();
        for plugin in PLUGINS.into_iter().filter(|plugin| *plugin != absent) {
            plugins.replace(plugin, Way::Copied, &bytes(plugin));
        }
        plugins
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.home.path().join("plugins")
    }

    /// The path of a plugin's library, present or not.
    pub(crate) fn file(&self, plugin: &str) -> PathBuf {
        library_path(&self.folder(), plugin)
    }

    /// Installs `library` as `plugin`'s.
    pub(crate) fn replace(&self, plugin: &str, way: Way, library: &[u8]) {
        let (file, aside) = (self.file(plugin), self.home.path().join("aside"));
        // A new file each time: a link to it would share later changes.
        let _ = fs::remove_file(&aside);
        fs::write(&aside, library).expect("written aside");
        let done = match way {
            Way::Copied => fs::copy(&aside, &file).map(drop),
            Way::Renamed => fs::rename(&aside, &file),
            Way::Linked => remove(&file).and_then(|()| fs::hard_link(&aside, &file)),
        };
        done.unwrap_or_else(|error| panic!("{way:?}: {error}"));
    }

    /// Writes the first piece of a library into the file, or appends the next one; the file is closed after each.
    pub(crate) fn write_piece(&self, plugin: &str, piece: &[u8], is_first: bool) {
        let mut options = fs::OpenOptions::new();
        let options = if is_first { options.write(true).truncate(true) } else { options.append(true) };
        options.open(self.file(plugin)).and_then(|mut file| file.write_all(piece)).expect("a piece can be written");
    }

    pub(crate) fn remove(&self, plugin: &str) {
        remove(&self.file(plugin)).expect("it can be removed");
    }
}

fn remove(file: &Path) -> std::io::Result<()> {
    if file.exists() { fs::remove_file(file) } else { Ok(()) }
}

/// A plugin's library as built.
pub(crate) fn bytes(plugin: &str) -> Vec<u8> {
    fs::read(built::library(plugin)).expect("a built library can be read")
}

/// A library with the same behaviour and other bytes: `extra` more zeros at its end.
pub(crate) fn padded(plugin: &str, extra: usize) -> Vec<u8> {
    let mut library = bytes(plugin);
    library.resize(library.len() + extra, 0);
    library
}
