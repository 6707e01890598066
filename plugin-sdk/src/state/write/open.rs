//! Containers that are being written.

use core::hash::Hasher as _;
use core::ops::Range;
use std::hash::DefaultHasher;

use rmp::encode;
use serde::Serialize;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple, SerializeTupleStruct,
    SerializeTupleVariant,
};

use super::{Writer, name, sure};
use crate::state::error::{Error, Segment};
use crate::state::token::segment;

/// A container that is being written.
#[derive(Debug)]
pub(in crate::state) struct Open<'a> {
    pub(super) writer: &'a mut Writer,
    /// Where it begins.
    pub(super) head: usize,
    /// As its header says.
    pub(super) expected: Option<u32>,
    pub(super) count: u32,
    /// Where the last key begins.
    pub(super) key: usize,
    /// Of a map's keys so far: hash and place. Two that differ may be written alike: as variants without a tag, without a skipped
    /// field, or by their own `Serialize`.
    pub(super) keys: Vec<(u64, Range<usize>)>,
    pub(super) variant: Option<&'static str>,
}

impl Open<'_> {
    fn place(&self, error: Error, segment: Segment) -> Error {
        let error = error.inside(segment);
        match self.variant {
            Some(variant) => error.inside(name(variant)),
            None => error,
        }
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let index = self.count as usize;
        value.serialize(&mut *self.writer).map_err(|error| self.place(error, Segment::Item(index)))?;
        self.count += 1;
        Ok(())
    }

    fn field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
        sure(encode::write_str(&mut self.writer.out, key));
        value.serialize(&mut *self.writer).map_err(|error| self.place(error, name(key)))?;
        self.count += 1;
        Ok(())
    }

    fn close(mut self) -> Result<(), Error> {
        self.refuse_equal_keys()?;
        match self.expected {
            Some(expected) if expected == self.count => {}
            Some(expected) => {
                let count = self.count;
                return Err(Error::new(format_args!("its `Serialize` announces {expected} items and writes {count}")));
            }
            None => {
                let place = &mut self.writer.out[self.head + 1..self.head + 5];
                place.copy_from_slice(&self.count.to_be_bytes());
            }
        }
        self.writer.depth.leave();
        Ok(())
    }

    /// The reader would keep the last of two entries.
    fn refuse_equal_keys(&mut self) -> Result<(), Error> {
        let keys = &mut self.keys;
        keys.sort_unstable_by_key(|(hash, _)| *hash);
        let out = &self.writer.out;
        let equal =
            keys.windows(2).find(|pair| pair[0].0 == pair[1].0 && out[pair[0].1.clone()] == out[pair[1].1.clone()]);
        match equal {
            None => Ok(()),
            Some(pair) => {
                let key = segment(&out[pair[0].1.clone()]);
                Err(Error::new("two entries are written with the same key, of which one would come back").inside(key))
            }
        }
    }
}

macro_rules! items {
    ($($kind:ident $method:ident),*) => {
        $(impl $kind for Open<'_> {
            type Ok = ();
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.item(value)
            }

            fn end(self) -> Result<(), Error> {
                self.close()
            }
        })*
    };
}
items!(SerializeSeq serialize_element, SerializeTuple serialize_element, SerializeTupleVariant serialize_field);

macro_rules! fields {
    ($($kind:ident),*) => {
        $(impl $kind for Open<'_> {
            type Ok = ();
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
                self.field(key, value)
            }

            fn end(self) -> Result<(), Error> {
                self.close()
            }
        })*
    };
}
fields!(SerializeStruct, SerializeStructVariant);

impl SerializeMap for Open<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.key = self.writer.out.len();
        let index = self.count;
        key.serialize(&mut *self.writer).map_err(|error| self.place(error, Segment::Key(format!("key {index}"))))?;
        let key = self.key..self.writer.out.len();
        let hash = hash(&self.writer.out[key.clone()]);
        self.keys.push((hash, key));
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let from = self.writer.out.len();
        value.serialize(&mut *self.writer).map_err(|error| {
            let key = segment(&self.writer.out[self.key..from]);
            self.place(error, key)
        })?;
        self.count += 1;
        Ok(())
    }

    fn end(self) -> Result<(), Error> {
        self.close()
    }
}

/// A tuple struct, or an opaque field dressed as one.
#[derive(Debug)]
pub(in crate::state) enum TupleStruct<'a> {
    Plain(Open<'a>),
    Opaque { writer: &'a mut Writer, head: usize, fields: u8 },
}

impl SerializeTupleStruct for TupleStruct<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        match self {
            Self::Plain(open) => open.item(value),
            Self::Opaque { writer, fields, .. } => {
                *fields += 1;
                if *fields < 3 {
                    return value.serialize(&mut **writer);
                }
                let out = core::mem::take(&mut writer.out);
                writer.out = postcard::to_extend(value, out).map_err(Error::new)?;
                Ok(())
            }
        }
    }

    fn end(self) -> Result<(), Error> {
        match self {
            Self::Plain(open) => open.close(),
            Self::Opaque { writer, head, .. } => {
                let length = writer.length(writer.out.len() - head - 6, "bytes")?;
                writer.out[head + 1..head + 5].copy_from_slice(&length.to_be_bytes());
                Ok(())
            }
        }
    }
}

/// Of short bytes they themselves, so that numbers in their order stay so.
fn hash(bytes: &[u8]) -> u64 {
    if bytes.len() < 8 {
        let mut short = [0; 8];
        short[..bytes.len()].copy_from_slice(bytes);
        return u64::from_be_bytes(short);
    }
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}
