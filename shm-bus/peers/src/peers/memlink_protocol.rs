//! memlink-protocol encodes; what it takes part in is in the cases of headers and MessagePack.

/// Why it is absent elsewhere.
pub(crate) const NO_TRANSPORT: (&str, &str) = ("memlink-protocol", "encodes, carries nothing");
