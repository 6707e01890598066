//! Containers of a sketch: what is in them, as far as it is looked at.

use serde::Serialize;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple, SerializeTupleStruct,
    SerializeTupleVariant,
};

use super::ITEMS_MAX;
use super::pencil::Pencil;
use crate::state::error::{Error, Segment};
use crate::state::token::Token;
use crate::state::write::Writer;

/// How the contents of a container are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keys {
    /// Fields, and keys of what is flattened.
    Names,
    /// A short tuple's.
    Places,
    /// All alike: a sequence.
    Items,
    /// All alike: a map, whose keys are data.
    Entries,
}

/// A container that is being looked into.
#[derive(Debug)]
pub(in crate::state) struct Folder<'a> {
    pencil: Pencil<'a>,
    keys: Keys,
    count: usize,
    key: Option<String>,
}

impl<'a> Folder<'a> {
    pub(super) fn new(pencil: Pencil<'a>, keys: Keys) -> Self {
        Self { pencil, keys, count: 0, key: None }
    }

    fn draw<T: Serialize + ?Sized>(&mut self, segment: &Segment, value: &T) -> Result<(), Error> {
        self.count += 1;
        let pencil = &mut self.pencil;
        let is_many = matches!(self.keys, Keys::Items | Keys::Entries);
        if !pencil.looks() || is_many && self.count > ITEMS_MAX {
            return Ok(());
        }
        let Some(node) = pencil.sketch.node(pencil.node, segment) else { return Ok(()) };
        let partial = pencil.partial;
        value.serialize(Pencil { sketch: pencil.sketch, node, level: pencil.level + 1, somes: 0, partial })
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let segment = Segment::Item(if self.keys == Keys::Places { self.count } else { usize::MAX });
        self.draw(&segment, value)
    }

    fn close(self) -> Result<(), Error> {
        let Folder { pencil, keys, count, .. } = self;
        if count > ITEMS_MAX {
            pencil.sketch.make_partial(pencil.node);
        }
        match keys {
            Keys::Items => pencil.number("sequence", format_args!("{count} items")),
            Keys::Entries => pencil.number("map", format_args!("{count} entries")),
            Keys::Names | Keys::Places if count == 0 => pencil.leaf("empty", ""),
            Keys::Names | Keys::Places => Ok(()),
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
                self.draw(&Segment::Name(key.to_owned()), value)
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
            Keys::Names => text_of(key),
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
