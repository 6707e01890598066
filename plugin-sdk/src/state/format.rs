//! The state format: a subset of MessagePack, and three extensions for values that MessagePack lacks.

/// `Some` around a value that is written as nil; contains the number of `Some`s in four bytes, big-endian: `Some(None)` is 1.
pub(super) const SOME: i8 = 1;

/// A `u128` that needs more than 64 bits, big-endian.
pub(super) const U128: i8 = 2;

/// An `i128` that needs more than 64 bits, big-endian.
pub(super) const I128: i8 = 3;

/// An opaque field: version and outline as text, then the postcard content as binary.
pub(super) const OPAQUE: i8 = 4;

/// Name of the tuple struct that marks an opaque field for writer and reader.
pub(super) const OPAQUE_NAME: &str = "hotframe opaque field";

/// Bytes of nil.
pub(super) const NIL: u8 = 0xc0;

/// First bytes of an extension [`SOME`].
pub(super) const SOME_HEAD: [u8; 2] = [0xd6, SOME as u8];
