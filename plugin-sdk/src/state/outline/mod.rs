//! The outline of a type: a text of all types that it contains, with the names of fields and variants, in the order in which a
//! compact format stores their values.
//!
//! An outline is found by deserializing the type from generated values: each request of its `Deserialize` is recorded and answered with the
//! simplest value. Enums are read once for each of their variants. If the type refuses a value, that reading ends, and another reading uses
//! other values. The outline consists of the requests of all readings. Both sides of a swap draw their outlines in the same way.
//!
//! The cost doesn't depend on the state's size. Each library draws its outlines once.

mod notes;
mod pen;
mod shapes;
#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::de::DeserializeOwned;

pub(super) use notes::Content;
use notes::{Body, Notes};
use pen::{NUMBERS, Pen, QUESTIONS_MAX};
pub(super) use shapes::Shapes;

/// Maximum readings of the whole type with the same answers.
const READINGS_MAX: usize = 4_096;

/// Maximum consecutive readings that find nothing new.
const IDLE_MAX: usize = 32;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// A line for each body of each type.
    text: String,
    shapes: Shapes,
    /// The type asks which kind of value comes next (`deserialize_any`), which a compact format can't tell.
    asks_for_any: bool,
    /// The type is too large or too deep: parts of it are not in the outline.
    is_cut: bool,
}

impl Outline {
    /// Draws the outline of `T`.
    #[must_use]
    pub fn of<T: DeserializeOwned>() -> Self {
        let mut notes = Notes::default();
        for answers in 0..NUMBERS.len() {
            notes.answers = answers;
            if read::<T>(&mut notes) {
                break;
            }
        }
        let is_cut = notes.questions > QUESTIONS_MAX || notes.is_too_deep;
        let (text, shapes) = (text::lines(&notes), Shapes::of(&notes.types));
        Self { text, shapes, asks_for_any: notes.asks_for_any, is_cut }
    }

    /// A line for each body of each type.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the type asks which kind of value comes next (`deserialize_any`), which a compact format can't tell.
    #[must_use]
    pub fn asks_for_any(&self) -> bool {
        self.asks_for_any
    }

    /// Whether the type is too large for a complete outline.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// The shapes that a writer may write.
    pub(super) fn shapes(&self) -> &Shapes {
        &self.shapes
    }
}

/// Reads `T` until nothing more is found. Returns whether every part was read to its end at least once.
fn read<T: DeserializeOwned>(notes: &mut Notes) -> bool {
    let (mut is_whole, mut idle) = (false, 0);
    notes.start_again();
    notes.is_too_deep = false;
    for _ in 0..READINGS_MAX {
        notes.found = false;
        notes.leave_all();
        let mut root = Body::new();
        let pen = Pen { notes, level: 0, is_again: false, text: &mut root };
        // A type may panic on values that it never wrote; a panic counts as a refusal.
        let read = catch_unwind(AssertUnwindSafe(|| crate::unwind::quietly(|| T::deserialize(pen).is_ok())));
        is_whole |= read.unwrap_or(false);
        notes.roots.insert(root);
        idle = if notes.found { 0 } else { idle + 1 };
        if notes.questions > QUESTIONS_MAX || !notes.has_more() || idle == IDLE_MAX {
            break;
        }
    }
    let is_whole = is_whole && notes.is_whole();
    notes.is_too_deep &= !is_whole;
    is_whole
}

/// The first lines that only one of the two outlines has.
pub(super) fn difference(saved: &str, own: &str) -> String {
    const LINES: usize = 3;
    let only = |these: &str, those: &str| {
        let those: BTreeSet<&str> = those.lines().collect();
        let mut lines: Vec<&str> = these.lines().filter(|line| !those.contains(line)).collect();
        let more = lines.len().saturating_sub(LINES);
        lines.truncate(LINES);
        let mut text = if lines.is_empty() { "nothing more".to_owned() } else { lines.join(", ") };
        if more > 0 {
            text += &format!(" and {more} more");
        }
        text
    };
    format!("the saved one is {}, this build reads {}", only(saved, own), only(own, saved))
}
