//! A sketch of a state: its paths, with the type and a fingerprint of the values at each. Two sketches of one state, before
//! and after its handover, show how it changed.
//!
//! A sketch has a bounded size and cost, however large the state is: it covers the first values at each path and the first levels of
//! nesting. Whatever it leaves out is a [`Gap`]: values are not compared there, and a path that isn't found may exist nevertheless.

mod pencil;

use core::fmt::Write as _;

pub(super) use pencil::Pencil;

use super::error::{Error, Segment};

/// Values that are covered at each path. All items of a list share a path, whichever list they belong to.
const ITEMS_MAX: usize = 32;

/// A gap with fewer values says nothing about types: other values may have another type.
const TELLING_MIN: usize = 8;

/// Levels that are covered.
const LEVELS_MAX: usize = 8;

/// Maximum paths.
const PATHS_MAX: usize = 1_024;

/// Keys of one flattened map that are covered; each is a path, and the other fields need paths too.
const KEYS_MAX: usize = 128;

/// A longer tuple counts as an array: its items share a path.
const TUPLE_MAX: usize = 4;

/// Characters of a value that are kept.
const SAMPLE_CHARS: usize = 24;

/// Mark of a gap after its path.
const GAP: &str = "gap";
const GAP_IN_STRUCTS: &str = "gap in structs";

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sketch {
    pub(super) entries: Vec<Entry>,
    pub(super) gaps: Vec<Gap>,
}

/// The values at one path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// For example `items[].hp`.
    pub(super) path: String,
    /// serde's names of the types seen here, without `none` if there are others. Empty if too few values were seen.
    pub(super) kind: String,
    /// The sum of the values' hashes, which doesn't depend on their order; `None` if not all were covered.
    pub(super) print: Option<u64>,
    /// The first value.
    pub(super) sample: String,
    /// Each variant of an enum, with its number of occurrences.
    pub(super) variants: Vec<(String, usize)>,
}

/// A path at which not all values were covered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Gap {
    pub(super) path: String,
    /// All covered values are structs with the same fields, so the others are assumed to be such structs too.
    pub(super) is_in_structs: bool,
}

/// Sketches `value`; parts that its `Serialize` refuses are left out.
pub(super) fn sketch(serialize: impl FnOnce(Pencil<'_>) -> Result<(), Error>) -> Sketch {
    let mut paper = Paper { nodes: vec![Node::new(String::new())] };
    // The writer meets the same refusal, and reports it.
    if serialize(Pencil { paper: &mut paper, node: 0, level: 0, somes: 0 }).is_err() {
        paper.nodes[0].is_gap = true;
    }
    paper.finish()
}

/// The sketch as lines, in the order in which the paths were met.
pub(super) fn to_text(sketch: &Sketch) -> String {
    let mut text = String::new();
    for Entry { path, kind, print, sample, variants } in &sketch.entries {
        let print = print.map(|print| format!("{print:x}")).unwrap_or_default();
        let _ = write!(text, "{path}\t{kind}\t{print}\t{sample}");
        variants.iter().for_each(|(variant, count)| {
            let _ = write!(text, "\t{variant}\t{count}");
        });
        text.push('\n');
    }
    for Gap { path, is_in_structs } in &sketch.gaps {
        let _ = writeln!(text, "{path}\t{}", if *is_in_structs { GAP_IN_STRUCTS } else { GAP });
    }
    text
}

/// Parses the output of [`to_text`].
pub(super) fn from_text(text: &str) -> Sketch {
    let entry = |line: &str| {
        let mut parts = line.split('\t').map(str::to_owned);
        let (path, kind, print, sample) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let mut variants = Vec::new();
        while let (Some(variant), Some(count)) = (parts.next(), parts.next()) {
            variants.push((variant, count.parse().ok()?));
        }
        Some(Entry { path, kind, print: u64::from_str_radix(&print, 16).ok(), sample, variants })
    };
    let gap = |line: &str| {
        let (path, word) = line.split_once('\t')?;
        let is_in_structs = word == GAP_IN_STRUCTS;
        (is_in_structs || word == GAP).then(|| Gap { path: path.to_owned(), is_in_structs })
    };
    Sketch { entries: text.lines().filter_map(entry).collect(), gaps: text.lines().filter_map(gap).collect() }
}

/// The tree of values that the serializer fills in.
#[derive(Debug)]
struct Paper {
    /// The first node is the state itself; a node's contents come after it.
    nodes: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    path: String,
    inner: Vec<usize>,
    kinds: Vec<&'static str>,
    print: u64,
    /// Values in the fingerprint.
    leaves: usize,
    /// Values covered, of any kind.
    visits: usize,
    /// Not all values were covered.
    is_gap: bool,
    fields: Fields,
    sample: String,
    variants: Vec<(&'static str, usize)>,
}

/// Knowledge about the fields of the structs at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fields {
    Unknown,
    /// All structs have the same fields; this is a hash of the names.
    Same(u64),
    /// The fields differ, are sometimes skipped, or are keys of a map.
    Differ,
}

impl Node {
    fn new(path: String) -> Self {
        let (inner, kinds, variants) = (Vec::new(), Vec::new(), Vec::new());
        let (fields, sample) = (Fields::Unknown, String::new());
        Self { path, inner, kinds, print: 0, leaves: 0, visits: 0, is_gap: false, fields, sample, variants }
    }

    /// Records a struct.
    fn see(&mut self, fields: Fields) {
        self.fields = if self.fields == Fields::Unknown || self.fields == fields { fields } else { Fields::Differ };
    }

    fn is_of_structs(&self) -> bool {
        matches!(self.fields, Fields::Same(_)) && self.kinds.iter().all(|kind| *kind == "none")
    }
}

impl Paper {
    fn node(&mut self, outer: usize, segment: &Segment) -> Option<usize> {
        let mut path = self.nodes[outer].path.clone();
        match segment {
            // The path is shared by all items.
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
        if known.is_some() {
            return known;
        }
        if self.nodes.len() == PATHS_MAX {
            self.nodes[outer].see(Fields::Differ);
            self.nodes[outer].is_gap = true;
            return None;
        }
        self.nodes.push(Node::new(path));
        let made = self.nodes.len() - 1;
        self.nodes[outer].inner.push(made);
        Some(made)
    }

    /// Whether to cover another value at this path.
    fn visits(&mut self, node: usize) -> bool {
        let node = &mut self.nodes[node];
        node.visits += 1;
        node.is_gap |= node.visits > ITEMS_MAX;
        node.visits <= ITEMS_MAX
    }

    fn finish(mut self) -> Sketch {
        // A path within a gap is a gap too.
        for outer in 0..self.nodes.len() {
            if self.nodes[outer].is_gap {
                let inner = self.nodes[outer].inner.clone();
                inner.into_iter().for_each(|inner| self.nodes[inner].is_gap = true);
            }
        }
        let entry = |node: &Node| {
            let mut kinds: Vec<_> = node.kinds.iter().copied().filter(|kind| *kind != "none").collect();
            if kinds.is_empty() {
                kinds = node.kinds.clone();
            }
            if node.is_gap && node.leaves < TELLING_MIN {
                kinds.clear();
            }
            kinds.sort_unstable();
            let variants = node.variants.iter().map(|(variant, count)| (one_line(variant), *count)).collect();
            let (path, sample) = (node.path.clone(), node.sample.clone());
            Entry { path, kind: kinds.join("|"), print: (!node.is_gap).then_some(node.print), sample, variants }
        };
        let gap = |node: &Node| Gap { path: node.path.clone(), is_in_structs: node.is_of_structs() };
        // The first node has no name: a state without fields is not an entry.
        let entries = self.nodes.iter().skip(1).filter(|node| !node.kinds.is_empty()).map(entry).collect();
        Sketch { entries, gaps: self.nodes.iter().filter(|node| node.is_gap).map(gap).collect() }
    }
}

fn one_line(text: &str) -> String {
    text.chars().flat_map(char::escape_debug).collect()
}
