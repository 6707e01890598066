//! The contents of containers, as a reader passes them to visitors.

use serde::de::value::{BorrowedBytesDeserializer, BorrowedStrDeserializer};
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

use super::{At, Input, Reader, Step};
use crate::state::error::{Error, Segment};
use crate::state::token::{Token, segment};

/// The items of a sequence.
#[derive(Debug)]
pub(super) struct Items<'de, 'a> {
    pub(super) input: &'a mut Input<'de>,
    pub(super) at: At<'a>,
    pub(super) count: u32,
    pub(super) left: u32,
}

impl<'de> SeqAccess<'de> for &mut Items<'de, '_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        let index = (self.count - self.left) as usize;
        self.left -= 1;
        let (at, start) = (self.at.item(index), self.input.rest.len());
        let item = seed.deserialize(Reader { input: &mut *self.input, at, somes: None });
        item.map(Some).map_err(|error| {
            self.input.blame(start);
            error.inside(Segment::Item(index))
        })
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left as usize)
    }
}

/// The entries of a map or struct.
#[derive(Debug)]
pub(super) struct Entries<'de, 'a> {
    pub(super) input: &'a mut Input<'de>,
    pub(super) at: At<'a>,
    pub(super) left: u32,
    /// The last key's bytes.
    pub(super) key: &'de [u8],
}

impl<'de> MapAccess<'de> for &mut Entries<'de, '_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let before = self.input.rest;
        let key = seed.deserialize(Reader { input: &mut *self.input, at: self.at, somes: None });
        self.key = &before[..before.len() - self.input.rest.len()];
        key.map(Some).map_err(|error| error.inside(segment(self.key)))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Error> {
        let (at, start) = (self.at.inner(Step::Key(self.key)), self.input.rest.len());
        let value = seed.deserialize(Reader { input: &mut *self.input, at, somes: None });
        value.map_err(|error| {
            self.input.blame(start);
            error.inside(segment(self.key))
        })
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left as usize)
    }
}

/// An enum's variant with content.
#[derive(Debug)]
pub(super) struct Variant<'de, 'a> {
    pub(super) input: &'a mut Input<'de>,
    pub(super) at: At<'a>,
    pub(super) name: &'de str,
}

impl<'de> Variant<'de, '_> {
    fn content<T>(self, read: impl FnOnce(Reader<'de, '_>) -> Result<T, Error>) -> Result<T, Error> {
        let (at, start) = (self.at.inner(Step::Variant(self.name)), self.input.rest.len());
        let value = read(Reader { input: &mut *self.input, at, somes: None });
        value.map_err(|error| {
            self.input.blame(start);
            error.inside(Segment::Name(self.name.to_owned()))
        })
    }
}

impl<'de> EnumAccess<'de> for Variant<'de, '_> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self), Error> {
        let name: BorrowedStrDeserializer<'_, Error> = BorrowedStrDeserializer::new(self.name);
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de, '_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        let name = self.name;
        Err(Error::new("the variant was saved with a value, and has none in this build")
            .inside(Segment::Name(name.to_owned())))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        self.content(|mut reader| {
            reader.input.depth.enter()?;
            let value = seed.deserialize(reader.again())?;
            reader.input.depth.leave();
            Ok(value)
        })
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Error> {
        self.content(|reader| reader.deserialize_tuple(length, visitor))
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        self.content(|reader| reader.deserialize_struct("", fields, visitor))
    }
}

/// Version, outline and content of an opaque field.
#[derive(Debug)]
pub(super) struct OpaqueParts<'de> {
    pub(super) parts: core::array::IntoIter<Token<'de>, 3>,
}

impl<'de> SeqAccess<'de> for OpaqueParts<'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        match self.parts.next() {
            Some(Token::Text(text)) => seed.deserialize(BorrowedStrDeserializer::new(text)).map(Some),
            Some(Token::Bytes(bytes)) => seed.deserialize(BorrowedBytesDeserializer::new(bytes)).map(Some),
            _ => Ok(None),
        }
    }
}
