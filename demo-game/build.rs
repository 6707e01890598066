//! Tells the sources where the embedded assets are: `../assets` in the workspace, `assets` in a package.
//!
//! `demo-game/assets` is a link, which `cargo package` follows. The sources don't use it, because a checkout on Windows may not have links.

use std::env;
use std::path::PathBuf;

fn main() {
    let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo tells where the package is"));
    let folders = ["../assets", "assets"];
    let found = folders.iter().find(|folder| package.join(folder).join("tuning.toml").is_file());
    let assets =
        found.unwrap_or_else(|| panic!("{package:?} has no tuning.toml in {folders:?}: check out the assets again"));
    // Relative to the package: cargo doesn't run this again when the whole workspace is moved.
    println!("cargo::rustc-env=ASSETS_FOLDER={assets}");
    println!("cargo::rerun-if-changed=build.rs");
}
