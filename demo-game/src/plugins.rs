//! The plugins folder: built from the sources if these exist, otherwise used as it is. A plugin that can't be built or copied there is the
//! only one that is missing.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use plugin_host::{library_path, with_causes};

use crate::build::{self, BuildError};

/// The game's own plugins; each is a package with that name.
const PLUGINS: [&str; 4] = ["ai", "director", "physics", "render"];

/// Why there is no plugins folder to use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum PluginsError {
    /// A folder or file can't be read or written.
    #[error("cannot use {}", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// There are no libraries, and no sources to build them from.
    #[error("{} holds no plugin, and the game's sources are not at {} to build them from", folder.display(), sources.display())]
    NoSources {
        /// The folder.
        folder: PathBuf,
        /// The path of the sources when the game was built.
        sources: PathBuf,
    },
    /// The plugins can't be built at all.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// No plugin could be built.
    #[error("no plugin could be built, and {} holds no earlier build; cargo's messages are above", folder.display())]
    None {
        /// The folder.
        folder: PathBuf,
    },
}

/// The folder to watch: `given`, filled if it contains no library, or the sources' own, refreshed.
pub(crate) fn folder(given: Option<&Path>) -> Result<PathBuf, PluginsError> {
    let sources = sources();
    match given {
        Some(folder) if holds_library(folder)? => Ok(folder.to_owned()),
        Some(folder) => fill(folder, &sources),
        None if is_workspace(&sources) => fill(&sources.join("plugins"), &sources),
        None => {
            let beside = Path::new("plugins");
            if holds_library(beside)? { Ok(beside.to_owned()) } else { fill(beside, &sources) }
        }
    }
}

/// The workspace's root when this binary was built.
fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}

fn is_workspace(sources: &Path) -> bool {
    sources.join("demo-game/plugins/director/Cargo.toml").is_file()
}

fn holds_library(folder: &Path) -> Result<bool, PluginsError> {
    match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(PluginsError::Io { path: folder.to_owned(), source }),
        Ok(files) => {
            let is_library = |name: &std::ffi::OsStr| name.to_str().and_then(plugin_host::watcher::plugin_of).is_some();
            Ok(files.filter_map(Result::ok).any(|file| is_library(&file.file_name())))
        }
    }
}

/// Builds the plugins and copies those that changed to `folder`.
fn fill(folder: &Path, sources: &Path) -> Result<PathBuf, PluginsError> {
    if !is_workspace(sources) {
        return Err(PluginsError::NoSources { folder: folder.to_owned(), sources: sources.to_owned() });
    }
    fs::create_dir_all(folder).map_err(|source| PluginsError::Io { path: folder.to_owned(), source })?;
    let target = target_folder(sources);
    let built = build::build(sources, &target, &PLUGINS)?;
    for plugin in PLUGINS {
        let library = library_path(&target.join("release"), plugin);
        let failure = match built.contains(plugin) {
            true => install(&library, folder).err().map(|error| with_causes(&error)),
            false => Some("it does not build (cargo's messages are above)".to_owned()),
        };
        if let Some(failure) = failure {
            let stands = library_path(folder, plugin).is_file();
            let consequence = if stands { "with its last build" } else { "without it" };
            tracing::error!(plugin, "{plugin}: {failure}; the game plays {consequence}");
        }
    }
    if holds_library(folder)? { Ok(folder.to_owned()) } else { Err(PluginsError::None { folder: folder.to_owned() }) }
}

/// Cargo's target folder: the user's own setting, otherwise `target` beside the sources.
fn target_folder(sources: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| sources.join("target"), PathBuf::from)
}

/// Copies `library` to `folder` under a hidden name and renames it, unless the same bytes are already there.
fn install(library: &Path, folder: &Path) -> Result<(), PluginsError> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| PluginsError::Io { path, source }
    };
    let name = library.file_name().unwrap_or_default();
    let (target, fresh) = (folder.join(name), fs::read(library).map_err(io(library))?);
    if fs::read(&target).is_ok_and(|present| present == fresh) {
        return Ok(());
    }
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    let hidden = folder.join(hidden);
    fs::write(&hidden, fresh).map_err(io(&hidden))?;
    fs::rename(&hidden, &target).map_err(io(&target))
}
