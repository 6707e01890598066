//! What became of a state on its way from one build to the next, by path: a comparison of two sketches, without effects.
//!
//! | before | after | told as |
//! |---|---|---|
//! | a path | the same, its type and its values alike | kept |
//! | a path | the same, of another type | converted |
//! | a path | the same, another value | changed |
//! | a name | another name of the same struct, which reads the first, too | renamed |
//! | a name | none | dropped |
//! | none | a name | defaulted |

use core::fmt;

use super::read::Names;
use super::sketch::Entry;

/// Paths listed of each kind.
const LISTED_MAX: usize = 12;

/// See the module.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    kept: usize,
    renamed: Vec<String>,
    converted: Vec<String>,
    changed: Vec<String>,
    defaulted: Vec<String>,
    dropped: Vec<String>,
    /// A value came back as another.
    has_changes: bool,
}

impl Report {
    /// Compares; `names` is what the new types read.
    pub(super) fn new(before: &[Entry], after: &[Entry], names: &Names) -> Self {
        let mut report = Self::default();
        let mut before = before.to_vec();
        for (old, new) in renames(&before, after, names) {
            for entry in &mut before {
                if let Some(rest) = below(&entry.path, &old) {
                    entry.path = format!("{new}{rest}");
                }
            }
            report.renamed.push(format!("{old} → {new}"));
        }
        for old in &before {
            match after.iter().find(|new| new.path == old.path) {
                Some(new) => report.compare(old, new, names),
                None => report.dropped.extend(top(&old.path, after)),
            }
        }
        let fresh = after.iter().filter(|new| !before.iter().any(|old| old.path == new.path));
        report.defaulted = fresh.filter_map(|new| top(&new.path, &before)).collect();
        // All below one name have that name.
        report.defaulted.dedup();
        report.dropped.dedup();
        report
    }

    fn compare(&mut self, old: &Entry, new: &Entry, names: &Names) {
        let is_equal = old.print.zip(new.print).is_none_or(|(old, new)| old == new);
        let values = |old: &str, new: &str| (old.to_owned(), new.to_owned());
        let (from, to) = if old.path.contains("[]") { values("", "") } else { values(&old.sample, &new.sample) };
        let is_variant = |value: &str| names.get(&old.path).is_some_and(|names| names.contains(&value));
        if old.kind != new.kind && old.kind != "none" && new.kind != "none" {
            self.has_changes |= !is_equal;
            let values = if is_equal || from.is_empty() { String::new() } else { format!(": {from} → {to}") };
            self.converted.push(format!("{} ({} → {}{values})", old.path, old.kind, new.kind));
        } else if is_equal {
            self.kept += 1;
        } else if is_variant(&old.sample) && is_variant(&new.sample) {
            self.renamed.push(format!("{}: {} → {}", old.path, old.sample, new.sample));
        } else {
            self.has_changes = true;
            let values = if from.is_empty() { String::new() } else { format!(" ({from} → {to})") };
            self.changed.push(format!("{}{values}", old.path));
        }
    }

    /// Whether all was kept as it was.
    pub(crate) fn is_plain(&self) -> bool {
        let Self { renamed, converted, changed, defaulted, dropped, .. } = self;
        [renamed, converted, changed, defaulted, dropped].iter().all(|paths| paths.is_empty())
    }

    /// Whether a value came back as another, also for a type that can't hold it exactly.
    pub(crate) fn has_changes(&self) -> bool {
        self.has_changes
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "kept {}", self.kept)?;
        let lists = [
            ("renamed", &self.renamed),
            ("converted", &self.converted),
            ("changed", &self.changed),
            ("defaulted", &self.defaulted),
            ("dropped", &self.dropped),
        ];
        for (word, paths) in lists.into_iter().filter(|(_, paths)| !paths.is_empty()) {
            write!(out, ", {word} {}", paths[..paths.len().min(LISTED_MAX)].join(", "))?;
            if let Some(more @ 1..) = paths.len().checked_sub(LISTED_MAX) {
                write!(out, " and {more} more")?;
            }
        }
        Ok(())
    }
}

/// What follows `path` in `whole`, if it is the same or lies below it.
fn below<'a>(whole: &'a str, path: &str) -> Option<&'a str> {
    let rest = whole.strip_prefix(path)?;
    (rest.is_empty() || rest.starts_with(['.', '['])).then_some(rest)
}

/// Whether anything of `entries` is at `path` or below it.
fn has(entries: &[Entry], path: &str) -> bool {
    entries.iter().any(|entry| below(&entry.path, path).is_some())
}

/// The outermost part of `path` of which `others` have nothing. `None` for items of a sequence that is there, and empty.
fn top(path: &str, others: &[Entry]) -> Option<String> {
    let mut ends = path.match_indices(['.', '[']).map(|(end, _)| end).filter(|end| *end > 0).chain([path.len()]);
    let cut = &path[..ends.find(|end| !has(others, &path[..*end]))?];
    (!cut.ends_with("[]")).then(|| cut.to_owned())
}

/// Names of the saved state that the new one lacks, reads all the same, and has another name for.
fn renames(before: &[Entry], after: &[Entry], names: &Names) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (path, names) in names {
        let full = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        for (place, old) in names.iter().enumerate() {
            if !has(before, &full(old)) || has(after, &full(old)) {
                continue;
            }
            // serde lists the names of one field side by side.
            let fresh = |name: &&str| has(after, &full(name)) && !has(before, &full(name));
            let places = names.iter().enumerate().filter(|(_, name)| fresh(name));
            if let Some((_, new)) = places.min_by_key(|(other, _)| other.abs_diff(place)) {
                found.push((full(old), full(new)));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::read::Names;
    use super::super::sketch::Entry;
    use super::Report;

    /// `path kind value`.
    fn entries(lines: &[&str]) -> Vec<Entry> {
        let entry = |line: &&str| {
            let mut parts = line.split(' ').map(str::to_owned);
            let mut next = || parts.next().expect("three words");
            let (path, kind, sample) = (next(), next(), next());
            let print = Some(crate::wire::schema_hash(&sample));
            Entry { path, kind, print, sample }
        };
        lines.iter().map(entry).collect()
    }

    fn told(before: &[&str], after: &[&str], names: &[(&str, &'static [&'static str])]) -> String {
        let names: Names = names.iter().map(|(path, names)| ((*path).to_owned(), *names)).collect();
        Report::new(&entries(before), &entries(after), &names).to_string()
    }

    #[test]
    fn the_same_path_type_and_value_is_kept() {
        assert_eq!(told(&["a u32 1", "b.c str x"], &["a u32 1", "b.c str x"], &[]), "kept 2");
    }

    #[test]
    fn another_type_is_a_conversion_with_the_values_only_where_these_differ() {
        assert_eq!(told(&["a i32 1"], &["a f64 1"], &[]), "kept 0, converted a (i32 → f64)");
        assert_eq!(told(&["a f64 0.1"], &["a f32 0.10001"], &[]), "kept 0, converted a (f64 → f32: 0.1 → 0.10001)");
    }

    #[test]
    fn a_conversion_that_rounds_is_a_change() {
        let report = |after| Report::new(&entries(&["a f64 0.1"]), &entries(&[after]), &Names::new());
        assert!(report("a f32 0.10001").has_changes());
        assert!(!report("a str 0.1").has_changes());
    }

    #[test]
    fn none_has_the_type_of_its_some() {
        assert_eq!(told(&["a none none"], &["a none none"], &[]), "kept 1");
        assert_eq!(told(&["a none none"], &["a u32 0"], &[]), "kept 0, changed a (none → 0)");
    }

    #[test]
    fn another_value_of_the_same_type_is_a_change() {
        assert_eq!(told(&["lives u32 0"], &["lives u32 3"], &[]), "kept 0, changed lives (0 → 3)");
        assert_eq!(told(&["a[].hp u32 0"], &["a[].hp u32 3"], &[]), "kept 0, changed a[].hp");
    }

    #[test]
    fn what_is_new_is_defaulted_and_what_is_gone_is_dropped_by_its_outermost_name() {
        let (before, after) = (["armor.old u32 1", "kills.a u32 1", "kills.b u32 2"], ["armor.plates u32 0"]);
        assert_eq!(told(&before, &after, &[]), "kept 0, defaulted armor.plates, dropped armor.old, kills");
        assert_eq!(told(&["a[].x u32 1"], &["a[].x u32 1", "a[].y u32 0"], &[]), "kept 1, defaulted a[].y");
    }

    #[test]
    fn a_name_that_the_new_type_reads_is_renamed_with_all_below_it() {
        let names: &[(&str, &'static [&'static str])] = &[("", &["old", "new", "other"])];
        assert_eq!(
            told(&["old.x u32 1"], &["new.x u32 1", "new.y u32 0", "other u32 0"], names),
            "kept 1, renamed old → new, defaulted new.y, other"
        );
        assert_eq!(told(&["gone u32 1"], &["new u32 0"], names), "kept 0, defaulted new, dropped gone");
    }

    #[test]
    fn a_long_list_is_cut() {
        let before: Vec<String> = (0..30).map(|index| format!("f{index} u32 1")).collect();
        let before: Vec<&str> = before.iter().map(String::as_str).collect();
        assert!(told(&before, &[], &[]).ends_with("f11 and 18 more"));
    }
}
