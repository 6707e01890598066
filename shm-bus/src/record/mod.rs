//! Recordings of a bus: MCAP files, which the robotics world's viewers open.
//!
//! ```text
//! channel    one for each topic, priority, publisher, kind and layout
//!   metadata   priority, publisher, policy, kind, layout, topic, type, schema, schema_hash (of this crate, not of MCAP)
//! message    log time: when the recorder received it; sequence: low half of the lane's
//!   messages   sequence u64 | lost u64 | count u32 | the messages
//!   request    sequence u64 | lost u64 | sender u64 | correlation u64 | prefix | count u32 | body
//!   response   sequence u64 | lost u64 | sender u64 | correlation u64 | status u8 | count u32 | body
//!   bytes      sequence u64 | lost u64 | the payload, when it is nothing of these
//! metadata   `hotframe`: the bus; `hotframe.channel`: a channel once more, with a checksum of its own, again and again;
//!            `hotframe.losses`, at the end: messages lost of each channel, and of each topic those of lanes that were never read
//! ```
//! All numbers are little-endian. `lost` counts the messages of the lane that the recorder missed just before this one, so
//! that gaps are exact, wherever the file ends.
//!
//! | [`Encoding`] | messages | other records | MCAP calls it |
//! |---|---|---|---|
//! | `Ros1` | as they lie in the lane, which is their ROS 1 serialization (`schema/ros.rs`) | likewise | `ros1`, `ros1msg`; bytes: `hotframe` |
//! | `Ros2` | in CDR (`cdr.rs`), behind its four bytes in front | bytes behind a count | `cdr`, `ros2msg`, profile `ros2`; names as ROS 2 allows them |
//!
//! Knows nothing of inboxes or clocks of the bus; its times are the caller's.
//!
//! # Invariants
//! 1. A file grows by whole chunks: what was flushed can be read whatever happens to the recorder.
//! 2. A recording has its own name only once it holds a message, or has ended; what had that name before stays until then.
//! 3. Nothing of a file is trusted: lengths are bounded, schemas parsed and checked before they are used.
//! 4. What is damaged costs the chunks that it lies in. Channels are written again and again, up to the end, so that a copy outlasts
//!    whatever happens to the others.
//!
//! # Failure
//! A recorder that can't write, as on a full disk, cuts its file back to the last whole chunk, and removes one without a
//! message. One whose file was moved, removed, replaced or written by somebody else says so at the end. A file that ends early is read to its last whole message, and says so; so does one with damage in it, which is read
//! before and behind that.

mod cdr;
mod error;
mod file;
mod frames;
mod head;
mod layout;
mod reader;
mod sink;
mod writer;

pub use error::RecordError;
pub use frames::Damage;
pub use reader::{RecordedChannel, RecordedMessage, Recording, RecordingError, RecordingReader};
pub use writer::{RecordedCounts, Recorder};

use crate::schema::ros::Dialect;
use crate::wire::Kind;

/// In which of the serializations that viewers know a recording is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// That of ROS 1: messages are copied as they are.
    #[default]
    Ros1,
    /// CDR, that of ROS 2: numbers are aligned, names made to fit.
    Ros2,
}

impl Encoding {
    /// What MCAP calls it, and its schemas.
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Ros1 => ("ros1", "ros1msg"),
            Self::Ros2 => ("cdr", "ros2msg"),
        }
    }

    const fn dialect(self) -> Dialect {
        match self {
            Self::Ros1 => Dialect::Ros1,
            Self::Ros2 => Dialect::Ros2,
        }
    }

    /// Bytes in front of each record.
    const fn front(self) -> &'static [u8] {
        match self {
            Self::Ros1 => &[],
            Self::Ros2 => &cdr::FRONT,
        }
    }
}

/// Fields in front of the messages of a record.
const HEADER_DEFINITION: &str = "uint64 sequence\nuint64 lost\n";
/// Bytes of `sequence` and `lost`.
const HEADER_BYTES: usize = 16;
/// Bytes of `count`.
const COUNT_BYTES: usize = 4;

/// Encoding of payloads that are nothing, in ROS 1.
const OPAQUE: &str = "hotframe";

/// Name of the metadata about the whole recording.
const ABOUT: &str = "hotframe";
/// Name of the metadata with a channel.
const CHANNEL: &str = "hotframe.channel";
/// Name of the metadata with the losses.
const LOSSES: &str = "hotframe.losses";

/// What stands in a channel's metadata.
mod key {
    pub(super) const PRIORITY: &str = "priority";
    pub(super) const PUBLISHER: &str = "publisher";
    pub(super) const POLICY: &str = "policy";
    pub(super) const KIND: &str = "kind";
    pub(super) const LAYOUT: &str = "layout";
    pub(super) const TOPIC: &str = "topic";
    pub(super) const TYPE: &str = "type";
    pub(super) const SCHEMA: &str = "schema";
    pub(super) const SCHEMA_HASH: &str = "schema_hash";
    /// What readers of ROS 2's own recordings look for.
    pub(super) const QOS: &str = "offered_qos_profiles";
    /// In a copy: the channel's id, its encoding, and the checksum of all the rest.
    pub(super) const ID: &str = "id";
    pub(super) const ENCODING: &str = "encoding";
    pub(super) const CHECK: &str = "check";
}

/// The checksum of a channel's copy.
fn check(metadata: &std::collections::BTreeMap<String, String>) -> String {
    let mut hasher = crc32fast::Hasher::new();
    for (key, value) in metadata.iter().filter(|(key, _)| *key != key::CHECK) {
        for text in [key, value] {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
    }
    format!("{:08x}", hasher.finalize())
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
