//! A serializer for a format without names, in which a skipped field would be read as the one behind it: it refuses to skip.
//!
//! Errors keep their words and have a path, which the format's own don't.

use core::cell::Cell;
use core::fmt::Display;

use serde::Serialize;
use serde::ser::{
    Error as _, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::error::{Error, Segment};

/// The format's serializer; what it hands on is wrapped again, on all levels.
#[derive(Debug)]
pub(super) struct Whole<S>(S);

/// A value that is written by a [`Whole`].
pub(super) struct Each<'a, T: ?Sized> {
    value: &'a T,
    /// What the format's own error can't carry.
    error: Cell<Option<Error>>,
}

impl<'a, T: Serialize + ?Sized> Each<'a, T> {
    pub(super) fn new(value: &'a T) -> Self {
        Self { value, error: Cell::new(None) }
    }

    /// What came of writing it.
    #[inline]
    pub(super) fn result<R, E: Display>(&self, written: Result<R, E>) -> Result<R, Error> {
        written.map_err(|error| self.error.take().unwrap_or_else(|| Error::new(error)))
    }
}

impl<T: Serialize + ?Sized> Serialize for Each<'_, T> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(Whole(serializer)).map_err(|error| {
            self.error.set(Some(error));
            S::Error::custom("")
        })
    }
}

#[cold]
fn skipped(field: &str) -> Error {
    Error::new(format_args!(
        "an opaque field keeps no names, hence can't skip `{field}`: remove `skip_serializing_if`, or keep it as a plain field"
    ))
}

macro_rules! forward {
    ($($method:ident($kind:ty)),* $(,)?) => {
        $(fn $method(self, value: $kind) -> Result<S::Ok, Error> {
            self.0.$method(value).map_err(Error::new)
        })*
    };
}

impl<S: Serializer> Serializer for Whole<S> {
    type Ok = S::Ok;
    type Error = Error;
    type SerializeSeq = Whole<S::SerializeSeq>;
    type SerializeTuple = Whole<S::SerializeTuple>;
    type SerializeTupleStruct = Whole<S::SerializeTupleStruct>;
    type SerializeTupleVariant = Whole<S::SerializeTupleVariant>;
    type SerializeMap = Whole<S::SerializeMap>;
    type SerializeStruct = Whole<S::SerializeStruct>;
    type SerializeStructVariant = Whole<S::SerializeStructVariant>;

    forward! {
        serialize_bool(bool), serialize_char(char), serialize_str(&str), serialize_bytes(&[u8]),
        serialize_i8(i8), serialize_i16(i16), serialize_i32(i32), serialize_i64(i64), serialize_i128(i128),
        serialize_u8(u8), serialize_u16(u16), serialize_u32(u32), serialize_u64(u64), serialize_u128(u128),
        serialize_f32(f32), serialize_f64(f64), serialize_unit_struct(&'static str),
    }

    fn serialize_none(self) -> Result<S::Ok, Error> {
        self.0.serialize_none().map_err(Error::new)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, Error> {
        let each = Each::new(value);
        each.result(self.0.serialize_some(&each))
    }

    fn serialize_unit(self) -> Result<S::Ok, Error> {
        self.0.serialize_unit().map_err(Error::new)
    }

    fn serialize_unit_variant(self, name: &'static str, index: u32, variant: &'static str) -> Result<S::Ok, Error> {
        self.0.serialize_unit_variant(name, index, variant).map_err(Error::new)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<S::Ok, Error> {
        let each = Each::new(value);
        each.result(self.0.serialize_newtype_struct(name, &each))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, Error> {
        let each = Each::new(value);
        each.result(self.0.serialize_newtype_variant(name, index, variant, &each))
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Self::SerializeSeq, Error> {
        self.0.serialize_seq(length).map(Whole).map_err(Error::new)
    }

    fn serialize_tuple(self, length: usize) -> Result<Self::SerializeTuple, Error> {
        self.0.serialize_tuple(length).map(Whole).map_err(Error::new)
    }

    fn serialize_tuple_struct(self, name: &'static str, length: usize) -> Result<Self::SerializeTupleStruct, Error> {
        self.0.serialize_tuple_struct(name, length).map(Whole).map_err(Error::new)
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeTupleVariant, Error> {
        self.0.serialize_tuple_variant(name, index, variant, length).map(Whole).map_err(Error::new)
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Self::SerializeMap, Error> {
        self.0.serialize_map(length).map(Whole).map_err(Error::new)
    }

    fn serialize_struct(self, name: &'static str, length: usize) -> Result<Self::SerializeStruct, Error> {
        self.0.serialize_struct(name, length).map(Whole).map_err(Error::new)
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeStructVariant, Error> {
        self.0.serialize_struct_variant(name, index, variant, length).map(Whole).map_err(Error::new)
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<S::Ok, Error> {
        self.0.collect_str(value).map_err(Error::new)
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

macro_rules! items {
    ($($kind:ident $method:ident),* $(,)?) => {
        $(impl<S: $kind> $kind for Whole<S> {
            type Ok = S::Ok;
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                let each = Each::new(value);
                each.result(self.0.$method(&each))
            }

            fn end(self) -> Result<S::Ok, Error> {
                self.0.end().map_err(Error::new)
            }
        })*
    };
}
items! {
    SerializeSeq serialize_element, SerializeTuple serialize_element, SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field,
}

macro_rules! fields {
    ($($kind:ident),*) => {
        $(impl<S: $kind> $kind for Whole<S> {
            type Ok = S::Ok;
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
                let each = Each::new(value);
                let written = each.result(self.0.serialize_field(key, &each));
                written.map_err(|error| error.inside(Segment::Name(key.to_owned())))
            }

            fn skip_field(&mut self, key: &'static str) -> Result<(), Error> {
                Err(skipped(key))
            }

            fn end(self) -> Result<S::Ok, Error> {
                self.0.end().map_err(Error::new)
            }
        })*
    };
}
fields!(SerializeStruct, SerializeStructVariant);

impl<S: SerializeMap> SerializeMap for Whole<S> {
    type Ok = S::Ok;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        let each = Each::new(key);
        each.result(self.0.serialize_key(&each))
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let each = Each::new(value);
        each.result(self.0.serialize_value(&each))
    }

    fn end(self) -> Result<S::Ok, Error> {
        self.0.end().map_err(Error::new)
    }
}
