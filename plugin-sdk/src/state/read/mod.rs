//! Reads a state that [`super::write`] wrote, possibly with other types than the writer's.
//!
//! A struct is read only by the names of its fields, never by position. On request the names that each struct and enum
//! reads are recorded by path; they distinguish a field read by an alias from a dropped one.

mod access;
mod blame;

use std::collections::BTreeMap;

use serde::de::value::SeqDeserializer;
use serde::de::{Deserializer, Error as _, IntoDeserializer, Unexpected, Visitor};

use super::depth::{Depth, READER_STACK_BYTES};
use super::error::{Error, Segment};
use super::format::OPAQUE_NAME;
use super::token::{Token, segment, skip};
use access::{Entries, Items, OpaqueParts, Variant};
pub(super) use blame::blame;

/// Maximum paths of structs and enums that are recorded.
const NAMES_MAX: usize = 256;

/// Items of a sequence whose types are recorded.
const ITEMS_SAMPLED: usize = 4;

/// Levels whose types are recorded.
const LEVELS_SAMPLED: usize = 8;

/// The names that a type reads, by path; items of sequences as `[]`.
pub(super) type Names = BTreeMap<String, &'static [&'static str]>;

/// See the module.
#[derive(Debug)]
pub(super) struct Input<'de> {
    pub(super) rest: &'de [u8],
    depth: Depth,
    pub(super) names: Option<Names>,
    /// Bytes that were left at the beginning of the innermost value that could not be read.
    pub(super) fault: Option<usize>,
}

impl<'de> Input<'de> {
    pub(super) fn new(bytes: &'de [u8], names: Option<Names>) -> Self {
        Self::with_stack(bytes, names, READER_STACK_BYTES)
    }

    pub(super) fn with_stack(bytes: &'de [u8], names: Option<Names>, stack: usize) -> Self {
        Self { rest: bytes, depth: Depth::new(stack), names, fault: None }
    }

    /// Records that the value at `start` could not be read.
    #[cold]
    fn blame(&mut self, start: usize) {
        self.fault.get_or_insert(start);
    }

    pub(super) fn reader(&mut self) -> Reader<'de, '_> {
        Reader { input: self, at: At::ROOT, somes: None }
    }

    /// Checks that nothing follows the value.
    pub(super) fn end(&self) -> Result<(), Error> {
        match self.rest.len() {
            0 => Ok(()),
            left => Err(Error::new(format_args!("{left} bytes are left over"))),
        }
    }
}

/// A position in the value, as the path to it.
#[derive(Clone, Copy, Debug)]
struct At<'a> {
    outer: Option<&'a At<'a>>,
    step: Step<'a>,
    /// Levels below the state.
    level: usize,
    /// Names are recorded here.
    is_sampled: bool,
}

#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    Root,
    Item,
    /// Its bytes.
    Key(&'a [u8]),
    Variant(&'a str),
}

impl<'a> At<'a> {
    const ROOT: At<'static> = At { outer: None, step: Step::Root, level: 0, is_sampled: true };

    fn inner(&'a self, step: Step<'a>) -> At<'a> {
        let level = self.level + 1;
        At { outer: Some(self), step, level, is_sampled: self.is_sampled && level < LEVELS_SAMPLED }
    }

    fn item(&'a self, index: usize) -> At<'a> {
        let At { is_sampled, .. } = self.inner(Step::Item);
        At { is_sampled: is_sampled && index < ITEMS_SAMPLED, ..self.inner(Step::Item) }
    }

    fn append(&self, path: &mut String) {
        if let Some(outer) = self.outer {
            outer.append(path);
        }
        match self.step {
            Step::Root => {}
            Step::Item => path.push_str("[]"),
            Step::Key(key) => match segment(key) {
                name @ Segment::Name(_) => name.append(path),
                _ => path.push_str("[]"),
            },
            Step::Variant(variant) => Segment::Name(variant.to_owned()).append(path),
        }
    }
}

/// Reads one value.
#[derive(Debug)]
pub(super) struct Reader<'de, 'a> {
    input: &'a mut Input<'de>,
    at: At<'a>,
    /// Inside of `Some`s around nil: how many remain.
    somes: Option<u32>,
}

impl<'de> Reader<'de, '_> {
    fn note(&mut self, names: &'static [&'static str]) {
        if let Some(noted) = self.input.names.as_mut().filter(|noted| self.at.is_sampled && noted.len() < NAMES_MAX) {
            let mut path = String::new();
            self.at.append(&mut path);
            noted.entry(path).or_insert(names);
        }
    }

    fn items<V: Visitor<'de>>(self, count: u32, visitor: V) -> Result<V::Value, Error> {
        self.input.depth.enter()?;
        let mut items = Items { input: &mut *self.input, at: self.at, count, left: count };
        let value = visitor.visit_seq(&mut items)?;
        let (left, taken) = (items.left, count - items.left);
        if left > 0 {
            return Err(Error::new(format_args!("it has {count} items, but this build's type takes {taken}")));
        }
        self.input.depth.leave();
        Ok(value)
    }

    fn entries<V: Visitor<'de>>(self, count: u32, visitor: V) -> Result<V::Value, Error> {
        self.input.depth.enter()?;
        let mut entries = Entries { input: &mut *self.input, at: self.at, left: count, key: &[] };
        let value = visitor.visit_map(&mut entries)?;
        if entries.left > 0 {
            return Err(Error::new(format_args!("{} of its entries are not taken by this build's type", entries.left)));
        }
        self.input.depth.leave();
        Ok(value)
    }

    /// `count` `Some`s around nil.
    fn somes<V: Visitor<'de>>(self, count: u32, visitor: V) -> Result<V::Value, Error> {
        match count.checked_sub(1) {
            None => visitor.visit_unit(),
            Some(fewer) => {
                self.input.depth.look()?;
                visitor.visit_some(Reader { somes: Some(fewer), ..self })
            }
        }
    }

    fn again(&mut self) -> Reader<'de, '_> {
        Reader { input: &mut *self.input, at: self.at, somes: self.somes }
    }

    fn peek(&self) -> Result<Token<'de>, Error> {
        match self.somes {
            Some(0) => Ok(Token::Nil),
            Some(count) => Ok(Token::Some(count)),
            None => Token::take(&mut { self.input.rest }),
        }
    }

    fn take(&mut self) -> Result<Token<'de>, Error> {
        match self.somes {
            Some(_) => self.peek(),
            None => Token::take(&mut self.input.rest),
        }
    }
}

impl<'de> Deserializer<'de> for Reader<'de, '_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        match self.take()? {
            Token::Nil => visitor.visit_unit(),
            Token::Bool(value) => visitor.visit_bool(value),
            Token::Unsigned(value) => visitor.visit_u64(value),
            Token::Signed(value) => visitor.visit_i64(value),
            Token::Wide(value) => visitor.visit_u128(value),
            Token::SignedWide(value) => visitor.visit_i128(value),
            Token::Float(value) => visitor.visit_f32(value),
            Token::Double(value) => visitor.visit_f64(value),
            Token::Text(value) => visitor.visit_borrowed_str(value),
            Token::Bytes(value) => visitor.visit_borrowed_bytes(value),
            Token::Items(count) => self.items(count, visitor),
            Token::Entries(count) => self.entries(count, visitor),
            Token::Some(count) => self.somes(count, visitor),
            Token::Opaque(_) => Err(Error::new(
                "it was saved as an opaque field, which this build reads as a plain one: write `#[state(opaque, version = \"…\")]` as before",
            )),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        match self.peek()? {
            Token::Nil => {
                self.take()?;
                visitor.visit_none()
            }
            Token::Some(count) => {
                self.take()?;
                self.somes(count, visitor)
            }
            _ => {
                self.input.depth.look()?;
                visitor.visit_some(self)
            }
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        self.input.depth.look()?;
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        match self.peek()? {
            // A `Vec<u8>` whose value was written as bytes.
            Token::Bytes(bytes) => {
                self.take()?;
                visitor.visit_seq(SeqDeserializer::new(bytes.iter().copied()))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name != OPAQUE_NAME {
            return self.deserialize_seq(visitor);
        }
        match self.take()? {
            Token::Opaque(mut content) => {
                let mut part = || Token::take(&mut content);
                visitor.visit_seq(OpaqueParts { parts: [part()?, part()?, part()?].into_iter() })
            }
            _ => Err(Error::new(
                "it was saved as a plain field, which this build reads as an opaque one: remove `#[state(opaque, …)]`",
            )),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        mut self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.note(fields);
        match self.peek()? {
            Token::Items(_) => Err(Error::invalid_type(Unexpected::Seq, &visitor)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        mut self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.note(variants);
        match self.take()? {
            Token::Text(variant) => visitor.visit_enum(variant.into_deserializer()),
            Token::Entries(1) => match Token::take(&mut self.input.rest)? {
                Token::Text(name) => visitor.visit_enum(Variant { input: self.input, at: self.at, name }),
                _ => Err(Error::invalid_type(Unexpected::Map, &visitor)),
            },
            Token::Entries(_) => Err(Error::invalid_type(Unexpected::Map, &visitor)),
            Token::Unsigned(value) => Err(Error::invalid_type(Unexpected::Unsigned(value), &visitor)),
            Token::Signed(value) => Err(Error::invalid_type(Unexpected::Signed(value), &visitor)),
            Token::Items(_) => Err(Error::invalid_type(Unexpected::Seq, &visitor)),
            Token::Nil => Err(Error::invalid_type(Unexpected::Unit, &visitor)),
            _ => Err(Error::invalid_type(Unexpected::Other("another value"), &visitor)),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.somes.is_none() {
            skip(&mut self.input.rest)?;
        }
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct map identifier
    }
}
