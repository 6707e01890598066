//! Containers that are being written.

use serde::Serialize;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple, SerializeTupleStruct,
    SerializeTupleVariant,
};

use super::Scribe;
use super::check::{Known, Named};
use crate::state::error::{Error, Segment};
use crate::state::keys::{EQUAL_KEYS, Keys};

/// A sequence or tuple.
pub(super) struct Items<'a, 's> {
    scribe: &'a mut Scribe<'s>,
    /// Number of items in its header.
    length: Option<usize>,
    count: usize,
}

impl<'a, 's> Items<'a, 's> {
    #[inline(always)]
    pub(super) fn new(scribe: &'a mut Scribe<'s>, length: Option<usize>) -> Self {
        Self { scribe, length, count: 0 }
    }

    #[inline(always)]
    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.count += 1;
        value.serialize(&mut *self.scribe)
    }

    #[inline(always)]
    fn close(self) -> Result<(), Error> {
        match self.length {
            Some(length) if length != self.count => return Err(false_length(length, self.count)),
            _ => self.scribe.depth.leave(),
        }
        Ok(())
    }
}

#[cold]
fn false_length(length: usize, count: usize) -> Error {
    Error::new(format_args!("its `Serialize` announces {length} items and writes {count}"))
}

macro_rules! items {
    ($($kind:ident $method:ident),* $(,)?) => {
        $(impl $kind for Items<'_, '_> {
            type Ok = ();
            type Error = Error;

            #[inline(always)]
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.item(value)
            }

            #[inline(always)]
            fn end(self) -> Result<(), Error> {
                self.close()
            }
        })*
    };
}
items! {
    SerializeSeq serialize_element, SerializeTuple serialize_element, SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field,
}

/// A struct, or a variant with fields.
pub(super) struct Fields<'a, 's> {
    items: Items<'a, 's>,
    known: &'s Known,
    /// The fields so far, unless they are the known ones. Boxed, since there are rarely any.
    #[expect(clippy::box_collection, reason = "a field that is null costs the usual struct one comparison")]
    others: Option<Box<Vec<&'static str>>>,
}

impl<'a, 's> Fields<'a, 's> {
    #[inline(always)]
    pub(super) fn new(items: Items<'a, 's>, named: Named) -> Self {
        let checks = items.scribe.checks;
        Self { items, known: checks.known(named), others: None }
    }

    #[inline(always)]
    fn note(&mut self, key: &'static str) {
        match self.known.fields().get(self.items.count) {
            Some(known) if core::ptr::eq::<str>(*known, key) && self.others.is_none() => {}
            _ => self.note_other(key),
        }
    }

    #[cold]
    fn note_other(&mut self, key: &'static str) {
        let so_far = || Box::new(self.known.fields()[..self.items.count].to_vec());
        self.others.get_or_insert_with(so_far).push(key);
    }

    #[inline(always)]
    fn check(&self) -> Result<(), Error> {
        let is_known = self.others.is_none() && self.items.count == self.known.fields().len();
        if is_known && self.items.count > 0 { Ok(()) } else { self.look() }
    }

    #[cold]
    fn look(&self) -> Result<(), Error> {
        let so_far = || &self.known.fields()[..self.items.count];
        let fields = self.others.as_deref().map_or_else(so_far, Vec::as_slice);
        self.items.scribe.checks.look_at_fields(self.known, fields)
    }
}

macro_rules! fields {
    ($($kind:ident),*) => {
        $(impl $kind for Fields<'_, '_> {
            type Ok = ();
            type Error = Error;

            #[inline(always)]
            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
                self.note(key);
                self.items.item(value).map_err(|error| error.inside(Segment::Name(key.to_owned())))
            }

            #[cold]
            fn skip_field(&mut self, key: &'static str) -> Result<(), Error> {
                Err(Error::new(format_args!(
                    "an opaque field keeps no names, so it cannot skip `{key}`: remove `skip_serializing_if`, or keep it as a plain field"
                )))
            }

            #[inline(always)]
            fn end(self) -> Result<(), Error> {
                self.check()?;
                self.items.close()
            }
        })*
    };
}
fields!(SerializeStruct, SerializeStructVariant);

/// A map.
pub(super) struct Entries<'a, 's> {
    items: Items<'a, 's>,
    keys: Keys,
}

impl<'a, 's> Entries<'a, 's> {
    pub(super) fn new(items: Items<'a, 's>) -> Self {
        Self { items, keys: Keys::default() }
    }
}

impl SerializeMap for Entries<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        let from = self.items.scribe.postcard.output.0.len();
        key.serialize(&mut *self.items.scribe)?;
        self.keys.note(&self.items.scribe.postcard.output.0, from);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.items.item(value)
    }

    fn end(mut self) -> Result<(), Error> {
        match self.keys.equal(&self.items.scribe.postcard.output.0) {
            None => self.items.close(),
            Some(_) => Err(Error::new(EQUAL_KEYS)),
        }
    }
}
