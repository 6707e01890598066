//! The outline of a type: the text of all types that it is made of, with names of fields and variants, in the order in which a
//! compact format keeps their values.
//!
//! It is drawn by reading the type from nothing: each question of its `Deserialize` is answered with the simplest value that
//! there is, and noted. Enums are read once for each of their variants. A type that refuses such values ends that reading, and is
//! read with others; what it has asked for in all readings is its outline. Like is compared with like: both sides of a swap draw their outlines in this way.
//!
//! Costs nothing of a state's size, and is drawn once for each image.

mod pen;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::de::DeserializeOwned;

use pen::Pen;

/// Readings of the whole type.
const READINGS_MAX: usize = 256;

/// Questions answered in all readings together.
const QUESTIONS_MAX: usize = 200_000;

/// Types within one another.
const LEVELS_MAX: usize = 64;

/// From here on options and sequences are empty, so that a type that holds itself comes to an end.
const LEVELS_FULL: usize = 32;

/// Answers where a number is asked for; the next is tried when the type never took the one before.
const NUMBERS: [u8; 4] = [1, 0, 2, 10];

/// Answers where text is asked for.
const TEXTS: [&str; 4] = ["", "a", "1", "0.0.0.0"];

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// One line for each type.
    text: String,
    /// It asks what comes next, which a compact format can't tell.
    asks_for_any: bool,
}

impl Outline {
    /// Draws the outline of `T`.
    #[must_use]
    pub fn of<T: DeserializeOwned>() -> Self {
        let mut notes = Notes::default();
        for answers in 0..NUMBERS.len() {
            notes.answers = answers;
            if notes.read::<T>() {
                break;
            }
        }
        let mut text = String::new();
        for (name, bodies) in &notes.types {
            for body in bodies {
                text.push_str(name);
                text.push_str(body);
                text.push('\n');
            }
        }
        Self { text, asks_for_any: notes.asks_for_any }
    }

    /// One line for each type.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the type asks what comes next, which a compact format can't tell.
    #[must_use]
    pub fn asks_for_any(&self) -> bool {
        self.asks_for_any
    }
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

#[derive(Debug, Default)]
struct Notes {
    /// What was seen of each type, by its name; a generic type has several bodies.
    types: BTreeMap<String, BTreeSet<String>>,
    /// Of each enum the variants, and how often each was read.
    enums: BTreeMap<(String, Vec<&'static str>), Vec<u32>>,
    questions: usize,
    /// Which numbers and texts are the answers.
    answers: usize,
    asks_for_any: bool,
    /// This reading chose a variant for the first time.
    found: bool,
}

impl Notes {
    /// Reads `T` until nothing more is found; gives whether it was read to its end at least once.
    fn read<T: DeserializeOwned>(&mut self) -> bool {
        let mut is_whole = false;
        for reads in self.enums.values_mut() {
            reads.fill(0);
        }
        for _ in 0..READINGS_MAX {
            self.found = false;
            let mut root = String::new();
            let pen = Pen { notes: self, level: 0, text: &mut root };
            // A type may well panic over values that it never wrote; that is as good as a refusal.
            let read = catch_unwind(AssertUnwindSafe(|| crate::unwind::quietly(|| T::deserialize(pen).is_ok())));
            is_whole |= read.unwrap_or(false);
            self.types.entry("the field is ".to_owned()).or_default().insert(root);
            if !self.has_more() {
                break;
            }
        }
        is_whole
    }

    /// Whether another reading may find more.
    fn has_more(&self) -> bool {
        let is_open = self.enums.values().any(|reads| reads.contains(&0));
        self.questions < QUESTIONS_MAX && self.found && is_open
    }

    /// The variant to read next.
    fn choose(&mut self, name: &'static str, variants: &'static [&'static str]) -> Option<usize> {
        let reads = self.enums.entry((name.to_owned(), variants.to_vec())).or_insert_with(|| vec![0; variants.len()]);
        let (index, count) = reads.iter_mut().enumerate().min_by_key(|(_, count)| **count)?;
        self.found |= *count == 0;
        *count += 1;
        Some(index)
    }
}
