//! memlink-protocol only encodes; its parts are in the cases of headers and MessagePack.

/// The reason for its absence elsewhere.
pub(crate) const NO_TRANSPORT: (&str, &str) = ("memlink-protocol", "encodes, carries nothing");
