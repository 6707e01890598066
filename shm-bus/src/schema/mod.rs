//! Parses schemas: the fields of a plain message, and its bytes to JSON and back, so that tools can print and send any topic.
//!
//! The text comes from a segment and is untrusted: depth, fields, elements and offsets are bounded, and everything is checked before use.
//! Knows neither segments nor topics.
//!
//! ```text
//! schema = name "@" version " " size "/" align " {" fields "}"
//! fields = [ field { "," field } ]     field = name ":" type "@" offset
//! type   = "u8" … "f64" | "bool" | "entity" | "[" type ";" count "]" | Name "{" fields "}"
//!        | Name ":" ( "u8" | "u16" | "u32" ) "{" variant { "," variant } "}"       variant = name "=" number
//! ```
//!
//! # Invariants
//! 1. Every field of [`Fields`] lies inside the message's size, so reading a field never leaves the message.
//! 2. No two variants of an enum have the same name or number, and every number fits the enum's size.
//!
//! # Failure
//! [`SchemaError`] contains the offset of the first invalid byte.

mod check;
#[cfg(feature = "json")]
mod encode;
mod json;
mod parse;
#[cfg(feature = "record")]
pub(crate) mod ros;

pub use check::ValueError;
#[cfg(feature = "json")]
pub use encode::EncodeError;

use std::fmt;

/// A parsed schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields {
    /// The message type's name.
    pub(crate) name: String,
    pub(crate) version: u32,
    /// Bytes of one message; at least 1.
    pub(crate) size: usize,
    pub(crate) fields: Vec<Field>,
}

/// One field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// Offset in bytes from the start of its struct.
    pub(crate) offset: usize,
}

/// A field's type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Unsigned(usize),
    Signed(usize),
    F32,
    F64,
    Bool,
    Entity,
    Enum(Enumeration),
    Array(Box<Self>, usize),
    Struct(Vec<Field>, usize),
}

/// An enum without data: its number is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Enumeration {
    pub(crate) name: String,
    /// Bytes of the number: 1, 2 or 4.
    pub(crate) size: usize,
    /// At least one; see invariant 2.
    pub(crate) variants: Vec<(String, u64)>,
}

impl Enumeration {
    /// The name of the variant with this number.
    pub(crate) fn name_of(&self, number: u64) -> Option<&str> {
        self.variants.iter().find(|(_, own)| *own == number).map(|(name, _)| name.as_str())
    }
}

impl Kind {
    /// Bytes of one value.
    pub(crate) const fn size(&self) -> usize {
        match self {
            Self::Unsigned(size) | Self::Signed(size) | Self::Struct(_, size) => *size,
            Self::Enum(Enumeration { size, .. }) => *size,
            Self::Bool => 1,
            Self::F32 => 4,
            Self::F64 | Self::Entity => 8,
            Self::Array(kind, count) => kind.size() * *count,
        }
    }
}

/// The number in the low bytes of a word, little-endian; at most 8.
fn number(bytes: &[u8]) -> u64 {
    let mut whole = [0; 8];
    whole[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(whole)
}

/// A text that is not a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a schema: {problem} at byte {at}")]
pub struct SchemaError {
    pub(crate) problem: &'static str,
    /// Offset in the text.
    pub(crate) at: usize,
}

impl Fields {
    /// Parses a schema's text.
    ///
    /// # Errors
    /// See [`SchemaError`].
    pub fn parse(schema: &str) -> Result<Self, SchemaError> {
        parse::parse(schema)
    }

    /// The message type's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The message type's version.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// Bytes of one message.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.size
    }

    /// The messages in `payload` as JSON: an object for one, an array of objects for several, `null` if the length is no multiple of the
    /// size. [`Self::from_json`](Self#method.from_json) restores every value bit for bit: integers and floats are exact; floats that JSON
    /// has no number for are the texts `"Infinity"`, `"-Infinity"`, `"NaN"`, and `"NaN(0x7fc00001)"` with its bits for any other NaN; an
    /// entity is its opaque number; a variant of an enum is its name. Bytes that are no value of a `bool` or enum ([`Self::check`]) are
    /// written as their number.
    #[must_use]
    pub fn to_json(&self, payload: &[u8]) -> String {
        let mut out = String::new();
        self.write_json(&mut out, payload).expect("a String takes everything");
        out
    }

    /// Like [`Self::to_json`], into `out`.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_json(&self, out: &mut impl fmt::Write, payload: &[u8]) -> fmt::Result {
        json::write(out, self, payload)
    }
}
