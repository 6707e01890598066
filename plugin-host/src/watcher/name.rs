//! Which files of the folder are plugins: maps file names to plugin names, and advises on names that only look like one.
//!
//! Pure. `lib<name>.so` on Linux, `lib<name>.dylib` on macOS, `<name>.dll` on Windows. Files that linkers, editors and copy tools leave
//! beside them (`libai.so.tmp`, `.libai.so.swp`, `libai.so~`, `libai.tmp.so`, `libai.d`) are not plugins, and are not reported.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::ffi::OsStr;

use crate::name::{NAME_MAX, canonical, is_name};

/// Suffixes of libraries on any platform.
const LIBRARY_SUFFIXES: [&str; 3] = [".so", ".dylib", ".dll"];

/// The plugin in a file with this name, or `None` if it is no plugin's file.
#[must_use]
pub fn plugin_of(file_name: &str) -> Option<String> {
    stem(file_name, DLL_PREFIX, DLL_SUFFIX).map(canonical)
}

/// The file name of a plugin's library on this platform.
#[must_use]
pub fn file_of(plugin: &str) -> String {
    format!("{DLL_PREFIX}{plugin}{DLL_SUFFIX}")
}

/// Advice on a file that looks like a library but whose name is no plugin's.
pub(super) fn advice(file_name: &OsStr) -> Option<String> {
    advice_for(&file_name.to_string_lossy(), DLL_PREFIX, DLL_SUFFIX)
}

fn stem<'a>(file_name: &'a str, prefix: &str, suffix: &str) -> Option<&'a str> {
    file_name.strip_prefix(prefix)?.strip_suffix(suffix).filter(|name| is_name(name))
}

fn advice_for(file_name: &str, prefix: &str, suffix: &str) -> Option<String> {
    if file_name.starts_with('.') || stem(file_name, prefix, suffix).is_some() {
        return None;
    }
    let (base, found) = split_library(file_name)?;
    if base.split('.').skip(1).any(|part| part.starts_with("tmp") || part.starts_with("temp")) {
        return None;
    }
    let name = without_prefix(base);
    let proper: String = name.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '_' }).collect();
    let proper = match proper.trim_matches('_') {
        "" => "NAME",
        proper => proper,
    };
    let rule = format!("the file of plugin NAME is called {prefix}NAME{suffix}");
    Some(if !found.eq_ignore_ascii_case(suffix) && !found.starts_with(suffix) {
        format!("a library of this system ends with {suffix}; build it for this system, as {prefix}{proper}{suffix}")
    } else if name.len() > NAME_MAX {
        format!("a plugin's name has {NAME_MAX} bytes at most; give it a shorter one, in #[plugin(name = \"…\")] too")
    } else {
        format!("{rule}; rename it to {prefix}{proper}{suffix}, with the name that its #[plugin] states")
    })
}

/// A library's name before its suffix, and the suffix: `.so`, `.SO`, `.so.1.2`.
fn split_library(file_name: &str) -> Option<(&str, &str)> {
    let unversioned = file_name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    LIBRARY_SUFFIXES.into_iter().find_map(|suffix| {
        let at = unversioned.len().checked_sub(suffix.len())?;
        let is_suffix = unversioned.is_char_boundary(at) && unversioned[at..].eq_ignore_ascii_case(suffix);
        is_suffix.then(|| file_name.split_at(at))
    })
}

fn without_prefix(base: &str) -> &str {
    match base.split_at_checked(3) {
        Some((prefix, name)) if prefix.eq_ignore_ascii_case("lib") => name,
        _ => base,
    }
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
    fn both_ways_agree_and_hyphens_are_underscores() {
        assert_eq!(plugin_of(&file_of("physics")).as_deref(), Some("physics"));
        assert_eq!(plugin_of(&file_of("my-hyph")).as_deref(), Some("my_hyph"));
    }

    #[test]
    fn a_name_that_only_looks_like_a_plugins_is_told_with_what_to_do() {
        let long = format!("lib{}.so", "a".repeat(NAME_MAX + 1));
        let rows = [
            ("probe.so", "rename it to libprobe.so"),
            ("libmy plugin.so", "rename it to libmy_plugin.so"),
            ("libai (copy).so", "rename it to libai__copy.so"),
            ("lib.so", "rename it to libNAME.so"),
            (".so", ""),
            ("lib-ai.so", "rename it to libai.so"),
            ("lib.ai.so", "rename it to libai.so"),
            ("libai.SO", "rename it to libai.so"),
            ("LIBAI.SO", "rename it to libAI.so"),
            ("Libai.so", "rename it to libai.so"),
            ("libx.so.1", "rename it to libx.so"),
            ("libx.so.1.2.3", "rename it to libx.so"),
            ("ai.dll", "build it for this system, as libai.so"),
            ("libai.dylib", "build it for this system, as libai.so"),
            ("libai.DLL", "build it for this system, as libai.so"),
            (&long, "64 bytes at most"),
        ];
        for (file, words) in rows {
            let advice = advice_for(file, "lib", ".so").unwrap_or_default();
            assert!(advice.contains(words) && advice.is_empty() == words.is_empty(), "{file}: {advice}");
        }
        assert!(advice_for("libai.so", "", ".dll").is_some_and(|advice| advice.contains("as ai.dll")));
        assert!(advice(OsStr::new(&format!("{DLL_PREFIX}a b{DLL_SUFFIX}"))).is_some());
    }

    #[test]
    fn plugins_and_what_tools_leave_are_not_spoken_of() {
        let files = [
            "libai.so",
            "libmy-hyph.so",
            "libai.so.tmp",
            "libai.so~",
            ".libai.so",
            ".libai.so.swp",
            ".libai.so.AbC123",
            "libai.tmp.so",
            "libai.tmp123.so",
            "libai.d",
            "libai.rlib",
            "libai.rmeta",
            "libai.so.part",
            "notes.txt",
            "ai.so.bak",
            "also",
            "so",
            "",
            "1.2",
        ];
        for file in files {
            assert_eq!(advice_for(file, "lib", ".so"), None, "{file}");
        }
    }
}
