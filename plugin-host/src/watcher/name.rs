//! Which files of the folder are plugins: file name ↔ plugin name.
//!
//! Pure. `lib<name>.so` on Linux, `lib<name>.dylib` on macOS, `<name>.dll` on Windows. What linkers,
//! editors and copy tools leave beside them (`libai.so.tmp`, `.libai.so.swp`, `libai.so~`,
//! `libai.tmp.so`, `libai (copy).so`) is no plugin: a name is one crate's name.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};

/// The plugin that a file of this name holds, or `None` if it is no plugin's file.
#[must_use]
pub fn plugin_of(file_name: &str) -> Option<&str> {
    stem(file_name, DLL_PREFIX, DLL_SUFFIX)
}

/// The file name of a plugin's library on this platform.
#[must_use]
pub fn file_of(plugin: &str) -> String {
    format!("{DLL_PREFIX}{plugin}{DLL_SUFFIX}")
}

fn stem<'a>(file_name: &'a str, prefix: &str, suffix: &str) -> Option<&'a str> {
    let name = file_name.strip_prefix(prefix)?.strip_suffix(suffix)?;
    let crate_like = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    (name.starts_with(|c: char| c.is_alphanumeric() || c == '_') && name.chars().all(crate_like)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_library_names_are_plugins() {
        let rows = [
            ("libai.so", Some("ai")),
            ("libgame_ai.so", Some("game_ai")),
            ("libgame-ai2.so", Some("game-ai2")),
            ("lib.so", None),
            ("ai.so", None),
            ("libai.so.tmp", None),
            ("libai.so~", None),
            ("libai.so.1", None),
            (".libai.so.swp", None),
            (".libai.so", None),
            ("lib.ai.so", None),
            ("lib-ai.so", None),
            ("libai.tmp.so", None),
            ("libai (copy).so", None),
            ("libai.rlib", None),
            ("libai.toml", None),
            ("", None),
        ];
        for (file, plugin) in rows {
            assert_eq!(stem(file, "lib", ".so"), plugin, "{file}");
        }
        assert_eq!(stem("ai.dll", "", ".dll"), Some("ai"));
        assert_eq!(stem("libai.dylib", "lib", ".dylib"), Some("ai"));
    }

    #[test]
    fn both_ways_agree() {
        assert_eq!(plugin_of(&file_of("physics")), Some("physics"));
    }
}
