//! The text of an outline: one line for each body of each type. Types with the same name and contents are merged.
//!
//! Every use of a type is bound too: a second type with the same name is written as `Name#2` wherever it is used. Two texts
//! are equal only if the types are.

use std::collections::{BTreeMap, BTreeSet};

use super::notes::{Body, Notes, Type, Word};

/// All lines, sorted.
pub(super) fn lines(notes: &Notes) -> String {
    let classes = classes(&notes.types);
    let labels = labels(&notes.types, &classes);
    let mut lines = BTreeSet::new();
    let write = |start: &str, body: &Body| {
        let mut line = start.to_owned();
        for word in body {
            match word {
                Word::Text(text) => line.push_str(text),
                Word::Name(name) => line.push_str(&plain(name)),
                Word::Use(index) => line.push_str(&labels[*index]),
            }
        }
        line.push('\n');
        line
    };
    lines.extend(notes.roots.iter().map(|body| write("the field is ", body)));
    for (kind, label) in notes.types.iter().zip(&labels) {
        lines.extend(kind.bodies.iter().map(|body| write(label, body)));
    }
    lines.into_iter().collect()
}

/// The equivalence class of each type: types of one class have the same name and the same contents at every depth.
fn classes(types: &[Type]) -> Vec<usize> {
    let mut classes = vec![0; types.len()];
    let mut count = 0;
    loop {
        let mut known = BTreeMap::new();
        let finer: Vec<usize> = types
            .iter()
            .zip(&classes)
            .map(|(kind, class)| {
                let of_classes = |word: &Word| match word {
                    Word::Use(index) => Word::Use(classes[*index]),
                    other => *other,
                };
                let bodies: BTreeSet<Body> =
                    kind.bodies.iter().map(|body| body.iter().map(of_classes).collect()).collect();
                let next = known.len();
                *known.entry((kind.name, *class, bodies)).or_insert(next)
            })
            .collect();
        let is_same = known.len() == count;
        (classes, count) = (finer, known.len());
        if is_same {
            return classes;
        }
    }
}

/// The text of each type at its uses: classes with the same name are numbered in the order in which they were met.
fn labels(types: &[Type], classes: &[usize]) -> Vec<String> {
    let mut of_classes = BTreeMap::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let label = |(kind, class): (&Type, &usize)| {
        let make = || {
            let count = counts.entry(kind.name).or_default();
            *count += 1;
            if *count == 1 { plain(kind.name) } else { format!("{}#{count}", plain(kind.name)) }
        };
        of_classes.entry(*class).or_insert_with(make).clone()
    };
    types.iter().zip(classes).map(label).collect()
}

/// A name, in quotes if it would be ambiguous otherwise.
fn plain(name: &str) -> String {
    let is_plain = !name.is_empty() && name.chars().all(|character| character.is_alphanumeric() || character == '_');
    if is_plain { name.to_owned() } else { format!("{name:?}") }
}
