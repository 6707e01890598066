//! Tells the sources where the embedded assets are: `../assets` in the workspace, `assets` in a package.
//!
//! `demo-game/assets` is a link, which `cargo package` follows. The sources don't use it, because a checkout on Windows may not have links.

use std::path::Path;

fn main() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = ["../assets", "assets"].map(|folder| package.join(folder));
    let assets = found.iter().find(|folder| folder.join("tuning.toml").is_file());
    let assets = assets.unwrap_or_else(|| panic!("no tuning.toml in {found:?}: check out the assets again"));
    println!("cargo::rustc-env=ASSETS_FOLDER={}", assets.display());
    println!("cargo::rerun-if-changed=build.rs");
}
