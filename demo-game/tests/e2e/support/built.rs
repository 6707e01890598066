//! The game and the plugins, built by cargo in release as users build them, and the command; the first test that needs them builds them,
//! once. The command is built in debug, which takes a third of the time and changes nothing that these tests look at.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use plugin_host::library_path;

use super::PLUGINS;

/// Root of the workspace.
pub(crate) const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The game, built in release because it draws every frame: the debug build takes fifty times as long.
pub(crate) fn game() -> PathBuf {
    programs().game.join(format!("demo-game{}", std::env::consts::EXE_SUFFIX))
}

/// The `hotframe` command.
pub(crate) fn hotframe() -> PathBuf {
    programs().command.join(format!("hotframe{}", std::env::consts::EXE_SUFFIX))
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

/// The folders of both programs.
struct Programs {
    command: PathBuf,
    game: PathBuf,
}

/// Builds both programs, each as the README says: together they would have other features than either alone, and would be built again. The
/// command is built before any game runs, because a game with a limited number of frames does not wait for it.
fn programs() -> &'static Programs {
    static BUILT: OnceLock<Programs> = OnceLock::new();
    BUILT.get_or_init(|| {
        let workspace = Path::new(WORKSPACE);
        let command = build_as("debug", workspace, &target(), &["--package", "hotframe", "--bin", "hotframe"]);
        let game = build(workspace, &target(), &["--package", "demo-game", "--bin", "demo-game"]);
        Programs { command, game }
    })
}

/// Builds `packages` of a workspace in release; returns the folder of the results. cargo itself serializes concurrent builds there.
pub(crate) fn build(workspace: &Path, target: &Path, packages: &[&str]) -> PathBuf {
    build_as("release", workspace, target, packages)
}

fn build_as(folder: &str, workspace: &Path, target: &Path, packages: &[&str]) -> PathBuf {
    let release = (folder == "release").then_some("--release");
    let output = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--target-dir"])
        .arg(target)
        .args(release)
        .args(packages)
        .current_dir(workspace)
        .output()
        .expect("cargo can be started");
    assert!(output.status.success(), "{packages:?} don't build:\n{}", String::from_utf8_lossy(&output.stderr));
    target.join(folder)
}

/// The target folder of the build that produced this test.
fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("a folder within the target folder").to_owned()
}
