//! Plugin names. Pure.
//!
//! Cargo builds `libmy_hyph.so` from package `my-hyph`, so `-` and `_` are equal in every name that a person writes: of a package, in
//! `#[plugin(name = "…")]`, in `after` and `before`, of a file. The host uses only `_`.

/// Maximum length of a name in bytes: that of a participant's name on the bus.
pub(crate) const NAME_MAX: usize = 64;

/// The canonical spelling of a plugin's name or a `plugin/system` name.
pub(crate) fn canonical(name: &str) -> String {
    name.replace('-', "_")
}

/// Whether this is a valid plugin name, by the same rule that `#[plugin]` checks at compile time.
pub(crate) fn is_name(name: &str) -> bool {
    let crate_like = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    (1..=NAME_MAX).contains(&name.len()) && !name.starts_with('-') && name.chars().all(crate_like)
}

/// The one of `names` that `wrong` probably means.
pub(crate) fn near<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let distance = |name: &&str| strsim::damerau_levenshtein(wrong, name);
    // Allows one typing error in a short name, two or three in a long one.
    names.filter(|name| distance(name) <= 1 + wrong.len().min(name.len()) / 5).min_by_key(distance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hyphens_and_underscores_are_alike() {
        for name in ["my-hyph_name", "my_hyph-name", "my-hyph-name", "my_hyph_name"] {
            assert_eq!(canonical(name), "my_hyph_name");
        }
    }

    #[test]
    fn a_name_is_that_of_a_crate() {
        let long = "a".repeat(NAME_MAX);
        for name in ["ai", "game_ai", "game-ai2", "_ai", "2d", "größe", &long] {
            assert!(is_name(name), "{name}");
        }
        let too_long = "a".repeat(NAME_MAX + 1);
        for name in ["", "my plugin", "a/b", "a.b", "-ai", "ai\n", "..", &too_long] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn a_near_name_is_a_slip_away() {
        let rows = [
            ("phyiscs", Some("physics")),
            ("physic", Some("physics")),
            ("Ai", Some("ai")),
            ("nonesuch", None),
            ("xy", None),
        ];
        for (wrong, meant) in rows {
            assert_eq!(near(wrong, ["ai", "physics", "render"].into_iter()), meant, "{wrong}");
        }
    }
}
