//! Every ordering has its partner: a label in an `ORDERING:` comment occurs at two places at least, and the function that it names exists.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("there").map(|entry| entry.expect("read").path());
    let files = entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] });
    files.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

/// Labels, as `[LABEL]`, in `text`.
fn labels(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split('[').skip(1).filter_map(|part| part.split_once(']'));
    parts
        .map(|(label, _)| label)
        .filter(|label| label.len() > 1 && label.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-'))
}

/// The `ORDERING:` comments of `source`, each joined to one line.
fn orderings(source: &str) -> Vec<String> {
    let mut comments: Vec<String> = Vec::new();
    let mut within = false;
    for line in source.lines() {
        match line.trim_start().strip_prefix("//") {
            Some(text) if text.trim_start().starts_with("ORDERING:") => {
                comments.push(text.to_owned());
                within = true;
            }
            Some(text) if within => comments.last_mut().expect("begun").push_str(text),
            _ => within = false,
        }
    }
    comments
}

#[test]
fn every_ordering_has_its_partner() {
    let mut ends: BTreeMap<String, usize> = BTreeMap::new();
    for path in sources(&root().join("src")) {
        let source = std::fs::read_to_string(&path).expect("text");
        for comment in orderings(&source) {
            for label in labels(&comment) {
                *ends.entry(label.to_owned()).or_default() += 1;
            }
        }
    }
    assert!(ends.len() > 10, "{ends:?}");
    let lonely: Vec<_> = ends.iter().filter(|(_, ends)| **ends < 2).collect();
    assert!(lonely.is_empty(), "without a partner: {lonely:?}");
}

/// The functions that `text` names, as `` `function` `` or `` `Type::function` ``.
fn functions(text: &str) -> impl Iterator<Item = &str> {
    let quoted = text.split('`').skip(1).step_by(2).filter(|name| name.contains("::") || name.contains('_'));
    let names = quoted.map(|name| name.rsplit("::").next().expect("a part"));
    names.filter(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
}

#[test]
fn every_function_that_an_ordering_names_exists() {
    let sources: Vec<_> = sources(&root().join("src"));
    let sources: Vec<_> = sources.iter().map(|path| std::fs::read_to_string(path).expect("text")).collect();
    let whole = sources.concat();
    let comments: Vec<_> = sources.iter().flat_map(|source| orderings(source)).collect();
    let named: Vec<_> = comments.iter().flat_map(|comment| functions(comment)).collect();
    assert!(named.len() > 10, "{named:?}");
    let gone: Vec<_> = named.iter().filter(|name| !whole.contains(&format!("fn {name}"))).collect();
    assert!(gone.is_empty(), "no such function: {gone:?}");
}
