//! Writes an opaque field in postcard's format, which has no names: the reader would take the next field in place of a skipped one. This
//! serializer therefore refuses skipped fields, and compares what is written with what the type reads. It also limits the depth.
//!
//! Each type is compiled for this serializer only: a dependency's whole state has thousands of functions.

mod check;
mod parts;

use postcard::ser_flavors::Flavor;
use serde::Serialize;
use serde::ser::{Error as _, Serializer};

use super::depth::{Depth, WRITER_STACK_BYTES};
use super::error::Error;
use super::outline::{Content, Shapes};
use check::{Checks, Named};
use parts::{Entries, Fields, Items};

/// Appends the value's bytes to `out`; `shapes` are the shapes that the type reads.
pub(super) fn write<T: Serialize + ?Sized>(value: &T, shapes: &Shapes, out: Vec<u8>) -> Result<Vec<u8>, Error> {
    let (checks, depth) = (Checks::new(shapes), Depth::new(WRITER_STACK_BYTES));
    let mut scribe = Scribe { postcard: postcard::Serializer { output: Bytes(out) }, checks: &checks, depth };
    value.serialize(&mut scribe)?;
    Ok(scribe.postcard.output.0)
}

/// See the module. postcard writes headers and scalars; a container has nothing after its last item.
struct Scribe<'s> {
    postcard: postcard::Serializer<Bytes>,
    checks: &'s Checks<'s>,
    depth: Depth,
}

impl<'s> Scribe<'s> {
    fn variant(&mut self, number: u32) -> Result<(), Error> {
        self.postcard.serialize_unit_variant("", number, "").map_err(Error::custom)
    }

    #[inline]
    fn items(&mut self, length: Option<usize>) -> Result<Items<'_, 's>, Error> {
        self.depth.enter()?;
        Ok(Items::new(self, length))
    }

    #[inline]
    fn fields(&mut self, named: Named, length: usize) -> Result<Fields<'_, 's>, Error> {
        self.depth.enter()?;
        Ok(Fields::new(Items::new(self, Some(length)), named))
    }
}

macro_rules! forward {
    ($($method:ident($($value:ident: $kind:ty)?)),* $(,)?) => {
        $(#[inline]
        fn $method(self, $($value: $kind)?) -> Result<(), Error> {
            self.postcard.$method($($value)?).map_err(Error::custom)
        })*
    };
}

impl<'a, 's> Serializer for &'a mut Scribe<'s> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Items<'a, 's>;
    type SerializeTuple = Items<'a, 's>;
    type SerializeTupleStruct = Items<'a, 's>;
    type SerializeTupleVariant = Items<'a, 's>;
    type SerializeMap = Entries<'a, 's>;
    type SerializeStruct = Fields<'a, 's>;
    type SerializeStructVariant = Fields<'a, 's>;

    forward! {
        serialize_bool(value: bool), serialize_char(value: char), serialize_str(value: &str),
        serialize_bytes(value: &[u8]), serialize_i8(value: i8), serialize_i16(value: i16), serialize_i32(value: i32),
        serialize_i64(value: i64), serialize_i128(value: i128), serialize_u8(value: u8), serialize_u16(value: u16),
        serialize_u32(value: u32), serialize_u64(value: u64), serialize_u128(value: u128), serialize_f32(value: f32),
        serialize_f64(value: f64), serialize_none(), serialize_unit(), serialize_unit_struct(name: &'static str),
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        self.depth.look()?;
        self.postcard.serialize_some(&()).map_err(Error::custom)?;
        value.serialize(self)
    }

    fn serialize_unit_variant(self, name: &'static str, index: u32, variant: &'static str) -> Result<(), Error> {
        self.checks.content(Named::Variant(name, index, variant), Content::Unit)?;
        self.variant(index)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Error> {
        self.depth.look()?;
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.checks.content(Named::Variant(name, index, variant), Content::Newtype)?;
        self.variant(index)?;
        self.depth.enter()?;
        value.serialize(&mut *self)?;
        self.depth.leave();
        Ok(())
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Items<'a, 's>, Error> {
        self.postcard.serialize_seq(length).map_err(Error::custom)?;
        self.items(length)
    }

    #[inline]
    fn serialize_tuple(self, length: usize) -> Result<Items<'a, 's>, Error> {
        self.items(Some(length))
    }

    #[inline]
    fn serialize_tuple_struct(self, name: &'static str, length: usize) -> Result<Items<'a, 's>, Error> {
        self.checks.content(Named::Type(name), Content::Tuple(length))?;
        self.items(Some(length))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Items<'a, 's>, Error> {
        self.checks.content(Named::Variant(name, index, variant), Content::Tuple(length))?;
        self.variant(index)?;
        self.items(Some(length))
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Entries<'a, 's>, Error> {
        self.postcard.serialize_map(length).map_err(Error::custom)?;
        self.items(length).map(Entries::new)
    }

    #[inline]
    fn serialize_struct(self, name: &'static str, length: usize) -> Result<Fields<'a, 's>, Error> {
        self.fields(Named::Type(name), length)
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Fields<'a, 's>, Error> {
        self.variant(index)?;
        self.fields(Named::Variant(name, index, variant), length)
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// Output that takes bytes one by one.
const SHORT: usize = 3;

/// Output for postcard.
struct Bytes(Vec<u8>);

impl Flavor for Bytes {
    type Output = Vec<u8>;

    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    #[inline]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        // Usually a number of one to three bytes, which costs less than a call.
        if bytes.len() <= SHORT {
            bytes.iter().for_each(|byte| self.0.push(*byte));
        } else {
            self.0.extend_from_slice(bytes);
        }
        Ok(())
    }

    fn finalize(self) -> postcard::Result<Vec<u8>> {
        Ok(self.0)
    }
}
