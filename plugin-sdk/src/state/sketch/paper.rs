//! What a sketch is drawn on: a node for each path, with what was seen there, and what becomes of it in the end.

use core::fmt::Write as _;

use crate::state::error::Segment;

/// Values that are looked at in each place: all items of a list are in one, whichever list they are of.
pub(super) const ITEMS_MAX: usize = 32;

/// With fewer values in a gap nothing is said of their types: others may be of another.
const TELLING_MIN: usize = 8;

/// Levels that are looked at.
pub(super) const LEVELS_MAX: usize = 8;

/// Paths that are kept.
const PATHS_MAX: usize = 1_024;

/// Keys of one flattened map that are looked at: they are paths, and the other fields need some, too.
pub(super) const KEYS_MAX: usize = 128;

/// A tuple that is longer is an array: its items have one path.
pub(super) const TUPLE_MAX: usize = 4;

/// Characters of a value that are kept.
pub(super) const SAMPLE_CHARS: usize = 24;

/// What was found of a state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::state) struct Sketch {
    pub(in crate::state) entries: Vec<Entry>,
    pub(in crate::state) gaps: Vec<Gap>,
}

/// What stands at one path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::state) struct Entry {
    /// As `items[].hp`.
    pub(in crate::state) path: String,
    /// Serde's names of the types seen here; without `none` where there are others. Nothing where too few were seen.
    pub(in crate::state) kind: String,
    /// The sum of a hash for each value, hence of any order; `None` where not all were looked at.
    pub(in crate::state) print: Option<u64>,
    /// The first value.
    pub(in crate::state) sample: String,
    /// Each variant of an enum, and how often it is there.
    pub(in crate::state) variants: Vec<(String, usize)>,
}

/// A path at which not all values were looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::state) struct Gap {
    pub(in crate::state) path: String,
    /// Those that were are structs of the same fields, hence the others are taken for such, too.
    pub(in crate::state) is_in_structs: bool,
}

/// What is drawn on.
#[derive(Debug)]
pub(super) struct Paper {
    /// The first is the state itself; what lies in a node stands behind it.
    pub(super) nodes: Vec<Node>,
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) path: String,
    pub(super) inner: Vec<usize>,
    pub(super) kinds: Vec<&'static str>,
    pub(super) print: u64,
    /// Values in the print.
    pub(super) leaves: usize,
    /// Values looked at, whatever they hold.
    pub(super) visits: usize,
    /// Not all values were looked at.
    pub(super) is_gap: bool,
    pub(super) fields: Fields,
    pub(super) sample: String,
    pub(super) variants: Vec<(&'static str, usize)>,
}

/// What is known of the fields of the structs at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fields {
    Unknown,
    /// All have the same, by this hash of their names.
    Same(u64),
    /// They differ, are skipped at times, or are keys of a map.
    Differ,
}

impl Node {
    pub(super) fn new(path: String) -> Self {
        let (inner, kinds, variants) = (Vec::new(), Vec::new(), Vec::new());
        let (fields, sample) = (Fields::Unknown, String::new());
        Self { path, inner, kinds, print: 0, leaves: 0, visits: 0, is_gap: false, fields, sample, variants }
    }

    /// A struct was looked at.
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

    /// Whether another value is looked at in this place.
    pub(super) fn visits(&mut self, node: usize) -> bool {
        let node = &mut self.nodes[node];
        node.visits += 1;
        node.is_gap |= node.visits > ITEMS_MAX;
        node.visits <= ITEMS_MAX
    }

    pub(super) fn finish(mut self) -> Sketch {
        // A place within a gap is one, too.
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
        // The first has no name: a state without fields is no entry.
        let entries = self.nodes.iter().skip(1).filter(|node| !node.kinds.is_empty()).map(entry).collect();
        Sketch { entries, gaps: self.nodes.iter().filter(|node| node.is_gap).map(gap).collect() }
    }
}

fn one_line(text: &str) -> String {
    text.chars().flat_map(char::escape_debug).collect()
}
