//! Containers that are being written.

use rmp::encode;
use serde::Serialize;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple, SerializeTupleStruct,
    SerializeTupleVariant,
};

use super::{Writer, name, sure};
use crate::state::error::{Error, Segment};
use crate::state::keys::{EQUAL_KEYS, Keys};
use crate::state::token::segment;

/// A container that is being written.
#[derive(Debug)]
pub(in crate::state) struct Open<'a> {
    pub(super) writer: &'a mut Writer,
    /// Position of its first byte.
    pub(super) head: usize,
    /// Number of items in its header.
    pub(super) expected: Option<u32>,
    pub(super) count: u32,
    /// Position of the last key.
    pub(super) key: usize,
    /// Keys of a map.
    pub(super) keys: Keys,
    pub(super) variant: Option<&'static str>,
}

impl Open<'_> {
    fn located(&self, error: Error, segment: Segment) -> Error {
        let error = error.inside(segment);
        match self.variant {
            Some(variant) => error.inside(name(variant)),
            None => error,
        }
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let index = self.count as usize;
        value.serialize(&mut *self.writer).map_err(|error| self.located(error, Segment::Item(index)))?;
        self.count += 1;
        Ok(())
    }

    fn field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
        sure(encode::write_str(&mut self.writer.out, key));
        value.serialize(&mut *self.writer).map_err(|error| self.located(error, name(key)))?;
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
                let count = &mut self.writer.out[self.head + 1..self.head + 5];
                count.copy_from_slice(&self.count.to_be_bytes());
            }
        }
        self.writer.depth.leave();
        Ok(())
    }

    /// Refuses equal keys, of which the reader would keep the last entry only.
    fn refuse_equal_keys(&mut self) -> Result<(), Error> {
        match self.keys.equal(&self.writer.out) {
            None => Ok(()),
            Some(key) => Err(Error::new(EQUAL_KEYS).inside(segment(key))),
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
        key.serialize(&mut *self.writer).map_err(|error| self.located(error, Segment::Key(format!("key {index}"))))?;
        self.keys.note(&self.writer.out, self.key);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let from = self.writer.out.len();
        value.serialize(&mut *self.writer).map_err(|error| {
            let key = segment(&self.writer.out[self.key..from]);
            self.located(error, key)
        })?;
        self.count += 1;
        Ok(())
    }

    fn end(self) -> Result<(), Error> {
        self.close()
    }
}

/// A tuple struct, or an opaque field, which is represented as one.
#[derive(Debug)]
pub(in crate::state) enum TupleStruct<'a> {
    Plain(Open<'a>),
    Opaque { writer: &'a mut Writer, head: usize },
}

impl SerializeTupleStruct for TupleStruct<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        match self {
            Self::Plain(open) => open.item(value),
            Self::Opaque { writer, .. } => value.serialize(&mut **writer),
        }
    }

    fn end(self) -> Result<(), Error> {
        match self {
            Self::Plain(open) => open.close(),
            Self::Opaque { writer, head } => {
                let length = writer.length(writer.out.len() - head - 6, "bytes")?;
                writer.out[head + 1..head + 5].copy_from_slice(&length.to_be_bytes());
                Ok(())
            }
        }
    }
}
