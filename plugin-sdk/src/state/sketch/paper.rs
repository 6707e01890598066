//! The tree that a sketch is made from: a node for each path, with the values seen there.

use core::fmt::Write as _;

use crate::state::error::Segment;

/// Values that are covered at each path. All items of a list share a path, whichever list they belong to.
pub(super) const ITEMS_MAX: usize = 32;

/// A gap with fewer values says nothing about types: other values may have another type.
const TELLING_MIN: usize = 8;

/// Levels that are covered.
pub(super) const LEVELS_MAX: usize = 8;

/// Paths that are kept.
const PATHS_MAX: usize = 1_024;

/// Keys of one flattened map that are covered; each is a path, and the other fields need paths too.
pub(super) const KEYS_MAX: usize = 128;

/// A longer tuple counts as an array: its items share a path.
pub(super) const TUPLE_MAX: usize = 4;

/// Characters of a value that are kept.
pub(super) const SAMPLE_CHARS: usize = 24;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::state) struct Sketch {
    pub(in crate::state) entries: Vec<Entry>,
    pub(in crate::state) gaps: Vec<Gap>,
}

/// The values at one path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::state) struct Entry {
    /// As `items[].hp`.
    pub(in crate::state) path: String,
    /// serde's names of the types seen here, without `none` if there are others. Empty if too few values were seen.
    pub(in crate::state) kind: String,
    /// The sum of the values' hashes, which doesn't depend on their order; `None` if not all were covered.
    pub(in crate::state) print: Option<u64>,
    /// The first value.
    pub(in crate::state) sample: String,
    /// Each variant of an enum, with its number of occurrences.
    pub(in crate::state) variants: Vec<(String, usize)>,
}

/// A path at which not all values were covered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::state) struct Gap {
    pub(in crate::state) path: String,
    /// All covered values are structs with the same fields, so the others are assumed to be such structs too.
    pub(in crate::state) is_in_structs: bool,
}

/// What is drawn on.
#[derive(Debug)]
pub(super) struct Paper {
    /// The first node is the state itself; a node's contents come after it.
    pub(super) nodes: Vec<Node>,
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) path: String,
    pub(super) inner: Vec<usize>,
    pub(super) kinds: Vec<&'static str>,
    pub(super) print: u64,
    /// Values in the fingerprint.
    pub(super) leaves: usize,
    /// Values covered, of any kind.
    pub(super) visits: usize,
    /// Not all values were covered.
    pub(super) is_gap: bool,
    pub(super) fields: Fields,
    pub(super) sample: String,
    pub(super) variants: Vec<(&'static str, usize)>,
}

/// Knowledge about the fields of the structs at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fields {
    Unknown,
    /// All structs have the same fields; this is a hash of the names.
    Same(u64),
    /// The fields differ, are sometimes skipped, or are keys of a map.
    Differ,
}

impl Node {
    pub(super) fn new(path: String) -> Self {
        let (inner, kinds, variants) = (Vec::new(), Vec::new(), Vec::new());
        let (fields, sample) = (Fields::Unknown, String::new());
        Self { path, inner, kinds, print: 0, leaves: 0, visits: 0, is_gap: false, fields, sample, variants }
    }

    /// Records a struct.
    pub(super) fn see(&mut self, fields: Fields) {
        self.fields = if self.fields == Fields::Unknown || self.fields == fields { fields } else { Fields::Differ };
    }

    fn is_of_structs(&self) -> bool {
        matches!(self.fields, Fields::Same(_)) && self.kinds.iter().all(|kind| *kind == "none")
    }
}

impl Paper {
    pub(super) fn node(&mut self, outer: usize, segment: &Segment) -> Option<usize> {
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
    pub(super) fn visits(&mut self, node: usize) -> bool {
        let node = &mut self.nodes[node];
        node.visits += 1;
        node.is_gap |= node.visits > ITEMS_MAX;
        node.visits <= ITEMS_MAX
    }

    pub(super) fn finish(mut self) -> Sketch {
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
