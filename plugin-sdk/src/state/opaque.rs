//! Opaque fields: a dependency's whole state in postcard's compact format, which has no field names.
//!
//! The author's version and the type's [`Outline`] bind the content to its type: a state with another layout is refused
//! instead of being misread.

use core::fmt;
use core::marker::PhantomData;

use serde::de::{DeserializeOwned, Error as _, SeqAccess, Visitor};
use serde::ser::{Error as _, SerializeTupleStruct};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::deep;
use super::format::OPAQUE_NAME;
use super::length::LastLength;
use super::outline::{Outline, difference};
use super::whole;

/// Advice for a field that doesn't fit.
const ADVICE: &str = "go back to the build that saved it, or remove the plugin's file and add it again to start afresh";

/// Writes a field marked `#[state(opaque, version = "…")]`.
///
/// # Errors
/// The serializer's errors; and an error if postcard can't represent the type.
pub fn serialize_opaque<T: Serialize, S: Serializer>(
    value: &T,
    version: &str,
    outline: &Outline,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    if outline.asks_for_any() {
        return Err(S::Error::custom(
            "an opaque field cannot hold untagged, internally tagged or flattened types, whose values postcard cannot tell apart; keep it as a plain field",
        ));
    }
    if outline.is_cut() {
        return Err(S::Error::custom(
            "an opaque field's type must be outlined completely, and this one is too large: its fixed arrays hold too many values, or its types nest too deeply; keep them in a `Vec`, or in a plain field",
        ));
    }
    let mut parts = serializer.serialize_tuple_struct(OPAQUE_NAME, 3)?;
    parts.serialize_field(version)?;
    parts.serialize_field(outline.text())?;
    parts.serialize_field(&Content { value, outline })?;
    parts.end()
}

/// Length of the last contents of opaque fields.
static CONTENT: LastLength = LastLength::new();

/// A field as bytes. It is encoded before any other serializer sees it, so that the whole type is compiled for one serializer only.
struct Content<'a, T> {
    value: &'a T,
    outline: &'a Outline,
}

impl<T: Serialize> Serialize for Content<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes = whole::write(self.value, self.outline.shapes(), CONTENT.room()).map_err(S::Error::custom)?;
        CONTENT.note(bytes.len());
        serializer.serialize_bytes(&bytes)
    }
}

/// Reads what [`serialize_opaque`] wrote.
///
/// # Errors
/// If it was written in another format or layout; the message names both. If it doesn't decode, or leaves bytes over.
pub fn deserialize_opaque<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    version: &str,
    outline: &Outline,
    deserializer: D,
) -> Result<T, D::Error> {
    deserializer.deserialize_tuple_struct(OPAQUE_NAME, 3, Parts { version, outline, value: PhantomData })
}

struct Parts<'a, T> {
    version: &'a str,
    outline: &'a Outline,
    value: PhantomData<fn() -> T>,
}

impl<'de, T: DeserializeOwned> Visitor<'de> for Parts<'_, T> {
    type Value = T;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an opaque field")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<T, A::Error> {
        let missing = || A::Error::custom("the opaque field ends too early");
        let (version, own) = (parts.next_element::<&str>()?.ok_or_else(missing)?, self.version);
        if version != own {
            return Err(A::Error::custom(format_args!(
                "the opaque state is in format \"{version}\", this build reads \"{own}\"; {ADVICE}"
            )));
        }
        let outline: &str = parts.next_element()?.ok_or_else(missing)?;
        if outline != self.outline.text() {
            return Err(A::Error::custom(format_args!(
                "the opaque state of format \"{version}\" has another layout: {}; {ADVICE}, and give a changed layout a new version",
                difference(outline, self.outline.text())
            )));
        }
        let Binary(bytes) = parts.next_element()?.ok_or_else(missing)?;
        CONTENT.note(bytes.len());
        let mut postcard = postcard::Deserializer::from_bytes(bytes);
        let value = deep::read(&mut postcard).map_err(|error| {
            A::Error::custom(format_args!("the opaque state of format \"{version}\" cannot be read: {error}; {ADVICE}"))
        })?;
        match postcard.finalize() {
            Ok([]) => Ok(value),
            Ok(left) => Err(A::Error::custom(format_args!(
                "the opaque state of format \"{version}\" is longer than this build reads: {} of its {} bytes are left over; {ADVICE}",
                left.len(),
                bytes.len()
            ))),
            Err(error) => Err(A::Error::custom(format_args!(
                "the opaque state of format \"{version}\" cannot be read: {error}; {ADVICE}"
            ))),
        }
    }
}

/// Borrowed bytes: copying some MiB would take a large part of a swap.
struct Binary<'a>(&'a [u8]);

impl<'de> Deserialize<'de> for Binary<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl<'de> Visitor<'de> for Bytes {
            type Value = Binary<'de>;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("binary data")
            }
            fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<Binary<'de>, E> {
                Ok(Binary(bytes))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}
