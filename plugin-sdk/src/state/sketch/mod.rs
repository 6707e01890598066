//! A sketch of a state: what stands at which path, in which type, with a print of its values. Two sketches of one state, before
//! and after it was handed over, tell what became of it.
//!
//! A sketch is small and quickly made, however large the state: of each sequence and map the first items are looked at, of each
//! chain the first levels. Where more was there, values are not compared.

mod pencil;

use core::fmt::Write as _;

pub(super) use pencil::Pencil;

use super::error::{Error, Segment};

/// Items of a sequence or map that are looked at.
const ITEMS_MAX: usize = 32;

/// Levels that are looked at.
const LEVELS_MAX: usize = 8;

/// Paths that are kept.
const PATHS_MAX: usize = 1_024;

/// Values that are looked at.
const VALUES_MAX: usize = 8_192;

/// A tuple that is longer is an array: its items have one path.
const TUPLE_MAX: usize = 4;

/// Characters of a value that are kept.
const SAMPLE_CHARS: usize = 24;

/// What stands at one path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// As `items[].hp`.
    pub(super) path: String,
    /// Serde's names of the types seen here; without `none` where there are others.
    pub(super) kind: String,
    /// The sum of a hash for each value, hence of any order; `None` where not all were looked at.
    pub(super) print: Option<u64>,
    /// The first value.
    pub(super) sample: String,
}

/// Sketches `value`; what its `Serialize` refuses is left out.
pub(super) fn sketch(serialize: impl FnOnce(Pencil<'_>) -> Result<(), Error>) -> Vec<Entry> {
    let mut sketch = Sketch { nodes: vec![Node::new(String::new())], values: 0 };
    // The writer meets the same refusal, and tells it.
    let _ = serialize(Pencil { sketch: &mut sketch, node: 0, level: 0, somes: 0, partial: false });
    sketch.entries()
}

/// As lines, in the order in which they were met.
pub(super) fn to_text(entries: &[Entry]) -> String {
    let mut text = String::new();
    for Entry { path, kind, print, sample } in entries {
        let print = print.map(|print| format!("{print:x}")).unwrap_or_default();
        let _ = writeln!(text, "{path}\t{kind}\t{print}\t{sample}");
    }
    text
}

/// What [`to_text`] wrote.
pub(super) fn from_text(text: &str) -> Vec<Entry> {
    let entry = |line: &str| {
        let mut parts = line.split('\t').map(str::to_owned);
        let (path, kind, print, sample) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        Some(Entry { path, kind, print: u64::from_str_radix(&print, 16).ok(), sample })
    };
    text.lines().filter_map(entry).collect()
}

#[derive(Debug)]
struct Sketch {
    /// The first is the state itself.
    nodes: Vec<Node>,
    values: usize,
}

#[derive(Debug)]
struct Node {
    path: String,
    inner: Vec<usize>,
    kinds: Vec<&'static str>,
    print: u64,
    is_partial: bool,
    sample: String,
}

impl Node {
    fn new(path: String) -> Self {
        let (inner, kinds) = (Vec::new(), Vec::new());
        Self { path, inner, kinds, print: 0, is_partial: false, sample: String::new() }
    }
}

impl Sketch {
    fn node(&mut self, outer: usize, segment: &Segment) -> Option<usize> {
        let mut path = self.nodes[outer].path.clone();
        match segment {
            // Of all items together.
            Segment::Item(usize::MAX) => path.push_str("[]"),
            Segment::Item(index) => {
                let _ = write!(path, ".{index}");
            }
            other => other.append(&mut path),
        }
        if path.contains(['\t', '\n', '\r']) {
            path = path.escape_debug().to_string();
        }
        let known = self.nodes[outer].inner.iter().copied().find(|inner| self.nodes[*inner].path == path);
        if known.is_some() || self.nodes.len() == PATHS_MAX {
            return known;
        }
        self.nodes.push(Node::new(path));
        let made = self.nodes.len() - 1;
        self.nodes[outer].inner.push(made);
        Some(made)
    }

    /// What lies below `node` was not looked at as a whole.
    fn make_partial(&mut self, node: usize) {
        let mut below = self.nodes[node].inner.clone();
        while let Some(inner) = below.pop() {
            self.nodes[inner].is_partial = true;
            below.extend(&self.nodes[inner].inner);
        }
    }

    fn entries(self) -> Vec<Entry> {
        let is_complete = self.values < VALUES_MAX;
        let entry = |node: &Node| {
            let mut kinds: Vec<_> = node.kinds.iter().copied().filter(|kind| *kind != "none").collect();
            if kinds.is_empty() {
                kinds = node.kinds.clone();
            }
            kinds.sort_unstable();
            let print = (is_complete && !node.is_partial).then_some(node.print);
            Entry { path: node.path.clone(), kind: kinds.join("|"), print, sample: node.sample.clone() }
        };
        // The first has no name: a state without fields is no entry.
        self.nodes.iter().skip(1).filter(|node| !node.kinds.is_empty()).map(entry).collect()
    }
}
