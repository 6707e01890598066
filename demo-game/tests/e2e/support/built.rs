//! The game, the command and the plugins, built by cargo in release as users build them; once, whoever asks first.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use plugin_host::library_path;

use super::PLUGINS;

/// Root of the workspace.
pub(crate) const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The game, built as README says: another selection of packages has other features, and would be built anew. In release, for it
/// draws every frame: the debug build takes fifty times as long.
pub(crate) fn game() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    program(&BUILT, "demo-game", "demo-game")
}

/// The `hotframe` command, built as README says.
pub(crate) fn hotframe() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    program(&BUILT, "plugin-host", "hotframe")
}

/// A plugin's library, built by the same cargo call as the game's own.
pub(crate) fn library(plugin: &str) -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let folder = BUILT.get_or_init(|| {
        let packages = PLUGINS.iter().flat_map(|plugin| ["--package", plugin]);
        build(Path::new(WORKSPACE), &target(), &packages.collect::<Vec<_>>())
    });
    library_path(folder, plugin)
}

fn program(built: &OnceLock<PathBuf>, package: &str, name: &str) -> PathBuf {
    let folder = built.get_or_init(|| build(Path::new(WORKSPACE), &target(), &["--package", package, "--bin", name]));
    folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// Builds `packages` of a workspace in release; gives the folder in which the results stand. cargo itself makes whoever
/// builds there at the same time wait.
pub(crate) fn build(workspace: &Path, target: &Path, packages: &[&str]) -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .args(["build", "--release", "--quiet", "--target-dir"])
        .arg(target)
        .args(packages)
        .current_dir(workspace)
        .output()
        .expect("cargo can be started");
    assert!(output.status.success(), "{packages:?} don't build:\n{}", String::from_utf8_lossy(&output.stderr));
    target.join("release")
}

/// The target folder of the build that made this test.
fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("a folder within the target folder").to_owned()
}
