//! Environment variables that look like Hotframe's but are read by nothing: most are typing errors.

use crate::name::near;

/// The variables that are read. Tests, examples and `.ci` read more, which begin with the prefixes in [`OF_TESTS`].
const READ: [&str; 1] = ["HOTFRAME_DIR"];

const PREFIX: &str = "HOTFRAME_";
const OF_TESTS: [&str; 4] = ["HOTFRAME_BELL_", "HOTFRAME_EXAMPLE_", "HOTFRAME_SOAK", "HOTFRAME_TEST_"];

/// One line for each such variable of this process that nothing reads.
#[must_use]
pub fn unread() -> Vec<String> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    names.filter_map(|name| told(&name)).collect()
}

fn told(name: &str) -> Option<String> {
    let is_known = READ.contains(&name) || OF_TESTS.iter().any(|words| name.starts_with(words));
    let upper = name.to_uppercase();
    if is_known || !(upper.starts_with(PREFIX) || near(&upper, READ.into_iter()).is_some()) {
        return None;
    }
    Some(format!("the environment variable {name} is set, but nothing reads it; Hotframe reads {}", READ.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn what_looks_like_ours_and_is_not_read_is_told() {
        for name in ["HOTFRAME_DRI", "HOTFRAME_DIRECTORY", "hotframe_dir", "HOTFRAM_DIR", "HOT_FRAME_DIR"] {
            let line = told(name).unwrap_or_default();
            assert!(line.contains(name) && line.ends_with("reads HOTFRAME_DIR"), "{name}: {line}");
        }
        for name in ["HOTFRAME_DIR", "HOTFRAME_SOAK_SEED", "HOTFRAME_TEST_FOLDER", "PATH", "TMPDIR", "HOTEL_DIR", ""] {
            assert_eq!(told(name), None, "{name}");
        }
    }
}
