//! The game, the command and the plugins, built by cargo in release as users build them; the first test that needs them builds them, once.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use plugin_host::library_path;

use super::PLUGINS;

/// Root of the workspace.
pub(crate) const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The game, built in release because it draws every frame: the debug build takes fifty times as long.
pub(crate) fn game() -> PathBuf {
    programs().join(format!("demo-game{}", std::env::consts::EXE_SUFFIX))
}

/// The `hotframe` command.
pub(crate) fn hotframe() -> PathBuf {
    programs().join(format!("hotframe{}", std::env::consts::EXE_SUFFIX))
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

/// The folder of both programs, each built as the README says: together they would have other features than either alone, and would be
/// built again. The command is built before any game runs, because a game with a limited number of frames doesn't wait for it.
fn programs() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let build = |package, name| build(Path::new(WORKSPACE), &target(), &["--package", package, "--bin", name]);
        build("hotframe", "hotframe");
        build("demo-game", "demo-game")
    })
}

/// Builds `packages` of a workspace in release; returns the folder of the results. cargo itself serializes concurrent builds there.
pub(crate) fn build(workspace: &Path, target: &Path, packages: &[&str]) -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .args(["build", "--release", "--quiet", "--target-dir"])
        .arg(target)
        .args(packages)
        .current_dir(workspace)
        .output()
        .expect("cargo can be started");
    assert!(output.status.success(), "{packages:?} do not build:\n{}", String::from_utf8_lossy(&output.stderr));
    target.join("release")
}

/// The target folder of the build that produced this test.
fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("a folder within the target folder").to_owned()
}
