//! Recordings of a bus: MCAP files, which the robotics world's viewers open.
//!
//! ```text
//! channel    one for each topic, priority, publisher, kind and layout
//!   metadata   priority, publisher, policy, kind, type, schema, schema_hash (of this crate, not of MCAP)
//! message    log time: when the recorder received it; sequence: low half of the lane's
//!   data       sequence u64 | lost u64 | count u32 | the messages' bytes      encoding ros1, schema ros1msg
//!   requests   sequence u64 | lost u64 | sender u64 | correlation u64 | prefix | count u32 | body            the same
//!   responses  sequence u64 | lost u64 | sender u64 | correlation u64 | status u8 | count u32 | body         the same
//!   or         sequence u64 | lost u64 | the payload, when it is nothing of these     encoding hotframe
//! metadata   `hotframe`: the bus; `hotframe.losses`, at the end: messages lost by each channel
//! ```
//! All numbers are little-endian. `lost` counts the messages of the lane that the recorder missed just before this one, so
//! that gaps are exact, wherever the file ends. Plain messages are recorded as they lie in the lane: that is their ROS 1
//! serialization, see `schema/ros1.rs`; so is the prefix of requests and cancels, see `wire/request.rs`. Knows nothing of inboxes or clocks of the bus; its times are the caller's.
//!
//! # Invariants
//! 1. A file grows by whole chunks: what was flushed can be read whatever happens to the recorder.
//! 2. Nothing of a file is trusted: lengths are bounded, schemas parsed and checked before they are used.
//!
//! # Failure
//! A recorder that can't write, as on a full disk, cuts its file back to the last whole chunk. A file that ends early is
//! read to its last whole message, and says so.

mod frames;
mod layout;
mod reader;
mod writer;

pub use reader::{RecordedChannel, RecordedMessage, Recording, RecordingError, RecordingReader};
pub use writer::{RecordError, RecordedCounts, Recorder};

use crate::wire::Kind;

/// Fields in front of the messages of a record.
const HEADER_DEFINITION: &str = "uint64 sequence\nuint64 lost\n";
/// Bytes of `sequence` and `lost`.
const HEADER_BYTES: usize = 16;
/// Bytes of `count`.
const COUNT_BYTES: usize = 4;

/// Encoding of records of plain messages, and of their schema.
const ROS1: (&str, &str) = ("ros1", "ros1msg");
/// Encoding of all other payloads.
const OPAQUE: &str = "hotframe";

/// Name of the metadata about the whole recording.
const ABOUT: &str = "hotframe";
/// Name of the metadata with the losses.
const LOSSES: &str = "hotframe.losses";

/// What stands in a channel's metadata.
mod key {
    pub(super) const PRIORITY: &str = "priority";
    pub(super) const PUBLISHER: &str = "publisher";
    pub(super) const POLICY: &str = "policy";
    pub(super) const KIND: &str = "kind";
    pub(super) const TYPE: &str = "type";
    pub(super) const SCHEMA: &str = "schema";
    pub(super) const SCHEMA_HASH: &str = "schema_hash";
}

const fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Message => "message",
        Kind::Pad => "pad",
        Kind::Request => "request",
        Kind::Response => "response",
        Kind::Cancel => "cancel",
    }
}
