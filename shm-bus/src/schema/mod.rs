//! Parses schemas: the fields of a plain message, and its bytes to JSON and back, so that tools can print and send any topic.
//!
//! The text comes from a segment and is untrusted: depth, fields, elements and offsets are bounded, and everything is checked before use.
//! Knows neither segments nor topics.
//!
//! ```text
//! schema = name "@" version " " size "/" align " {" fields "}"
//! fields = [ field { "," field } ]     field = name ":" type "@" offset
//! type   = "u8" … "f64" | "entity" | "[" type ";" count "]" | Name "{" fields "}"
//! ```
//!
//! # Invariants
//! 1. Every field of [`Fields`] lies inside the message's size, so reading a field never leaves the message.
//!
//! # Failure
//! [`SchemaError`] contains the offset of the first invalid byte.

#[cfg(feature = "json")]
mod encode;
mod json;
mod parse;
#[cfg(feature = "record")]
pub(crate) mod ros;

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
    Entity,
    Array(Box<Self>, usize),
    Struct(Vec<Field>, usize),
}

impl Kind {
    /// Bytes of one value.
    pub(crate) const fn size(&self) -> usize {
        match self {
            Self::Unsigned(size) | Self::Signed(size) | Self::Struct(_, size) => *size,
            Self::F32 => 4,
            Self::F64 | Self::Entity => 8,
            Self::Array(kind, count) => kind.size() * *count,
        }
    }
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
    /// entity is its opaque number.
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
