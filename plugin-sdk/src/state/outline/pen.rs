//! The deserializer that draws an outline: it records each request and answers it with the simplest value.
//!
//! Inside of a type that is already being read, options and lists are empty and enums short. So the reading of a recursive type terminates,
//! and the fields after it are read too. Such an inner reading records nothing; the outer one does.

use core::hash::{Hash as _, Hasher as _};
use core::mem::{discriminant, replace};
use std::hash::DefaultHasher;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::notes::{Body, Content, Key, Notes, Word};
use crate::state::error::Error;

/// Maximum requests answered in all readings together.
pub(super) const QUESTIONS_MAX: usize = 400_000;

/// Maximum nesting of types.
const LEVELS_MAX: usize = 64;

/// From this level on options and lists are empty: recursive types without a name come to an end.
const LEVELS_FULL: usize = 32;

/// Answers to requests for a number. The next one is tried if the type always refused the one before.
pub(super) const NUMBERS: [u8; 4] = [1, 0, 2, 10];

/// Answers to requests for text.
const TEXTS: [&str; 4] = ["", "a", "1", "0.0.0.0"];

/// Answers one request, and records it in `text`.
#[derive(Debug)]
pub(super) struct Pen<'a> {
    pub(super) notes: &'a mut Notes,
    pub(super) level: usize,
    /// Inside of a type that is already being read.
    pub(super) is_again: bool,
    pub(super) text: &'a mut Body,
}

impl Pen<'_> {
    fn ask(&mut self, what: &'static str) -> Result<(), Error> {
        self.write(what);
        self.notes.questions += 1;
        self.notes.is_too_deep |= self.level > LEVELS_MAX;
        if self.notes.questions > QUESTIONS_MAX || self.level > LEVELS_MAX {
            return Err(Error::new("enough is known"));
        }
        Ok(())
    }

    fn write(&mut self, text: &'static str) {
        self.text.push(Word::Text(text));
    }

    fn inner(&mut self) -> Pen<'_> {
        Pen { level: self.level + 1, ..self.same() }
    }

    fn same(&mut self) -> Pen<'_> {
        Pen { notes: &mut *self.notes, level: self.level, is_again: self.is_again, text: &mut *self.text }
    }

    fn is_full(&self) -> bool {
        self.is_again || self.level >= LEVELS_FULL
    }

    /// Records a named type: its body, and its index at the place of use. `read` also returns the shape as which it was read.
    fn named<T>(self, key: Key, read: impl FnOnce(Pen<'_>) -> (Result<T, Error>, Content)) -> Result<T, Error> {
        let Pen { notes, level, is_again, text } = self;
        let index = notes.meet(key);
        text.push(Word::Use(index));
        let was_within = replace(&mut notes.types[index].is_within, true);
        let is_again = is_again || was_within;
        let mut body = Body::new();
        let (value, content) = read(Pen { notes: &mut *notes, level, is_again, text: &mut body });
        let kind = &mut notes.types[index];
        kind.is_within = was_within;
        note(&mut kind.content, content);
        if !is_again {
            kind.bodies.insert(body);
        }
        value
    }

    /// Records the items between `open` and `close`; returns how many were taken, if the reading was completed.
    fn items<T>(
        &mut self,
        [open, close]: [&'static str; 2],
        names: &'static [&'static str],
        count: usize,
        read: impl FnOnce(&mut Answers<'_>) -> Result<T, Error>,
    ) -> (Result<T, Error>, Option<usize>) {
        self.write(open);
        let mut answers = Answers { pen: self.inner(), names, count, given: 0 };
        let value = read(&mut answers);
        let taken = value.is_ok().then_some(answers.given);
        self.write(close);
        (value, taken)
    }

    fn fields<'de, V: Visitor<'de>>(
        &mut self,
        names: &'static [&'static str],
        visitor: V,
    ) -> (Result<V::Value, Error>, Content) {
        let (value, taken) = self.items(["{", "}"], names, names.len(), |answers| visitor.visit_seq(answers));
        (value, Content::Fields(names, taken))
    }
}

/// A completed reading replaces an incomplete one.
fn note(known: &mut Option<Content>, seen: Content) {
    if !matches!((*known, seen), (Some(Content::Fields(_, Some(_))), Content::Fields(_, None))) {
        *known = Some(seen);
    }
}

macro_rules! scalar {
    ($($method:ident $visit:ident $name:literal $value:expr;)*) => {
        $(fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
            self.ask($name)?;
            let answers = self.notes.answers;
            visitor.$visit($value(answers))
        })*
    };
}

impl<'de> Deserializer<'de> for Pen<'_> {
    type Error = Error;

    scalar! {
        deserialize_bool visit_bool "bool" |_| false;
        deserialize_i8 visit_i8 "i8" |at: usize| NUMBERS[at] as i8;
        deserialize_i16 visit_i16 "i16" |at: usize| NUMBERS[at] as i16;
        deserialize_i32 visit_i32 "i32" |at: usize| NUMBERS[at] as i32;
        deserialize_i64 visit_i64 "i64" |at: usize| NUMBERS[at] as i64;
        deserialize_i128 visit_i128 "i128" |at: usize| NUMBERS[at] as i128;
        deserialize_u8 visit_u8 "u8" |at: usize| NUMBERS[at];
        deserialize_u16 visit_u16 "u16" |at: usize| NUMBERS[at] as u16;
        deserialize_u32 visit_u32 "u32" |at: usize| NUMBERS[at] as u32;
        deserialize_u64 visit_u64 "u64" |at: usize| NUMBERS[at] as u64;
        deserialize_u128 visit_u128 "u128" |at: usize| NUMBERS[at] as u128;
        deserialize_f32 visit_f32 "f32" |at: usize| f32::from(NUMBERS[at]);
        deserialize_f64 visit_f64 "f64" |at: usize| f64::from(NUMBERS[at]);
        deserialize_char visit_char "char" |_| 'a';
        deserialize_str visit_str "str" |at: usize| TEXTS[at];
        deserialize_string visit_string "str" |at: usize| TEXTS[at].to_owned();
        deserialize_bytes visit_bytes "bytes" |_| &[];
        deserialize_byte_buf visit_byte_buf "bytes" |_| Vec::new();
    }

    fn deserialize_any<V: Visitor<'de>>(mut self, _: V) -> Result<V::Value, Error> {
        self.notes.asks_for_any = true;
        self.ask("any")?;
        Err(Error::new("its `Deserialize` asks for any type"))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn deserialize_unit<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        self.ask("()")?;
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(mut self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        self.ask("")?;
        self.named(Key::of::<V>(name, &[]), |_| (visitor.visit_unit(), Content::Unit))
    }

    fn deserialize_option<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        self.ask("Option<")?;
        if self.is_full() {
            self.write("…>");
            return visitor.visit_none();
        }
        let value = visitor.visit_some(self.inner());
        self.write(">");
        value
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.ask("")?;
        self.named(Key::of::<V>(name, &[]), |mut pen| {
            pen.write("(");
            let value = visitor.visit_newtype_struct(pen.inner());
            pen.write(")");
            (value, Content::Newtype)
        })
    }

    fn deserialize_seq<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        self.ask("")?;
        let count = usize::from(!self.is_full());
        self.items(["[", "]"], &[], count, |answers| visitor.visit_seq(answers)).0
    }

    fn deserialize_tuple<V: Visitor<'de>>(mut self, length: usize, visitor: V) -> Result<V::Value, Error> {
        self.ask("")?;
        self.items(["(", ")"], &[], length, |answers| visitor.visit_seq(answers)).0
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.ask("")?;
        self.named(Key::of::<V>(name, &[]), |pen| (pen.deserialize_tuple(length, visitor), Content::Tuple(length)))
    }

    fn deserialize_map<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        self.ask("")?;
        let count = usize::from(!self.is_full());
        self.items(["{", "}"], &[], count, |answers| visitor.visit_map(answers)).0
    }

    fn deserialize_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.ask("")?;
        self.named(Key::of::<V>(name, fields), |mut pen| pen.fields(fields, visitor))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.ask("")?;
        let Pen { notes, level, is_again, text } = self;
        let index = notes.meet_enum(Key::of::<V>(name, variants));
        text.push(Word::Use(index));
        let was_within = notes.types[index].is_within;
        let is_again = is_again || was_within;
        let Some(variant) = notes.choose(index, is_again) else { return Err(Error::new("it has no variant")) };
        let (asked, opens) = (notes.questions, notes.opens);
        notes.types[index].is_within = true;
        let mut body = vec![Word::Text("::"), Word::Name(variants[variant])];
        let pen = Pen { notes: &mut *notes, level: level + 1, is_again, text: &mut body };
        let value = visitor.visit_enum(Chosen { pen, index, variant });
        let cost = value.is_ok().then_some(notes.questions - asked + 1);
        let is_open = notes.opens > opens;
        notes.types[index].is_within = was_within;
        notes.chosen(index, variant, cost, is_again, is_open);
        if !is_again {
            // A compact format stores variants by their order.
            let between = |name: &&'static str| [Word::Text("|"), Word::Name(name)];
            let list = variants.iter().flat_map(between).skip(1);
            let list = [Word::Text("::{")].into_iter().chain(list).chain([Word::Text("}")]).collect();
            notes.types[index].bodies.extend([list, body]);
        }
        value
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// The simplest items of a sequence, tuple, map or struct.
#[derive(Debug)]
struct Answers<'a> {
    pen: Pen<'a>,
    /// Names of a struct's fields.
    names: &'static [&'static str],
    count: usize,
    given: usize,
}

impl Answers<'_> {
    fn answer<'de, T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Error> {
        if self.given > 0 {
            self.pen.write(",");
        }
        if let Some(name) = self.names.get(self.given) {
            self.pen.text.extend([Word::Name(name), Word::Text(":")]);
        }
        self.given += 1;
        seed.deserialize(self.pen.same())
    }
}

impl<'de> SeqAccess<'de> for &mut Answers<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        if self.given == self.count { Ok(None) } else { self.answer(seed).map(Some) }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.count - self.given)
    }
}

impl<'de> MapAccess<'de> for &mut Answers<'_> {
    type Error = Error;

    fn next_key_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        if self.given >= self.count { Ok(None) } else { self.answer(seed).map(Some) }
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Error> {
        self.answer(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.count.saturating_sub(self.given))
    }
}

/// A variant, with any content that it requests.
#[derive(Debug)]
struct Chosen<'a> {
    pen: Pen<'a>,
    /// Of the enum.
    index: usize,
    variant: usize,
}

impl Chosen<'_> {
    fn note(&mut self, content: Content) {
        note(&mut self.pen.notes.types[self.index].variants[self.variant].content, content);
    }
}

impl<'de> EnumAccess<'de> for Chosen<'_> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self), Error> {
        let variant = &mut self.pen.notes.types[self.index].variants[self.variant];
        let name: StrDeserializer<'_, Error> = variant.name.into_deserializer();
        let value = seed.deserialize(name)?;
        let mut hasher = DefaultHasher::new();
        discriminant(&value).hash(&mut hasher);
        variant.print = Some(hasher.finish());
        Ok((value, self))
    }
}

impl<'de> VariantAccess<'de> for Chosen<'_> {
    type Error = Error;

    fn unit_variant(mut self) -> Result<(), Error> {
        self.note(Content::Unit);
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(mut self, seed: T) -> Result<T::Value, Error> {
        self.note(Content::Newtype);
        self.pen.write("(");
        let value = seed.deserialize(self.pen.same());
        self.pen.write(")");
        value
    }

    fn tuple_variant<V: Visitor<'de>>(mut self, length: usize, visitor: V) -> Result<V::Value, Error> {
        self.note(Content::Tuple(length));
        self.pen.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        mut self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let (value, content) = self.pen.fields(fields, visitor);
        self.note(content);
        value
    }
}
