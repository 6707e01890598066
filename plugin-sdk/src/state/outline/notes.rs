//! The results of a type's readings: the types in it, their bodies, and the variants still to be read.
//!
//! A type is identified by the Rust type of its visitor, not by its name: two types may share a name, and all instances of a generic type
//! do.

use std::any::TypeId;
use std::collections::{BTreeSet, HashMap};

/// A piece of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Word {
    Text(&'static str),
    Name(&'static str),
    /// A named type, by its index.
    Use(usize),
}

pub(super) type Body = Vec<Word>;

/// Identity of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) visitor: TypeId,
    pub(super) name: &'static str,
    /// Names of fields or variants.
    pub(super) names: &'static [&'static str],
}

impl Key {
    pub(super) fn of<V>(name: &'static str, names: &'static [&'static str]) -> Self {
        Self { visitor: typeid::of::<V>(), name, names }
    }
}

/// The shape as which a variant or struct was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::state) enum Content {
    Unit,
    Newtype,
    Tuple(usize),
    /// Names with their aliases; and how many values are taken, if a reading was completed.
    Fields(&'static [&'static str], Option<usize>),
}

/// A named type.
#[derive(Debug)]
pub(super) struct Type {
    pub(super) name: &'static str,
    pub(super) bodies: BTreeSet<Body>,
    /// Body of a type that is not an enum.
    pub(super) content: Option<Content>,
    /// Variants of an enum.
    pub(super) variants: Vec<Variant>,
    /// The current reading is inside of the type.
    pub(super) is_within: bool,
}

/// A variant of an enum.
#[derive(Clone, Debug)]
pub(super) struct Variant {
    pub(super) name: &'static str,
    pub(super) content: Option<Content>,
    /// Identity of the value that its name is read as; aliases share it.
    pub(super) print: Option<u64>,
    state: State,
    tries: u32,
    /// Requests of the shortest completed reading.
    cost: Option<usize>,
    was_read: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Unread,
    /// The variant contains an enum with unfinished variants.
    Open,
    Done,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) types: Vec<Type>,
    /// Body of the field itself.
    pub(super) roots: BTreeSet<Body>,
    known: HashMap<Key, usize>,
    pub(super) questions: usize,
    /// Indices of the current answers for numbers and texts.
    pub(super) answers: usize,
    pub(super) asks_for_any: bool,
    /// A reading ended at the limit of levels.
    pub(super) is_too_deep: bool,
    /// This reading found something new.
    pub(super) found: bool,
    /// Unfinished enums met in all readings together.
    pub(super) opens: usize,
}

impl Notes {
    /// The index of a type.
    pub(super) fn meet(&mut self, key: Key) -> usize {
        let made = self.types.len();
        let index = *self.known.entry(key).or_insert(made);
        if index == made {
            let Key { name, .. } = key;
            let (bodies, variants) = (BTreeSet::new(), Vec::new());
            self.types.push(Type { name, bodies, content: None, variants, is_within: false });
        }
        index
    }

    /// The index of an enum.
    pub(super) fn meet_enum(&mut self, key: Key) -> usize {
        let index = self.meet(key);
        let variants = &mut self.types[index].variants;
        if variants.is_empty() {
            let (state, tries) = (State::Unread, 0);
            let variant = |name: &&'static str| Variant {
                name,
                content: None,
                print: None,
                state,
                tries,
                cost: None,
                was_read: false,
            };
            variants.extend(key.names.iter().map(variant));
        }
        index
    }

    /// Prepares for readings with other answers.
    pub(super) fn start_again(&mut self) {
        for variant in self.types.iter_mut().flat_map(|kind| &mut kind.variants) {
            (variant.state, variant.tries, variant.cost) = (State::Unread, 0, None);
        }
    }

    /// Prepares for a reading; the last one may have ended anywhere.
    pub(super) fn leave_all(&mut self) {
        self.types.iter_mut().for_each(|kind| kind.is_within = false);
    }

    /// Whether there are variants that another reading may reach.
    pub(super) fn has_more(&self) -> bool {
        self.types.iter().any(Type::is_open)
    }

    /// Whether each variant was read to its end at least once.
    pub(super) fn is_whole(&self) -> bool {
        self.types.iter().flat_map(|kind| &kind.variants).all(|variant| variant.was_read)
    }

    /// The variant of the enum to read next. Inside of the same enum it is the shortest one, so that the reading terminates: each variant
    /// then contains only shorter ones.
    pub(super) fn choose(&mut self, index: usize, is_again: bool) -> Option<usize> {
        let rank = |variant: &Variant| {
            let cost = variant.cost.unwrap_or(usize::MAX);
            match (variant.state, is_again) {
                (State::Unread, false) => (0, 0),
                (State::Open, false) => (1, 0),
                _ => (2, cost),
            }
        };
        let variants = &mut self.types[index].variants;
        let (chosen, variant) =
            variants.iter_mut().enumerate().min_by_key(|(_, variant)| (rank(variant), variant.tries))?;
        variant.tries += 1;
        Some(chosen)
    }

    /// Records the reading of a variant, with the number of its requests if it was completed.
    pub(super) fn chosen(&mut self, index: usize, variant: usize, cost: Option<usize>, is_again: bool, is_open: bool) {
        let Variant { state, cost: least, was_read, .. } = &mut self.types[index].variants[variant];
        *least = [*least, cost].into_iter().flatten().min();
        *was_read |= cost.is_some();
        if is_again {
            return;
        }
        let before = core::mem::replace(state, if is_open { State::Open } else { State::Done });
        self.found |= before == State::Unread || before != *state;
        if self.types[index].is_open() {
            self.opens += 1;
        }
    }
}

impl Type {
    /// Whether variants are left to be read.
    fn is_open(&self) -> bool {
        self.variants.iter().any(|variant| variant.state != State::Done)
    }
}
