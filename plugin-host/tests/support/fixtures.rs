//! Builds the fixture plugins: each file of `plugin-host/fixtures` becomes a library.
//!
//! All are examples of one generated package, outside the workspace, with the workspace's `Cargo.lock`. One cargo call builds them, and
//! every later test process finds them fresh. They use the debug profile, without debug information.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use plugin_host::library_path;

/// The library that cargo builds from the package `my-hyph`.
const OF_PACKAGE: &str = "my_hyph";

const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The library built from `plugin-host/fixtures/<name>.rs`, or the only library of a package.
pub(crate) fn library(name: &str) -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let built = BUILT.get_or_init(build);
    let path = library_path(&if name == OF_PACKAGE { built.clone() } else { built.join("examples") }, name);
    assert!(path.is_file(), "no fixture {}", path.display());
    path
}

/// The library's bytes.
pub(crate) fn bytes(name: &str) -> Vec<u8> {
    fs::read(library(name)).expect("a built fixture can be read")
}

/// Builds all fixtures; returns the folder of the package's library. The other libraries are in a subfolder of it.
fn build() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fixtures");
    fs::create_dir_all(&folder).expect("cargo gives tests a folder");
    let guard = File::create(folder.join(".lock")).expect("a lock file can be made");
    guard.lock().expect("a lock file can be locked");
    write_if_changed(&folder.join("Cargo.toml"), &manifest());
    fs::create_dir_all(folder.join("my-hyph")).expect("a folder for a package");
    write_if_changed(&folder.join("my-hyph/Cargo.toml"), &package_manifest());
    // cargo adds the fixtures to its copy of the lock file, so the original is kept beside it.
    let lock = fs::read_to_string(Path::new(WORKSPACE).join("Cargo.lock")).expect("the workspace has a lock file");
    if write_if_changed(&folder.join("workspace.lock"), &lock) {
        fs::write(folder.join("Cargo.lock"), lock).expect("the lock file can be copied");
    }
    let target = folder.join("target");
    let output = Command::new(env!("CARGO"))
        .args(["build", "--workspace", "--lib", "--examples", "--offline", "--quiet", "--target-dir"])
        .arg(&target)
        .current_dir(&folder)
        .output()
        .expect("cargo can be started");
    assert!(output.status.success(), "the fixtures do not build:\n{}", String::from_utf8_lossy(&output.stderr));
    target.join("debug")
}

fn manifest() -> String {
    let sources = Path::new(WORKSPACE).join("plugin-host/fixtures");
    let mut files: Vec<PathBuf> = fs::read_dir(&sources)
        .expect("the fixtures have a folder")
        .map(|file| file.expect("it can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    files.sort();
    let sdk = Path::new(WORKSPACE).join("plugin-sdk");
    let mut text = format!(
        "[workspace]\nmembers = ['my-hyph']\n\n\
         [package]\nname = \"fixtures\"\nversion = \"0.1.0\"\nedition = \"2024\"\nautoexamples = false\n\n\
         [lib]\npath = '{}'\n\n\
         [dependencies]\nplugin-sdk = {{ path = '{}', features = ['metrics'] }}\n\n\
         [profile.dev]\ndebug = false\nincremental = false\n",
        sources.join("lib.rs").display(),
        sdk.display(),
    );
    for file in files {
        let name = file.file_stem().and_then(|stem| stem.to_str()).expect("a fixture has a name");
        if name != "lib" {
            text += &format!("\n[[example]]\nname = '{name}'\npath = '{}'\ncrate-type = ['cdylib']\n", file.display());
        }
    }
    text
}

/// A package like a real plugin's: its name has a hyphen, and `#[plugin]` states none.
fn package_manifest() -> String {
    let workspace = Path::new(WORKSPACE);
    format!(
        "[package]\nname = \"my-hyph\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
         [lib]\npath = '{}'\ncrate-type = ['cdylib']\n\n\
         [dependencies]\nplugin-sdk = {{ path = '{}' }}\n",
        workspace.join("plugin-host/fixtures/packages/my_hyph.rs").display(),
        workspace.join("plugin-sdk").display(),
    )
}

/// Doesn't touch a file that already has this text, so that cargo finds it fresh.
fn write_if_changed(path: &Path, text: &str) -> bool {
    let is_new = fs::read_to_string(path).is_ok_and(|present| present == text);
    if !is_new {
        fs::write(path, text).expect("a file beside the fixtures can be written");
    }
    !is_new
}
