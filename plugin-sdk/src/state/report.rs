//! Reports, by path, how a state changed from one build to the next: a pure comparison of two sketches.
//!
//! | before | after | reported as |
//! |---|---|---|
//! | a path | the same path, type and values | kept |
//! | a path | the same path with another type | converted |
//! | a path | the same path with another value | changed |
//! | a variant | another variant; the new type reads both names | renamed |
//! | a name | another name in the same struct, which also reads the first | renamed |
//! | a name | none | dropped |
//! | none | a name | defaulted |
//!
//! Where one of the sketches has a gap, a missing path may exist nevertheless. Such a place is reported as "partly looked at", together
//! with what follows from the names of fields alone.

#[cfg(test)]
mod swaps;

use core::fmt;

use super::read::Names;
use super::sketch::{Entry, Gap, Sketch};

/// Maximum paths listed of each kind.
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
    /// Partly looked at, in one of the sketches.
    partly: Vec<String>,
    /// A value was changed.
    has_changes: bool,
}

impl Report {
    /// Compares two sketches; `names` are the names that the new types read.
    pub(super) fn new(before: &Sketch, after: &Sketch, names: &Names) -> Self {
        let mut report = Self::default();
        let mut before = before.clone();
        for (old, new) in renames(&before, after, names) {
            let entries = before.entries.iter_mut().map(|entry| &mut entry.path);
            for path in entries.chain(before.gaps.iter_mut().map(|gap| &mut gap.path)) {
                if let Some(rest) = below(path, &old) {
                    *path = format!("{new}{rest}");
                }
            }
            report.renamed.push(format!("{old} → {new}"));
        }
        for old in &before.entries {
            match after.entries.iter().find(|new| new.path == old.path) {
                Some(new) => report.compare(old, new, names),
                None => report.dropped.extend(lacks(after, &before, &old.path, names, Side::After)),
            }
        }
        let fresh = after.entries.iter().filter(|new| !before.entries.iter().any(|old| old.path == new.path));
        report.defaulted = fresh.filter_map(|new| lacks(&before, after, &new.path, names, Side::Before)).collect();
        // All paths below a missing name give that name.
        report.defaulted.dedup();
        report.dropped.dedup();
        report.partly = outermost(before.gaps.iter().chain(&after.gaps));
        report
    }

    fn compare(&mut self, old: &Entry, new: &Entry, names: &Names) {
        let prints = old.print.zip(new.print);
        let is_equal = prints.is_none_or(|(old, new)| old == new);
        let (lost, come) = (beyond(&old.variants, &new.variants), beyond(&new.variants, &old.variants));
        let is_read = |variant: &&str| names.get(&old.path).is_some_and(|names| names.contains(variant));
        let is_renamed = !lost.is_empty() && !come.is_empty() && lost.iter().chain(&come).all(is_read);
        let is_telling = |kind: &str| !kind.is_empty() && kind != "none";
        let is_other = old.kind != new.kind && is_telling(&old.kind) && is_telling(&new.kind);
        let has_common = old.kind.split('|').any(|kind| new.kind.split('|').any(|other| kind == other));
        self.has_changes |= !is_equal && !is_renamed;
        if is_other && (prints.is_some() || !has_common) {
            let values = values(old, new).filter(|_| !is_equal).map(|values| format!(": {values}")).unwrap_or_default();
            self.converted.push(format!("{} ({} → {}{values})", old.path, old.kind, new.kind));
        } else if is_equal {
            // Values in a gap are not reported.
            self.kept += usize::from(prints.is_some());
        } else if is_renamed {
            self.renamed.push(format!("{}: {} → {}", old.path, lost.join("|"), come.join("|")));
        } else {
            let values = values(old, new).map(|values| format!(" ({values})")).unwrap_or_default();
            self.changed.push(format!("{}{values}", old.path));
        }
    }

    /// Whether everything was kept.
    pub(crate) fn is_plain(&self) -> bool {
        let Self { renamed, converted, changed, defaulted, dropped, .. } = self;
        [renamed, converted, changed, defaulted, dropped].iter().all(|paths| paths.is_empty())
    }

    /// Whether a value was changed, also by a type that can't hold it exactly.
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
            ("partly looked at", &self.partly),
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

/// The two values of a path, if it has a single value and the sketches contain it.
fn values(old: &Entry, new: &Entry) -> Option<String> {
    let (lost, come) = (beyond(&old.variants, &new.variants), beyond(&new.variants, &old.variants));
    if !lost.is_empty() && !come.is_empty() {
        return Some(format!("{} → {}", lost.join("|"), come.join("|")));
    }
    (!old.path.contains("[]")).then(|| format!("{} → {}", old.sample, new.sample))
}

/// The variants that occur more often in `these` than in `those`.
fn beyond<'a>(these: &'a [(String, usize)], those: &[(String, usize)]) -> Vec<&'a str> {
    let count = |variant: &str| those.iter().find(|(other, _)| other == variant).map_or(0, |(_, count)| *count);
    these.iter().filter(|(variant, times)| *times > count(variant)).map(|(variant, _)| &**variant).collect()
}

/// Which of the sketches lacks a path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    After,
}

/// The outermost part of `path` that `sketch` lacks and `other` has, if its absence is certain. In a gap it is certain if both sketches
/// saw only structs with the same fields, and the names that the type reads are known.
fn lacks(sketch: &Sketch, other: &Sketch, path: &str, names: &Names, side: Side) -> Option<String> {
    let (outer, cut) = top(path, &sketch.entries)?;
    if !sketch.gaps.iter().any(|gap| gap.path == outer) {
        return Some(cut.to_owned());
    }
    let name = cut[outer.len()..].trim_start_matches('.');
    let reads = names.get(outer)?.contains(&name);
    let is_sure = match side {
        // A name that is read exists somewhere.
        Side::After => !reads,
        Side::Before => reads,
    };
    (is_sure && is_in_structs(sketch, outer) && is_in_structs(other, outer)).then(|| cut.to_owned())
}

/// Whether only structs with the same fields were seen at `path`, or `path` has no gap.
fn is_in_structs(sketch: &Sketch, path: &str) -> bool {
    sketch.gaps.iter().find(|gap| gap.path == path).is_none_or(|gap| gap.is_in_structs)
}

/// Paths of outermost gaps.
fn outermost<'a>(gaps: impl Iterator<Item = &'a Gap>) -> Vec<String> {
    let mut paths: Vec<&str> = gaps.map(|gap| &*gap.path).collect();
    paths.sort_unstable();
    paths.dedup();
    let is_inner = |path: &str| paths.iter().any(|outer| *outer != path && below(path, outer).is_some());
    let outer = paths.iter().filter(|path| !is_inner(path));
    outer.map(|path| if path.is_empty() { "the state".to_owned() } else { (*path).to_owned() }).collect()
}

/// The rest of `whole` after `path`, if `whole` equals `path` or lies below it.
fn below<'a>(whole: &'a str, path: &str) -> Option<&'a str> {
    let rest = whole.strip_prefix(path)?;
    (rest.is_empty() || path.is_empty() || rest.starts_with(['.', '['])).then_some(rest)
}

/// Whether an entry is at `path` or below it.
fn has(entries: &[Entry], path: &str) -> bool {
    entries.iter().any(|entry| below(&entry.path, path).is_some())
}

/// The outermost part of `path` that `others` lack, below the part that they have. `None` for items of a sequence that
/// exists and is empty.
fn top<'a>(path: &'a str, others: &[Entry]) -> Option<(&'a str, &'a str)> {
    let ends = path.match_indices(['.', '[']).map(|(end, _)| end).filter(|end| *end > 0).chain([path.len()]);
    let mut outer = "";
    for end in ends {
        let cut = &path[..end];
        if !has(others, cut) {
            return (!cut.ends_with("[]")).then_some((outer, cut));
        }
        outer = cut;
    }
    None
}

/// Names of the saved state that the new state lacks but reads, and has another name for.
fn renames(before: &Sketch, after: &Sketch, names: &Names) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (path, names) in names.iter().filter(|(path, _)| is_in_structs(before, path) && is_in_structs(after, path)) {
        let full = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        for (place, old) in names.iter().enumerate() {
            if !has(&before.entries, &full(old)) || has(&after.entries, &full(old)) {
                continue;
            }
            // serde lists the aliases of one field side by side.
            let fresh = |name: &&str| has(&after.entries, &full(name)) && !has(&before.entries, &full(name));
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
    use super::super::sketch::{Entry, Gap, Sketch};
    use super::Report;

    /// Parses `path kind value`; a path alone is a gap, and with a colon a gap of structs.
    fn entries(lines: &[&str]) -> Sketch {
        let gap = |line: &&str| {
            let path = line.trim_end_matches(':').to_owned();
            (!line.contains(' ')).then(|| Gap { path, is_in_structs: line.ends_with(':') })
        };
        let gaps: Vec<Gap> = lines.iter().filter_map(gap).collect();
        let entry = |line: &&str| {
            let mut parts = line.split(' ').map(str::to_owned);
            let mut next = || parts.next().expect("three words");
            let (path, kind, sample) = (next(), next(), next());
            let is_in_gap = gaps.iter().any(|gap| path.starts_with(&gap.path));
            let print = (!is_in_gap).then(|| shm_bus_wire::schema_hash(&sample));
            let is_enum = kind.starts_with(char::is_uppercase);
            let variants = sample.split('|').filter(|_| is_enum).map(|variant| (variant.to_owned(), 1)).collect();
            Entry { path, kind, print, sample, variants }
        };
        let entries = lines.iter().filter(|line| line.contains(' ')).map(entry).collect();
        Sketch { entries, gaps }
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
    fn a_variant_that_the_new_type_reads_is_renamed_and_any_other_is_a_change() {
        let names: &[(&str, &'static [&'static str])] = &[("a[].kind", &["Grunt", "Boss", "Chief"])];
        let (before, after) = (["a[].kind Kind Grunt|Boss"], ["a[].kind Kind Grunt|Chief"]);
        assert_eq!(told(&before, &after, names), "kept 0, renamed a[].kind: Boss → Chief");
        let names: &[(&str, &'static [&'static str])] = &[("a[].kind", &["Grunt", "Unknown"])];
        let after = ["a[].kind Kind Grunt|Unknown"];
        assert_eq!(told(&before, &after, names), "kept 0, changed a[].kind (Boss → Unknown)");
        let names = names.iter().map(|(path, names)| ((*path).to_owned(), *names)).collect();
        assert!(Report::new(&entries(&before), &entries(&after), &names).has_changes());
    }

    #[test]
    fn nothing_is_claimed_of_what_is_missing_in_a_gap() {
        let names: &[(&str, &'static [&'static str])] = &[("a[]", &["Common", "Rare"]), ("b[]", &["x", "y"])];
        let gap = ["a[]", "a[] Thing Common", "a[].Common u32 1"];
        let whole = ["a[] Thing Common", "a[].Common u32 1", "a[].Rare.hp u32 1"];
        assert_eq!(told(&gap, &whole, names), "kept 0, partly looked at a[]");
        assert_eq!(told(&whole, &gap, names), "kept 0, partly looked at a[]");
        assert_eq!(told(&["b", "b.k1 u32 1"], &["b", "b.k2 u32 1"], &[]), "kept 0, partly looked at b");
        assert_eq!(told(&["", "x u32 1"], &["y u32 1"], &[]), "kept 0, dropped x, partly looked at the state");
    }

    #[test]
    fn fields_of_structs_in_a_gap_are_told_from_their_names() {
        let names: &[(&str, &'static [&'static str])] = &[("b[]", &["x", "y"])];
        let (before, after) = (["b[]:", "b[].x u32 1", "b[].old u32 1"], ["b[]:", "b[].x f32 1", "b[].y u32 0"]);
        assert_eq!(
            told(&before, &after, names),
            "kept 0, converted b[].x (u32 → f32), defaulted b[].y, dropped b[].old, partly looked at b[]"
        );
        assert_eq!(told(&["b[] u8|str 1", "b[]"], &["b[] u8 1", "b[]"], &[]), "kept 0, partly looked at b[]");
    }

    #[test]
    fn a_long_list_is_cut() {
        let before: Vec<String> = (0..30).map(|index| format!("f{index} u32 1")).collect();
        let before: Vec<&str> = before.iter().map(String::as_str).collect();
        assert!(told(&before, &[], &[]).ends_with("f11 and 18 more"));
    }
}
