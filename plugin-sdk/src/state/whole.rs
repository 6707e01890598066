//! A serializer for a format without names, in which a skipped field would be read as the one behind it: it refuses to skip, compares
//! what is written with what the type reads, and how deep it is.
//!
//! Errors keep their words and have a path, which the format's own don't.

use core::cell::{Cell, RefCell};
use core::fmt::Display;
use core::hash::Hasher as _;
use std::hash::DefaultHasher;

use postcard::ser_flavors::Flavor;
use serde::Serialize;
use serde::ser::{
    Error as _, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::depth::{Depth, WRITER_STACK_BYTES};
use super::error::{Error, Segment};
use super::outline::{Content, Shapes};

/// A value that is written as a whole, or not at all.
pub(super) struct Whole<'a, T: ?Sized> {
    value: &'a T,
    site: Site<'a>,
}

impl<'a, T: Serialize + ?Sized> Whole<'a, T> {
    /// `shapes` is what the type reads.
    pub(super) fn new(value: &'a T, shapes: &'a Shapes) -> Self {
        let (depth, keys, error) = (Depth::new(WRITER_STACK_BYTES), RefCell::default(), Cell::new(None));
        Self { value, site: Site { shapes, depth, keys, error } }
    }

    /// What came of writing it.
    pub(super) fn result<R, E: serde::ser::Error>(&self, written: Result<R, E>) -> Result<R, E> {
        written.map_err(|error| self.site.error.take().map_or(error, E::custom))
    }
}

impl<T: Serialize + ?Sized> Serialize for Whole<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Each { value: self.value, site: &self.site }.serialize(serializer)
    }
}

/// What all levels have in common.
struct Site<'a> {
    shapes: &'a Shapes,
    depth: Depth,
    /// Of the fields written so far, on all levels that are open.
    keys: RefCell<Vec<&'static str>>,
    /// What the format's own error can't carry.
    error: Cell<Option<Error>>,
}

impl Site<'_> {
    #[inline]
    fn result<R, E: Display>(&self, written: Result<R, E>) -> Result<R, Error> {
        written.map_err(|error| self.error.take().unwrap_or_else(|| Error::new(error)))
    }
}

/// A value on its way to the format's serializer.
struct Each<'a, T: ?Sized> {
    value: &'a T,
    site: &'a Site<'a>,
}

impl<T: Serialize + ?Sized> Serialize for Each<'_, T> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(Writing { inner: serializer, site: self.site }).map_err(|error| {
            self.site.error.set(Some(error));
            S::Error::custom("")
        })
    }
}

/// The format's serializer; what it hands on is wrapped again, on all levels.
struct Writing<'a, S> {
    inner: S,
    site: &'a Site<'a>,
}

#[cold]
fn misfit(difference: &str) -> Error {
    Error::new(format_args!(
        "an opaque field keeps no names, hence has to be written as it is read: {difference}; skip a field or variant on both sides (`#[serde(skip)]`, variants behind all others), or keep it as a plain field"
    ))
}

#[cold]
fn skipped(field: &str) -> Error {
    Error::new(format_args!(
        "an opaque field keeps no names, hence can't skip `{field}`: remove `skip_serializing_if`, or keep it as a plain field"
    ))
}

impl<'a, S> Writing<'a, S> {
    fn open<P, E: Display>(
        self,
        length: Option<usize>,
        check: Check,
        open: impl FnOnce(S) -> Result<P, E>,
    ) -> Result<Part<'a, P>, Error> {
        self.site.depth.enter()?;
        let inner = open(self.inner).map_err(Error::new)?;
        let keys = self.site.keys.borrow().len();
        Ok(Part { inner, site: self.site, check, keys, length, count: 0, prints: Vec::new() })
    }
}

macro_rules! forward {
    ($($method:ident($kind:ty)),* $(,)?) => {
        $(fn $method(self, value: $kind) -> Result<S::Ok, Error> {
            self.inner.$method(value).map_err(Error::new)
        })*
    };
}

impl<'a, S: Serializer> Serializer for Writing<'a, S> {
    type Ok = S::Ok;
    type Error = Error;
    type SerializeSeq = Part<'a, S::SerializeSeq>;
    type SerializeTuple = Part<'a, S::SerializeTuple>;
    type SerializeTupleStruct = Part<'a, S::SerializeTupleStruct>;
    type SerializeTupleVariant = Part<'a, S::SerializeTupleVariant>;
    type SerializeMap = Part<'a, S::SerializeMap>;
    type SerializeStruct = Part<'a, S::SerializeStruct>;
    type SerializeStructVariant = Part<'a, S::SerializeStructVariant>;

    forward! {
        serialize_bool(bool), serialize_char(char), serialize_str(&str), serialize_bytes(&[u8]),
        serialize_i8(i8), serialize_i16(i16), serialize_i32(i32), serialize_i64(i64), serialize_i128(i128),
        serialize_u8(u8), serialize_u16(u16), serialize_u32(u32), serialize_u64(u64), serialize_u128(u128),
        serialize_f32(f32), serialize_f64(f64),
    }

    fn serialize_none(self) -> Result<S::Ok, Error> {
        self.inner.serialize_none().map_err(Error::new)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, Error> {
        let Self { inner, site } = self;
        site.depth.look()?;
        site.result(inner.serialize_some(&Each { value, site }))
    }

    fn serialize_unit(self) -> Result<S::Ok, Error> {
        self.inner.serialize_unit().map_err(Error::new)
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<S::Ok, Error> {
        self.inner.serialize_unit_struct(name).map_err(Error::new)
    }

    fn serialize_unit_variant(self, name: &'static str, index: u32, variant: &'static str) -> Result<S::Ok, Error> {
        Check::Variant(name, index, variant, Content::Unit).look(self.site, 0)?;
        self.inner.serialize_unit_variant(name, index, variant).map_err(Error::new)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<S::Ok, Error> {
        let Self { inner, site } = self;
        site.depth.look()?;
        site.result(inner.serialize_newtype_struct(name, &Each { value, site }))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, Error> {
        let Self { inner, site } = self;
        Check::Variant(name, index, variant, Content::Newtype).look(site, 0)?;
        site.depth.enter()?;
        let written = site.result(inner.serialize_newtype_variant(name, index, variant, &Each { value, site }))?;
        site.depth.leave();
        Ok(written)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Self::SerializeSeq, Error> {
        self.open(length, Check::Nothing, |inner| inner.serialize_seq(length))
    }

    fn serialize_tuple(self, length: usize) -> Result<Self::SerializeTuple, Error> {
        self.open(Some(length), Check::Nothing, |inner| inner.serialize_tuple(length))
    }

    fn serialize_tuple_struct(self, name: &'static str, length: usize) -> Result<Self::SerializeTupleStruct, Error> {
        let check = Check::Type(name, Content::Tuple(length));
        self.open(Some(length), check, |inner| inner.serialize_tuple_struct(name, length))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeTupleVariant, Error> {
        let check = Check::Variant(name, index, variant, Content::Tuple(length));
        self.open(Some(length), check, |inner| inner.serialize_tuple_variant(name, index, variant, length))
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Self::SerializeMap, Error> {
        self.open(length, Check::Nothing, |inner| inner.serialize_map(length))
    }

    fn serialize_struct(self, name: &'static str, length: usize) -> Result<Self::SerializeStruct, Error> {
        let check = Check::Type(name, Content::Fields(&[], None));
        self.open(Some(length), check, |inner| inner.serialize_struct(name, length))
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeStructVariant, Error> {
        let check = Check::Variant(name, index, variant, Content::Fields(&[], None));
        self.open(Some(length), check, |inner| inner.serialize_struct_variant(name, index, variant, length))
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<S::Ok, Error> {
        self.inner.collect_str(value).map_err(Error::new)
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

/// What is compared with what the type reads.
#[derive(Clone, Copy)]
enum Check {
    Nothing,
    /// A type's name.
    Type(&'static str, Content),
    /// An enum's name, a variant's number and name.
    Variant(&'static str, u32, &'static str, Content),
}

impl Check {
    /// Compares; the fields written are those from `keys` on.
    fn look(self, site: &Site<'_>, keys: usize) -> Result<(), Error> {
        let mut all = site.keys.borrow_mut();
        let written = match self {
            Self::Type(_, Content::Fields(..)) | Self::Variant(_, _, _, Content::Fields(..)) => &all[keys..],
            _ => &[],
        };
        let difference = match self {
            Self::Nothing => None,
            Self::Type(name, content) => site.shapes.misfit(name, content, written),
            Self::Variant(name, number, variant, content) => {
                site.shapes.variant_misfit(name, number, variant, content, written)
            }
        };
        let fields = written.len();
        let left = all.len() - fields;
        all.truncate(left);
        difference.map_or(Ok(()), |difference| Err(misfit(&difference)))
    }
}

/// A container that is being written.
struct Part<'a, S> {
    inner: S,
    site: &'a Site<'a>,
    check: Check,
    /// Where its own fields begin in the site's.
    keys: usize,
    /// As its head says.
    length: Option<usize>,
    count: usize,
    /// Of a map's keys.
    prints: Vec<u64>,
}

impl<S> Part<'_, S> {
    fn close(self) -> Result<S, Error> {
        let Self { inner, site, check, keys, length, count, mut prints } = self;
        check.look(site, keys)?;
        prints.sort_unstable();
        if prints.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Error::new("two entries of a map are written with the same key, of which one would come back"));
        }
        if let Some(length) = length.filter(|length| *length != count) {
            return Err(Error::new(format_args!("its `Serialize` announces {length} items and writes {count}")));
        }
        site.depth.leave();
        Ok(inner)
    }
}

/// A hash of what is written.
#[derive(Default)]
struct Print(DefaultHasher);

impl Flavor for Print {
    type Output = u64;

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.write_u8(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.write(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<u64> {
        Ok(self.0.finish())
    }
}

macro_rules! items {
    ($($kind:ident $method:ident),* $(,)?) => {
        $(impl<S: $kind> $kind for Part<'_, S> {
            type Ok = S::Ok;
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.count += 1;
                self.site.result(self.inner.$method(&Each { value, site: self.site }))
            }

            fn end(self) -> Result<S::Ok, Error> {
                self.close()?.end().map_err(Error::new)
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
        $(impl<S: $kind> $kind for Part<'_, S> {
            type Ok = S::Ok;
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
                self.count += 1;
                self.site.keys.borrow_mut().push(key);
                let written = self.site.result(self.inner.serialize_field(key, &Each { value, site: self.site }));
                written.map_err(|error| error.inside(Segment::Name(key.to_owned())))
            }

            fn skip_field(&mut self, key: &'static str) -> Result<(), Error> {
                Err(skipped(key))
            }

            fn end(self) -> Result<S::Ok, Error> {
                self.close()?.end().map_err(Error::new)
            }
        })*
    };
}
fields!(SerializeStruct, SerializeStructVariant);

impl<S: SerializeMap> SerializeMap for Part<'_, S> {
    type Ok = S::Ok;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        let each = Each { value: key, site: self.site };
        self.prints.push(self.site.result(postcard::serialize_with_flavor(&each, Print::default()))?);
        self.site.result(self.inner.serialize_key(&each))
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.count += 1;
        self.site.result(self.inner.serialize_value(&Each { value, site: self.site }))
    }

    fn end(self) -> Result<S::Ok, Error> {
        self.close()?.end().map_err(Error::new)
    }
}
