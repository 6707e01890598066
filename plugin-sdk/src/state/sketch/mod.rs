//! A sketch of a state: what stands at which path, in which type, with a print of its values. Two sketches of one state, before
//! and after it was handed over, tell what became of it.
//!
//! A sketch is small and quickly made, however large the state: at each path the first values are looked at, of each chain the first
//! levels. Where more was there is a [`Gap`]: values are not compared there, and what isn't found may be there all the same.

mod pencil;

use core::fmt::Write as _;

pub(super) use pencil::Pencil;

use super::error::{Error, Segment};

/// Values that are looked at in each place: all items of a list are in one, whichever list they are of.
const ITEMS_MAX: usize = 32;

/// With fewer values in a gap nothing is said of their types: others may be of another.
const TELLING_MIN: usize = 8;

/// Levels that are looked at.
const LEVELS_MAX: usize = 8;

/// Paths that are kept.
const PATHS_MAX: usize = 1_024;

/// Keys of one flattened map that are looked at: they are paths, and the other fields need some, too.
const KEYS_MAX: usize = 128;

/// A tuple that is longer is an array: its items have one path.
const TUPLE_MAX: usize = 4;

/// Characters of a value that are kept.
const SAMPLE_CHARS: usize = 24;

/// What stands in a line behind the path of a gap.
const GAP: &str = "gap";
const GAP_IN_STRUCTS: &str = "gap in structs";

/// What was found of a state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sketch {
    pub(super) entries: Vec<Entry>,
    pub(super) gaps: Vec<Gap>,
}

/// What stands at one path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// As `items[].hp`.
    pub(super) path: String,
    /// Serde's names of the types seen here; without `none` where there are others. Nothing where too few were seen.
    pub(super) kind: String,
    /// The sum of a hash for each value, hence of any order; `None` where not all were looked at.
    pub(super) print: Option<u64>,
    /// The first value.
    pub(super) sample: String,
    /// Each variant of an enum, and how often it is there.
    pub(super) variants: Vec<(String, usize)>,
}

/// A path at which not all values were looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Gap {
    pub(super) path: String,
    /// Those that were are structs of the same fields, hence the others are taken for such, too.
    pub(super) is_in_structs: bool,
}

/// Sketches `value`; what its `Serialize` refuses is left out.
pub(super) fn sketch(serialize: impl FnOnce(Pencil<'_>) -> Result<(), Error>) -> Sketch {
    let mut paper = Paper { nodes: vec![Node::new(String::new())] };
    // The writer meets the same refusal, and tells it.
    if serialize(Pencil { paper: &mut paper, node: 0, level: 0, somes: 0 }).is_err() {
        paper.nodes[0].is_gap = true;
    }
    paper.finish()
}

/// As lines, in the order in which they were met.
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

/// What [`to_text`] wrote.
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

/// What is drawn on.
#[derive(Debug)]
struct Paper {
    /// The first is the state itself; what lies in a node stands behind it.
    nodes: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    path: String,
    inner: Vec<usize>,
    kinds: Vec<&'static str>,
    print: u64,
    /// Values in the print.
    leaves: usize,
    /// Values looked at, whatever they hold.
    visits: usize,
    /// Not all values were looked at.
    is_gap: bool,
    fields: Fields,
    sample: String,
    variants: Vec<(&'static str, usize)>,
}

/// What is known of the fields of the structs at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fields {
    Unknown,
    /// All have the same, by this hash of their names.
    Same(u64),
    /// They differ, are skipped at times, or are keys of a map.
    Differ,
}

impl Node {
    fn new(path: String) -> Self {
        let (inner, kinds, variants) = (Vec::new(), Vec::new(), Vec::new());
        let (fields, sample) = (Fields::Unknown, String::new());
        Self { path, inner, kinds, print: 0, leaves: 0, visits: 0, is_gap: false, fields, sample, variants }
    }

    /// A struct was looked at.
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
    fn visits(&mut self, node: usize) -> bool {
        let node = &mut self.nodes[node];
        node.visits += 1;
        node.is_gap |= node.visits > ITEMS_MAX;
        node.visits <= ITEMS_MAX
    }

    fn finish(mut self) -> Sketch {
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
