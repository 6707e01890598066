//! The libraries that are called.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use plugin_host::{ExportsOnly, Host, Plugins, library_path};
use shm_bus::Bus;
use tempfile::TempDir;

/// The path of the library `name` of this workspace, which cargo builds beside this program.
pub(crate) fn library(name: &str) -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let path = library_path(program.parent().context("no folder")?, name);
    ensure!(path.is_file(), "{} is missing: build the whole workspace", path.display());
    Ok(path)
}

/// A host that runs plugins, in a folder of its own.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) plugins: Plugins,
    _host: Host,
    _folder: TempDir,
}

impl Running {
    /// Runs these libraries.
    pub(crate) fn with(names: &[&str]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        names.iter().try_for_each(|name| put(name, folder.path()))?;
        let mut host = Host::start(folder.path(), Bus::anonymous()?)?;
        host.load_present(&mut ExportsOnly)?;
        let plugins = host.plugins();
        ensure!(plugins.names() == names, "{:?} run instead of {names:?}", plugins.names());
        Ok(Self { plugins, _host: host, _folder: folder })
    }
}

/// Copies the library `name` into `folder`.
pub(crate) fn put(name: &str, folder: &Path) -> Result<()> {
    std::fs::copy(library(name)?, library_path(folder, name))?;
    Ok(())
}
