//! The deserializer that draws an outline: it answers each question with the simplest value, and notes it.

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::{LEVELS_FULL, LEVELS_MAX, NUMBERS, Notes, QUESTIONS_MAX, TEXTS};
use crate::state::error::Error;

/// Answers one question, and notes it in `text`.
#[derive(Debug)]
pub(super) struct Pen<'a> {
    pub(super) notes: &'a mut Notes,
    pub(super) level: usize,
    pub(super) text: &'a mut String,
}

impl Pen<'_> {
    fn ask(&mut self, what: &str) -> Result<(), Error> {
        self.text.push_str(what);
        self.notes.questions += 1;
        if self.notes.questions > QUESTIONS_MAX || self.level > LEVELS_MAX {
            return Err(Error::new("enough is known"));
        }
        Ok(())
    }

    fn inner<'b>(&'b mut self, text: &'b mut String) -> Pen<'b> {
        Pen { notes: &mut *self.notes, level: self.level + 1, text }
    }

    fn is_full(&self) -> bool {
        self.level >= LEVELS_FULL
    }

    /// Notes a type with a name: its own line, and its name where it is used.
    fn named<T>(self, name: &str, read: impl FnOnce(Pen<'_>, &mut String) -> Result<T, Error>) -> Result<T, Error> {
        let Pen { notes, level, text } = self;
        text.push_str(name);
        let (mut body, mut scratch) = (String::new(), String::new());
        let value = read(Pen { notes: &mut *notes, level, text: &mut scratch }, &mut body);
        notes.types.entry(name.to_owned()).or_default().insert(body);
        value
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
        Err(Error::new("it asks what comes next"))
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
        self.ask(name)?;
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        self.ask("Option<")?;
        if self.is_full() {
            self.text.push_str("…>");
            return visitor.visit_none();
        }
        let mut text = String::new();
        let value = visitor.visit_some(self.inner(&mut text));
        self.text.push_str(&text);
        self.text.push('>');
        value
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.ask("")?;
        self.named(name, |mut pen, body| {
            body.push('(');
            let value = visitor.visit_newtype_struct(pen.inner(body));
            body.push(')');
            value
        })
    }

    fn deserialize_seq<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        self.ask("[")?;
        let count = usize::from(!self.is_full());
        let mut text = String::new();
        let value = visitor.visit_seq(Answers::items(&mut self, count, &mut text));
        self.text.push_str(&text);
        self.text.push(']');
        value
    }

    fn deserialize_tuple<V: Visitor<'de>>(mut self, length: usize, visitor: V) -> Result<V::Value, Error> {
        self.ask("(")?;
        let mut text = String::new();
        let value = visitor.visit_seq(Answers::items(&mut self, length, &mut text));
        self.text.push_str(&text);
        self.text.push(')');
        value
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.ask("")?;
        self.named(name, |pen, body| {
            Pen { text: body, notes: pen.notes, level: pen.level }.deserialize_tuple(length, visitor)
        })
    }

    fn deserialize_map<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        self.ask("{")?;
        let count = usize::from(!self.is_full());
        let mut text = String::new();
        let value = visitor.visit_map(Answers::items(&mut self, count, &mut text));
        self.text.push_str(&text);
        self.text.push('}');
        value
    }

    fn deserialize_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.ask("")?;
        self.named(name, |mut pen, body| {
            body.push('{');
            let value = visitor.visit_seq(Answers { names: fields, ..Answers::items(&mut pen, fields.len(), body) });
            body.push('}');
            value
        })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.ask("")?;
        let Some(index) = self.notes.choose(name, variants) else { return Err(Error::new("it has no variant")) };
        let Pen { notes, level, text } = self;
        text.push_str(name);
        // The order of the variants is what a compact format keeps of them.
        notes.types.entry(name.to_owned()).or_default().insert(format!("::{{{}}}", variants.join("|")));
        let mut body = String::new();
        let pen = Pen { notes: &mut *notes, level: level + 1, text: &mut body };
        let value = visitor.visit_enum(Chosen { pen, variant: variants[index] });
        notes.types.entry(name.to_owned()).or_default().insert(format!("::{}{body}", variants[index]));
        value
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// The simplest items of a sequence, tuple, map or struct.
#[derive(Debug)]
struct Answers<'a> {
    notes: &'a mut Notes,
    level: usize,
    body: &'a mut String,
    /// Of a struct's fields.
    names: &'static [&'static str],
    count: usize,
    given: usize,
}

impl<'a> Answers<'a> {
    fn items(pen: &'a mut Pen<'_>, count: usize, body: &'a mut String) -> Self {
        Self { notes: &mut *pen.notes, level: pen.level + 1, body, names: &[], count, given: 0 }
    }

    fn answer<'de, T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Error> {
        let mut text = String::new();
        let value = seed.deserialize(Pen { notes: &mut *self.notes, level: self.level, text: &mut text });
        if self.given > 0 {
            self.body.push(',');
        }
        if let Some(name) = self.names.get(self.given) {
            self.body.push_str(name);
            self.body.push(':');
        }
        self.body.push_str(&text);
        self.given += 1;
        value
    }
}

impl<'de> SeqAccess<'de> for Answers<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        if self.given == self.count { Ok(None) } else { self.answer(seed).map(Some) }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.count - self.given)
    }
}

impl<'de> MapAccess<'de> for Answers<'_> {
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

/// A variant, and whatever content it asks for.
#[derive(Debug)]
struct Chosen<'a> {
    pen: Pen<'a>,
    variant: &'static str,
}

impl<'de, 'a> EnumAccess<'de> for Chosen<'a> {
    type Error = Error;
    type Variant = Pen<'a>;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Pen<'a>), Error> {
        let name: StrDeserializer<'_, Error> = self.variant.into_deserializer();
        Ok((seed.deserialize(name)?, self.pen))
    }
}

impl<'de> VariantAccess<'de> for Pen<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        let Pen { notes, level, text } = self;
        let mut pen = Pen { notes, level, text: &mut String::new() };
        text.push('{');
        let value = visitor.visit_seq(Answers { names: fields, ..Answers::items(&mut pen, fields.len(), text) });
        text.push('}');
        value
    }
}
