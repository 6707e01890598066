//! Compares what a type writes with what it reads. serde silently omits a field that is skipped on one side only, and then also
//! numbers variants differently. In a format without names the reader would take the next value in its place.
//!
//! Types are matched by the name that both sides give. A value written under a name that is never read isn't compared.

use core::hash::{BuildHasherDefault, Hasher};
use std::collections::HashMap;

use super::notes::{Content, Type, Variant};

/// The shapes that were read under each name; several types may share a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::state) struct Shapes {
    types: ByName<Vec<Content>>,
    enums: ByName<Vec<Vec<Numbered>>>,
}

type ByName<T> = HashMap<&'static str, T, BuildHasherDefault<Quick>>;

/// A hash of type names; every struct that is written is looked up.
#[derive(Clone, Debug, Default)]
struct Quick(u64);

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3));
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The names of one variant; its index is the variant's number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Numbered {
    names: Vec<&'static str>,
    contents: Vec<Content>,
}

impl Shapes {
    pub(super) fn of(types: &[Type]) -> Self {
        let mut shapes = Self::default();
        for kind in types {
            if let Some(content) = kind.content {
                shapes.types.entry(kind.name).or_default().push(content);
            }
            if !kind.variants.is_empty() {
                shapes.enums.entry(kind.name).or_default().push(numbered(&kind.variants));
            }
        }
        shapes
    }

    /// What a type of this name reads, if it differs from `written`.
    pub(in crate::state) fn misfit(&self, name: &str, written: Content, keys: &[&str]) -> Option<String> {
        let read = self.types.get(name)?;
        if read.iter().any(|read| fits(written, keys, *read)) {
            return None;
        }
        // The author must compare a type that is written in another form, such as a struct as a tuple.
        let alike: Vec<_> = read.iter().filter(|read| is_alike(written, **read)).collect();
        alike
            .last()
            .map(|read| format!("{name} is written as {}, and read as {}", told(written, keys), told(**read, &[])))
    }

    /// What an enum of this name reads at `number`, if it differs from what is written.
    pub(in crate::state) fn variant_misfit(
        &self,
        name: &str,
        number: u32,
        variant: &str,
        written: Content,
        keys: &[&str],
    ) -> Option<String> {
        let all = self.enums.get(name)?;
        let mut there = all.iter().filter_map(|variants| variants.get(number as usize));
        let is_it = |numbered: &Numbered| {
            let Numbered { names, contents } = numbered;
            names.contains(&variant) && (contents.is_empty() || contents.iter().any(|read| fits(written, keys, *read)))
        };
        if there.clone().any(is_it) {
            return None;
        }
        let read = there.next_back().map_or_else(|| "no variant".to_owned(), Numbered::told);
        let written = told(written, keys);
        Some(format!("{name}::{variant} is written at place {number} as {written}, where {read} is read"))
    }
}

impl Numbered {
    fn told(&self) -> String {
        let content = self.contents.last().map(|read| format!(" as {}", told(*read, &[]))).unwrap_or_default();
        self.names.join("|") + &content
    }
}

/// Groups variants by number: aliases are adjacent and are read as the same variant.
fn numbered(variants: &[Variant]) -> Vec<Numbered> {
    let mut all: Vec<Numbered> = Vec::new();
    let is_telling = variants.iter().any(|variant| variant.print.is_some() && variant.print != variants[0].print);
    let mut last = None;
    for variant in variants {
        let is_alias = is_telling && variant.print.is_some() && variant.print == last;
        if !is_alias || all.is_empty() {
            all.push(Numbered::default());
        }
        last = variant.print;
        if let Some(numbered) = all.last_mut() {
            numbered.names.push(variant.name);
            numbered.contents.extend(variant.content);
        }
    }
    all
}

fn is_alike(written: Content, read: Content) -> bool {
    core::mem::discriminant(&written) == core::mem::discriminant(&read)
}

fn fits(written: Content, keys: &[&str], read: Content) -> bool {
    match (written, read) {
        (Content::Fields(..), Content::Fields(names, taken)) => {
            let mut names = names.iter();
            taken.is_none_or(|taken| taken == keys.len()) && keys.iter().all(|key| names.any(|name| name == key))
        }
        (written, read) => written == read,
    }
}

fn told(content: Content, keys: &[&str]) -> String {
    match content {
        Content::Unit => "nothing".to_owned(),
        Content::Newtype => "one value".to_owned(),
        Content::Tuple(length) => format!("{length} values"),
        Content::Fields(names, _) => format!("{{{}}}", if names.is_empty() { keys } else { names }.join(", ")),
    }
}
