//! The plugins folder: built from the sources when these are there, used as it is otherwise.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use plugin_host::library_path;

/// The game's own plugins, each a package of that name.
const PLUGINS: [&str; 4] = ["ai", "director", "physics", "render"];

/// Why there is no plugins folder to play with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum PluginsError {
    /// A folder or file can't be read or written.
    #[error("can't use {}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// No libraries, and no sources to build them from.
    #[error("{} holds no plugin, and the game's sources are not at {} to build them from", folder.display(), sources.display())]
    NoSources {
        /// The folder.
        folder: PathBuf,
        /// Where the sources were when the game was built.
        sources: PathBuf,
    },
    /// cargo is missing.
    #[error("can't run cargo to build the plugins; install Rust, or pass --plugins with a folder of built ones")]
    Cargo {
        /// What the system said.
        source: io::Error,
    },
    /// The plugins don't compile.
    #[error("the plugins don't build; cargo's messages are above")]
    Build,
}

/// The folder to watch: `given`, filled if it holds no library, or the sources' own, refreshed.
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

/// Builds the plugins and puts those that changed into `folder`.
fn fill(folder: &Path, sources: &Path) -> Result<PathBuf, PluginsError> {
    if !is_workspace(sources) {
        return Err(PluginsError::NoSources { folder: folder.to_owned(), sources: sources.to_owned() });
    }
    fs::create_dir_all(folder).map_err(|source| PluginsError::Io { path: folder.to_owned(), source })?;
    build(sources)?;
    let built = target_folder(sources).join("release");
    for plugin in PLUGINS {
        install(&library_path(&built, plugin), folder)?;
    }
    Ok(folder.to_owned())
}

fn build(sources: &Path) -> Result<(), PluginsError> {
    tracing::info!("building the plugins {} (the first time takes some minutes) …", PLUGINS.join(", "));
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(sources).args(["build", "--release"]);
    command.env("CARGO_TARGET_DIR", target_folder(sources));
    for plugin in PLUGINS {
        command.args(["--package", plugin]);
    }
    let status = command.status().map_err(|source| PluginsError::Cargo { source })?;
    if status.success() { Ok(()) } else { Err(PluginsError::Build) }
}

/// Where cargo builds: the user's own setting, else `target` beside the sources.
fn target_folder(sources: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| sources.join("target"), PathBuf::from)
}

/// Copies `library` into `folder` under a hidden name and renames it into place, unless the same bytes stand there.
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
