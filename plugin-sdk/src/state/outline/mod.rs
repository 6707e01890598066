//! The outline of a type: the text of all types that it is made of, with names of fields and variants, in the order in which a
//! compact format keeps their values.
//!
//! It is drawn by reading the type from nothing: each question of its `Deserialize` is answered with the simplest value that
//! there is, and noted. Enums are read once for each of their variants. A type that refuses such values ends that reading, and is
//! read with others; what it has asked for in all readings is its outline. Like is compared with like: both sides of a swap draw their outlines in this way.
//!
//! Costs nothing of a state's size, and is drawn once for each image.

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

/// Readings of the whole type with the same answers.
const READINGS_MAX: usize = 4_096;

/// Readings after one another that find nothing new.
const IDLE_MAX: usize = 32;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// A line for each body of each type.
    text: String,
    shapes: Shapes,
    /// It asks what comes next, which a compact format can't tell.
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

    /// Whether the type asks what comes next, which a compact format can't tell.
    #[must_use]
    pub fn asks_for_any(&self) -> bool {
        self.asks_for_any
    }

    /// Whether the type is too large to be known as a whole.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// What a writer may write.
    pub(super) fn shapes(&self) -> &Shapes {
        &self.shapes
    }
}

/// Reads `T` until nothing more is found; gives whether all of it was read to its end at least once.
fn read<T: DeserializeOwned>(notes: &mut Notes) -> bool {
    let (mut is_whole, mut idle) = (false, 0);
    notes.start_again();
    notes.is_too_deep = false;
    for _ in 0..READINGS_MAX {
        notes.found = false;
        notes.leave_all();
        let mut root = Body::new();
        let pen = Pen { notes, level: 0, is_again: false, text: &mut root };
        // A type may well panic over values that it never wrote; that is as good as a refusal.
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

/// The first lines that only one of both has.
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
    format!("saved was {}, this build reads {}", only(saved, own), only(own, saved))
}
