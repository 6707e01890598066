//! A sketch of a state: its paths, with the type and a fingerprint of the values at each. Two sketches of one state, before
//! and after its handover, show how it changed.
//!
//! A sketch has a bounded size and cost, however large the state is: it covers the first values at each path and the first levels of
//! nesting. Whatever it leaves out is a [`Gap`]: values are not compared there, and a path that isn't found may exist nevertheless.

mod paper;
mod pencil;

use core::fmt::Write as _;

pub(super) use self::paper::{Entry, Gap, Sketch};
use self::paper::{Node, Paper};
pub(super) use self::pencil::Pencil;
use super::error::Error;

/// Mark of a gap after its path.
const GAP: &str = "gap";
const GAP_IN_STRUCTS: &str = "gap in structs";

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
