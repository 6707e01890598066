//! The serializer that draws a sketch: a [`Pencil`] for one value at its path, a [`Folder`] for the covered contents of a container.

use serde::Serialize;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple, SerializeTupleStruct,
    SerializeTupleVariant, Serializer,
};

use super::paper::{Fields, ITEMS_MAX, KEYS_MAX, LEVELS_MAX, Paper, SAMPLE_CHARS, TUPLE_MAX};
use crate::state::error::{Error, Segment};
use crate::state::format::OPAQUE_NAME;
use crate::state::token::Token;
use crate::state::write::Writer;

/// Draws one value.
#[derive(Debug)]
pub(in crate::state) struct Pencil<'a> {
    pub(super) paper: &'a mut Paper,
    pub(super) node: usize,
    pub(super) level: usize,
    pub(super) somes: u32,
}

impl<'a> Pencil<'a> {
    fn leaf(self, kind: &'static str, value: &str) -> Result<(), Error> {
        let node = &mut self.paper.nodes[self.node];
        if !node.kinds.contains(&kind) {
            node.kinds.push(kind);
        }
        // `Some(None)` differs from `None`.
        let hash = value.bytes().fold(0xcbf2_9ce4_8422_2325_u64 ^ u64::from(self.somes), |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        if node.print == 0 && node.sample.is_empty() {
            let mut sample: String = value.chars().take(SAMPLE_CHARS).flat_map(char::escape_debug).collect();
            if value.chars().nth(SAMPLE_CHARS).is_some() {
                sample.push('…');
            }
            node.sample = sample;
        }
        node.print = node.print.wrapping_add(hash);
        node.leaves += 1;
        Ok(())
    }

    fn number(self, kind: &'static str, value: impl core::fmt::Display) -> Result<(), Error> {
        self.leaf(kind, &value.to_string())
    }

    /// Records a variant of an enum, with any content.
    fn variant_leaf(self, kind: &'static str, variant: &'static str) -> Result<(), Error> {
        let variants = &mut self.paper.nodes[self.node].variants;
        match variants.iter_mut().find(|(known, _)| *known == variant) {
            Some((_, count)) => *count += 1,
            None => variants.push((variant, 1)),
        }
        self.leaf(kind, variant)
    }

    fn open(self, keys: Keys) -> Result<Folder<'a>, Error> {
        if !self.looks() {
            self.paper.nodes[self.node].is_gap = true;
        }
        Ok(Folder { pencil: self, keys, count: 0, key: None, fields: Fields::Same(0) })
    }

    /// Whether to cover the contents at this path.
    fn looks(&self) -> bool {
        self.level < LEVELS_MAX
    }

    fn variant(self, kind: &'static str, variant: &'static str) -> Result<Self, Error> {
        let Pencil { paper, node, level, somes } = self;
        Pencil { paper: &mut *paper, node, level, somes }.variant_leaf(kind, variant)?;
        let inner = paper.node(node, &Segment::Name(variant.to_owned()));
        // Beyond the limit of paths everything goes to the variant's own path.
        let (node, level) = inner.map_or((node, LEVELS_MAX), |inner| (inner, level));
        Ok(Pencil { paper, node, level, somes: 0 })
    }
}

impl<'a> Serializer for Pencil<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Folder<'a>;
    type SerializeTuple = Folder<'a>;
    type SerializeTupleStruct = Folder<'a>;
    type SerializeTupleVariant = Folder<'a>;
    type SerializeMap = Folder<'a>;
    type SerializeStruct = Folder<'a>;
    type SerializeStructVariant = Folder<'a>;

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.number("bool", value)
    }

    fn serialize_i8(self, value: i8) -> Result<(), Error> {
        self.number("i8", value)
    }

    fn serialize_i16(self, value: i16) -> Result<(), Error> {
        self.number("i16", value)
    }

    fn serialize_i32(self, value: i32) -> Result<(), Error> {
        self.number("i32", value)
    }

    fn serialize_i64(self, value: i64) -> Result<(), Error> {
        self.number("i64", value)
    }

    fn serialize_i128(self, value: i128) -> Result<(), Error> {
        self.number("i128", value)
    }

    fn serialize_u8(self, value: u8) -> Result<(), Error> {
        self.number("u8", value)
    }

    fn serialize_u16(self, value: u16) -> Result<(), Error> {
        self.number("u16", value)
    }

    fn serialize_u32(self, value: u32) -> Result<(), Error> {
        self.number("u32", value)
    }

    fn serialize_u64(self, value: u64) -> Result<(), Error> {
        self.number("u64", value)
    }

    fn serialize_u128(self, value: u128) -> Result<(), Error> {
        self.number("u128", value)
    }

    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        // The text of the wider type, so that a conversion counts as a change only if it rounds.
        self.number("f32", f64::from(value))
    }

    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        self.number("f64", value)
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.number("char", value)
    }

    fn serialize_str(self, value: &str) -> Result<(), Error> {
        self.leaf("str", value)
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Error> {
        self.number("bytes", format_args!("{} bytes", value.len()))
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.leaf("none", "none")
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        let somes = self.somes + 1;
        value.serialize(Pencil { somes, ..self })
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.leaf("unit", "()")
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<(), Error> {
        self.leaf("unit", name)
    }

    fn serialize_unit_variant(self, kind: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        self.variant_leaf(kind, variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        kind: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        let pencil = self.variant(kind, variant)?;
        if !pencil.looks() {
            pencil.paper.nodes[pencil.node].is_gap = true;
            return Ok(());
        }
        value.serialize(Pencil { level: pencil.level + 1, ..pencil })
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Folder<'a>, Error> {
        self.open(Keys::Items)
    }

    fn serialize_tuple(self, length: usize) -> Result<Folder<'a>, Error> {
        self.open(if length > TUPLE_MAX { Keys::Items } else { Keys::Indices })
    }

    fn serialize_tuple_struct(self, name: &'static str, length: usize) -> Result<Folder<'a>, Error> {
        if name == OPAQUE_NAME {
            // Bound to its version and outline, so it is reported as a whole.
            let Pencil { paper, node, level, .. } = self;
            Pencil { paper: &mut *paper, node, level, somes: 0 }.leaf("opaque", "")?;
            return Pencil { paper, node, level, somes: 0 }.open(Keys::Closed);
        }
        self.serialize_tuple(length)
    }

    fn serialize_tuple_variant(
        self,
        kind: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Folder<'a>, Error> {
        self.variant(kind, variant)?.serialize_tuple(length)
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Folder<'a>, Error> {
        // Flattened values have no length.
        self.open(if length.is_none() { Keys::Free } else { Keys::Entries })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Folder<'a>, Error> {
        self.open(Keys::Names)
    }

    fn serialize_struct_variant(
        self,
        kind: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Folder<'a>, Error> {
        self.variant(kind, variant)?.open(Keys::Names)
    }
}

/// Names of a container's contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keys {
    /// Fields.
    Names,
    /// Fields, and keys of flattened values.
    Free,
    /// Indices of a short tuple.
    Indices,
    /// One path for all: a sequence.
    Items,
    /// One path for all: a map, whose keys are data.
    Entries,
    /// Not covered, and not compared.
    Closed,
}

/// A container whose contents are being covered.
#[derive(Debug)]
pub(in crate::state) struct Folder<'a> {
    pencil: Pencil<'a>,
    keys: Keys,
    count: usize,
    key: Option<String>,
    /// Name of a struct.
    fields: Fields,
}

impl Folder<'_> {
    fn draw<T: Serialize + ?Sized>(&mut self, segment: &Segment, value: &T) -> Result<(), Error> {
        self.count += 1;
        let Pencil { paper, node: outer, level, .. } = &mut self.pencil;
        let is_many = matches!(self.keys, Keys::Items | Keys::Entries);
        // The first item that is not covered records the gap.
        if self.keys == Keys::Closed || *level >= LEVELS_MAX || is_many && self.count > ITEMS_MAX + 1 {
            return Ok(());
        }
        if self.keys == Keys::Free && self.count > KEYS_MAX {
            paper.nodes[*outer].is_gap = true;
            return Ok(());
        }
        let Some(node) = paper.node(*outer, segment) else { return Ok(()) };
        if !paper.visits(node) {
            return Ok(());
        }
        value.serialize(Pencil { paper, node, level: *level + 1, somes: 0 })
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let segment = Segment::Item(if self.keys == Keys::Indices { self.count } else { usize::MAX });
        self.draw(&segment, value)
    }

    fn field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
        if let Fields::Same(hash) = &mut self.fields {
            *hash = key.bytes().chain([0]).fold(*hash, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()));
        }
        self.draw(&Segment::Name(key.to_owned()), value)
    }

    fn close(self) -> Result<(), Error> {
        let Folder { pencil, keys, count, fields, .. } = self;
        match keys {
            Keys::Names => pencil.paper.nodes[pencil.node].see(fields),
            Keys::Free => pencil.paper.nodes[pencil.node].see(Fields::Differ),
            _ => {}
        }
        match keys {
            Keys::Items => pencil.number("sequence", format_args!("{count} items")),
            Keys::Entries => pencil.number("map", format_args!("{count} entries")),
            Keys::Names | Keys::Free | Keys::Indices if count == 0 => pencil.leaf("empty", ""),
            _ => Ok(()),
        }
    }
}

macro_rules! items {
    ($($kind:ident $method:ident),*) => {
        $(impl $kind for Folder<'_> {
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
items!(
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field
);

macro_rules! fields {
    ($($kind:ident),*) => {
        $(impl $kind for Folder<'_> {
            type Ok = ();
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
                self.field(key, value)
            }

            fn skip_field(&mut self, _: &'static str) -> Result<(), Error> {
                self.fields = Fields::Differ;
                Ok(())
            }

            fn end(self) -> Result<(), Error> {
                self.close()
            }
        })*
    };
}
fields!(SerializeStruct, SerializeStructVariant);

impl SerializeMap for Folder<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.key = match self.keys {
            Keys::Free => text_of(key),
            _ => None,
        };
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let segment = self.key.take().map_or(Segment::Item(usize::MAX), Segment::Name);
        self.draw(&segment, value)
    }

    fn end(self) -> Result<(), Error> {
        self.close()
    }
}

/// `key`, if it is text.
fn text_of<T: Serialize + ?Sized>(key: &T) -> Option<String> {
    let mut writer = Writer::new(Vec::new());
    key.serialize(&mut writer).ok()?;
    match Token::take(&mut &*writer.out) {
        Ok(Token::Text(text)) => Some(text.to_owned()),
        _ => None,
    }
}
