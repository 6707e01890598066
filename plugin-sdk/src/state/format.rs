//! What of MessagePack a state uses, and three extensions for what MessagePack lacks.

/// `Some` around what is written as nil, with the number of `Some`s in four bytes, big-endian: `Some(None)` is 1.
pub(super) const SOME: i8 = 1;

/// A `u128` beyond 64 bits, big-endian.
pub(super) const U128: i8 = 2;

/// An `i128` beyond 64 bits, big-endian.
pub(super) const I128: i8 = 3;

/// An opaque field: version and outline as text, and the content as binary, which is postcard.
pub(super) const OPAQUE: i8 = 4;

/// The tuple struct by which an opaque field is known to writer and reader.
pub(super) const OPAQUE_NAME: &str = "hotframe opaque field";

/// Bytes of nil.
pub(super) const NIL: u8 = 0xc0;

/// First bytes of a [`SOME`].
pub(super) const SOME_HEAD: [u8; 2] = [0xd6, SOME as u8];
