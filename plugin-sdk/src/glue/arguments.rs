//! Decodes the arguments of a call, one after the other.
//!
//! Reads of an export's caller: untrusted bytes. They cost that call at most.
//!
//! The format counts as human-readable, as that of the state does: serde's buffers for untagged, internally tagged and flattened types
//! always do, so an `IpAddr` in one would else be written as bytes and read as text.

use core::fmt;
use std::borrow::Cow;
use std::io::ErrorKind;

use rmp::Marker;
use rmp_serde::Deserializer;
use rmp_serde::config::{DefaultConfig, HumanReadableConfig};
use rmp_serde::decode::{Error, ReadRefReader};
use serde::de::{Deserialize, Deserializer as _, IgnoredAny, SeqAccess, Visitor};

use super::failure::Failure;
use crate::state;

/// Levels of nested values. Each takes stack of the calling thread.
const LEVELS_MAX: usize = 128;

/// An array's first byte, if it is empty.
const EMPTY_ARRAY: u8 = 0x90;

/// The arguments of a call that nobody has looked at.
#[derive(Debug)]
pub struct Arguments<'call> {
    bytes: &'call [u8],
    signature: &'static str,
}

/// The rest of a call's arguments, in order.
#[derive(Debug)]
pub struct Reader<'call> {
    inner: Deserializer<ReadRefReader<'call, [u8]>, HumanReadableConfig<DefaultConfig>>,
    /// All of them.
    bytes: &'call [u8],
    /// Arguments that were read.
    count: usize,
    signature: &'static str,
}

impl<'call> Arguments<'call> {
    #[inline]
    pub(super) fn new(bytes: &'call [u8], signature: &'static str) -> Self {
        Self { bytes, signature }
    }

    /// Checks that there is none.
    ///
    /// # Errors
    /// Why the call is refused.
    #[inline]
    pub fn none(self) -> Result<(), Failure> {
        if matches!(self.bytes, [] | [EMPTY_ARRAY]) { Ok(()) } else { self.expect(0)?.end() }
    }

    /// Checks that there are `expected`.
    ///
    /// Inlined, so that the reader is made where it stays: moving it, just after its parts were stored, takes longer than reading a number.
    ///
    /// # Errors
    /// Why the call is refused.
    #[inline(always)]
    pub fn expect(self, expected: u32) -> Result<Reader<'call>, Failure> {
        let bytes = self.items(expected)?;
        let mut inner = Deserializer::from_read_ref(bytes).with_human_readable();
        inner.set_max_depth(LEVELS_MAX);
        Ok(Reader { inner, bytes, count: 0, signature: self.signature })
    }

    /// The bytes behind the array's length.
    #[inline]
    fn items(&self, expected: u32) -> Result<&'call [u8], Failure> {
        // Up to 15 items, the length lies in the first byte.
        if let [first, items @ ..] = self.bytes
            && expected < 16
            && u32::from(*first) == u32::from(EMPTY_ARRAY) + expected
        {
            return Ok(items);
        }
        self.unusual_items(expected)
    }

    #[cold]
    fn unusual_items(&self, expected: u32) -> Result<&'call [u8], Failure> {
        let Self { mut bytes, signature } = *self;
        let given = if bytes.is_empty() {
            0
        } else {
            rmp::decode::read_array_len(&mut bytes)
                .map_err(|_| refused(format_args!("the arguments are no MessagePack array"), signature))?
        };
        if given != expected {
            let (is, s) = if given == 1 { ("is", "") } else { ("are", "s") };
            return Err(refused(format_args!("{given} argument{s} {is} given, {expected} expected"), signature));
        }
        Ok(bytes)
    }
}

impl<'call> Reader<'call> {
    /// The next argument.
    ///
    /// # Errors
    /// Why the call is refused.
    #[inline]
    pub fn value<T: Deserialize<'call>>(&mut self, name: &str) -> Result<T, Failure> {
        let value = T::deserialize(&mut self.inner).map_err(|error| {
            // rmp-serde's errors have no path, and those of a wrong type not even the expected one.
            self.refuse(name, error, || state::misfit::<T>(self.bytes, self.count))
        });
        self.count += 1;
        value
    }

    /// The next argument as bytes: binary data or text, borrowed, or an array of numbers, copied.
    ///
    /// # Errors
    /// Why the call is refused.
    pub fn bytes(&mut self, name: &str) -> Result<Cow<'call, [u8]>, Failure> {
        let bytes = self.inner.deserialize_any(Bytes).map_err(|error| self.refuse(name, error, || None));
        self.count += 1;
        bytes
    }

    /// Checks that all bytes were read.
    ///
    /// # Errors
    /// Why the call is refused.
    pub fn end(&mut self) -> Result<(), Failure> {
        match IgnoredAny::deserialize(&mut self.inner) {
            Err(Error::InvalidMarkerRead(end)) if end.kind() == ErrorKind::UnexpectedEof => Ok(()),
            _ => Err(refused(format_args!("more bytes follow the arguments"), self.signature)),
        }
    }

    /// `explain` gives a better text than `error`'s, if it can.
    #[cold]
    fn refuse(&self, name: &str, error: Error, explain: impl FnOnce() -> Option<String>) -> Failure {
        let reason = match error {
            Error::InvalidMarkerRead(end) | Error::InvalidDataRead(end) if end.kind() == ErrorKind::UnexpectedEof => {
                "its bytes end too early".to_owned()
            }
            Error::TypeMismatch(Marker::Reserved) => "its bytes are not MessagePack".to_owned(),
            Error::DepthLimitExceeded => format!("it is nested more than {LEVELS_MAX} levels deep"),
            other => explain().unwrap_or_else(|| match other {
                Error::TypeMismatch(marker) => format!("MessagePack's {marker:?} does not fit"),
                other => other.to_string(),
            }),
        };
        refused(format_args!("argument `{name}`: {reason}"), self.signature)
    }
}

#[cold]
fn refused(reason: fmt::Arguments<'_>, signature: &str) -> Failure {
    Failure::Refused(format!("{reason}; the method is {signature}"))
}

/// Visits the argument of [`Reader::bytes`].
struct Bytes;

impl<'de> Visitor<'de> for Bytes {
    type Value = Cow<'de, [u8]>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("bytes")
    }

    fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(bytes))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text.as_bytes()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut bytes = Vec::new();
        while let Some(byte) = items.next_element()? {
            bytes.push(byte);
        }
        Ok(Cow::Owned(bytes))
    }
}
