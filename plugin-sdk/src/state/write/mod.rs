//! Writes a state: MessagePack with field names. It reports itself as human-readable, like serde's own buffers for tagged, untagged and
//! flattened types; otherwise values in such types would be written in one form and read in another.
//!
//! # Failure
//! The writer refuses whatever the reader could not read back, with the path: too deep a nesting ([`super::depth`]), wrong lengths, equal keys.

mod open;

use core::fmt::Display;

use rmp::encode;
use serde::Serialize;
use serde::ser::Serializer;

use super::depth::{Depth, LEVELS_MAX, WRITER_STACK_BYTES};
use super::error::{Error, Segment};
use super::format::{I128, NIL, OPAQUE, OPAQUE_NAME, SOME, SOME_HEAD, U128};
use super::keys::Keys;
use open::{Open, TupleStruct};

/// See the module.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) out: Vec<u8>,
    depth: Depth,
    /// An integer was written that serde's buffers for tagged types can't hold.
    pub(super) has_wide_integer: bool,
}

impl Writer {
    pub(super) fn new(out: Vec<u8>) -> Self {
        Self { out, depth: Depth::new(WRITER_STACK_BYTES), has_wide_integer: false }
    }

    /// Begins a state after its `sketch`.
    pub(super) fn begin(&mut self, sketch: &str) -> Result<(), Error> {
        sure(encode::write_array_len(&mut self.out, 2));
        self.serialize_str(sketch)
    }

    fn length(&self, length: usize, what: &str) -> Result<u32, Error> {
        u32::try_from(length).map_err(|_| Error::new(format_args!("{length} {what} are more than a state can hold")))
    }

    /// Begins a container; an unknown length is filled in at the end.
    fn open(&mut self, length: Option<usize>, shape: Shape) -> Result<Open<'_>, Error> {
        self.depth.enter()?;
        let head = self.out.len();
        let expected = length.map(|length| self.length(length, "items")).transpose()?;
        match (shape, expected) {
            (Shape::Items, Some(length)) => sure(encode::write_array_len(&mut self.out, length)),
            (Shape::Entries, Some(length)) => sure(encode::write_map_len(&mut self.out, length)),
            (Shape::Items, None) => self.out.extend([0xdd, 0, 0, 0, 0]),
            (Shape::Entries, None) => self.out.extend([0xdf, 0, 0, 0, 0]),
        }
        Ok(Open { writer: self, head, expected, count: 0, key: 0, keys: Keys::default(), variant: None })
    }

    /// The only entry of a variant with content.
    fn variant(&mut self, variant: &'static str) {
        sure(encode::write_map_len(&mut self.out, 1));
        sure(encode::write_str(&mut self.out, variant));
    }

    fn extension(&mut self, number: i8, bytes: [u8; 16]) {
        sure(encode::write_ext_meta(&mut self.out, 16, number));
        self.out.extend(bytes);
    }
}

/// A vector accepts every byte.
fn sure<T, E: Display>(written: Result<T, E>) {
    debug_assert!(written.is_ok(), "a vector takes all that is written");
}

#[derive(Clone, Copy)]
enum Shape {
    Items,
    Entries,
}

impl<'a> Serializer for &'a mut Writer {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Open<'a>;
    type SerializeTuple = Open<'a>;
    type SerializeTupleStruct = TupleStruct<'a>;
    type SerializeTupleVariant = Open<'a>;
    type SerializeMap = Open<'a>;
    type SerializeStruct = Open<'a>;
    type SerializeStructVariant = Open<'a>;

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        sure(encode::write_bool(&mut self.out, value));
        Ok(())
    }

    fn serialize_i8(self, value: i8) -> Result<(), Error> {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<(), Error> {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<(), Error> {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result<(), Error> {
        sure(encode::write_sint(&mut self.out, value));
        Ok(())
    }

    fn serialize_i128(self, value: i128) -> Result<(), Error> {
        self.has_wide_integer = true;
        match i64::try_from(value) {
            Ok(value) => self.serialize_i64(value),
            Err(_) => {
                self.extension(I128, value.to_be_bytes());
                Ok(())
            }
        }
    }

    fn serialize_u8(self, value: u8) -> Result<(), Error> {
        self.serialize_u64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<(), Error> {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<(), Error> {
        self.serialize_u64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<(), Error> {
        sure(encode::write_uint(&mut self.out, value));
        Ok(())
    }

    fn serialize_u128(self, value: u128) -> Result<(), Error> {
        self.has_wide_integer = true;
        match u64::try_from(value) {
            Ok(value) => self.serialize_u64(value),
            Err(_) => {
                self.extension(U128, value.to_be_bytes());
                Ok(())
            }
        }
    }

    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        sure(encode::write_f32(&mut self.out, value));
        Ok(())
    }

    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        sure(encode::write_f64(&mut self.out, value));
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), Error> {
        self.length(value.len(), "bytes of text")?;
        sure(encode::write_str(&mut self.out, value));
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Error> {
        self.length(value.len(), "bytes")?;
        sure(encode::write_bin(&mut self.out, value));
        Ok(())
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        self.depth.look()?;
        let at = self.out.len();
        value.serialize(&mut *self)?;
        let count = match &self.out[at..] {
            [NIL] => 1,
            [first, second, a, b, c, d] if [*first, *second] == SOME_HEAD => {
                u32::from_be_bytes([*a, *b, *c, *d]).saturating_add(1)
            }
            _ => return Ok(()),
        };
        if count > LEVELS_MAX {
            return Err(Error::new(format_args!("{count} nested `Some`s are more than a state can hold")));
        }
        self.out.truncate(at);
        sure(encode::write_ext_meta(&mut self.out, 4, SOME));
        self.out.extend(count.to_be_bytes());
        Ok(())
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.out.push(NIL);
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Error> {
        self.depth.look()?;
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.depth.enter().map_err(|error| error.inside(name(variant)))?;
        self.variant(variant);
        value.serialize(&mut *self).map_err(|error| error.inside(name(variant)))?;
        self.depth.leave();
        Ok(())
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Open<'a>, Error> {
        self.open(length, Shape::Items)
    }

    fn serialize_tuple(self, length: usize) -> Result<Open<'a>, Error> {
        self.open(Some(length), Shape::Items)
    }

    fn serialize_tuple_struct(self, name: &'static str, length: usize) -> Result<TupleStruct<'a>, Error> {
        Ok(if name == OPAQUE_NAME {
            let head = self.out.len();
            // An extension whose length is filled in at the end.
            self.out.extend([0xc9, 0, 0, 0, 0, OPAQUE as u8]);
            TupleStruct::Opaque { writer: self, head }
        } else {
            TupleStruct::Plain(self.open(Some(length), Shape::Items)?)
        })
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Open<'a>, Error> {
        self.variant(variant);
        let open = self.open(Some(length), Shape::Items).map_err(|error| error.inside(name(variant)))?;
        Ok(Open { variant: Some(variant), ..open })
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Open<'a>, Error> {
        self.open(length, Shape::Entries)
    }

    fn serialize_struct(self, _: &'static str, length: usize) -> Result<Open<'a>, Error> {
        self.open(Some(length), Shape::Entries)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Open<'a>, Error> {
        self.variant(variant);
        let open = self.open(Some(length), Shape::Entries).map_err(|error| error.inside(name(variant)))?;
        Ok(Open { variant: Some(variant), ..open })
    }
}

fn name(name: &str) -> Segment {
    Segment::Name(name.to_owned())
}
