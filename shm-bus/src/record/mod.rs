//! Recordings of a bus: MCAP files, which the robotics world's viewers open.
//!
//! ```text
//! channel    one for each topic, priority, publisher, kind and layout
//!   metadata   priority, publisher, policy, kind, layout, topic, type, schema, schema_hash (of this crate, not of MCAP)
//! message    log time: when the recorder received it; sequence: low half of the lane's
//!   messages   sequence u64 | lost u64 | count u32 | the messages
//!   request    sequence u64 | lost u64 | sender u64 | correlation u64 | prefix | count u32 | body
//!   response   sequence u64 | lost u64 | sender u64 | correlation u64 | status u8 | count u32 | body
//!   bytes      sequence u64 | lost u64 | the payload, if it is none of these
//! metadata   `hotframe`: the bus; `hotframe.channel`: a copy of a channel with its own checksum, repeated;
//!            `hotframe.losses`, at the end: messages lost per channel, and per topic those in lanes that were never read
//! ```
//! All numbers are little-endian. `lost` counts the messages of the lane that the recorder missed just before this one, so
//! that gaps are exact, wherever the file ends.
//!
//! | [`Encoding`] | messages | other records | MCAP calls it |
//! |---|---|---|---|
//! | `Ros1` | as they lie in the lane, which is their ROS 1 serialization (`schema/ros.rs`) | likewise | `ros1`, `ros1msg`; bytes: `hotframe` |
//! | `Ros2` | in CDR (`cdr.rs`), behind its four bytes in front | bytes behind a count | `cdr`, `ros2msg`, profile `ros2`; names as ROS 2 allows them |
//!
//! Knows neither inboxes nor clocks of the bus; the caller provides the times.
//!
//! # Invariants
//! 1. A file grows by whole chunks: flushed data can be read whatever happens to the recorder.
//! 2. A recording gets its own name only once it contains a message; until then an existing file of that name stays. A recording that
//!    ends without a message gets the name only if no file has it.
//! 3. Nothing in a file is trusted: lengths are bounded, schemas parsed and checked before use.
//! 4. Damage costs only the chunks in which it lies. Channels are written repeatedly, up to the end, so that one copy survives damage to
//!    the others.
//!
//! # Failure
//! A recorder that can't write, as on a full disk, truncates its file to the last whole chunk, and removes a file without a message. If its
//! file was moved, removed, replaced or written by somebody else, it reports that at the end. A file that ends early is read to its last
//! whole message, which is reported; a damaged file is read before and after the damage, which is reported, too.

mod cdr;
mod channels;
mod chunked;
mod error;
mod file;
mod frames;
mod head;
mod layout;
mod reader;
mod recorded;
mod sink;
mod writer;

pub use channels::RecordedCounts;
pub use error::RecordError;
pub use frames::Damage;
pub use reader::{RecordedMessage, Recording, RecordingError, RecordingReader};
pub use recorded::RecordedChannel;
pub use writer::{Finished, Recorder};

use crate::schema::ros::Dialect;
use crate::wire::Kind;

/// The serialization in which a recording is written; viewers know both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// ROS 1: messages are copied unchanged.
    #[default]
    Ros1,
    /// CDR of ROS 2: numbers are aligned, names adapted.
    Ros2,
}

impl Encoding {
    /// The names in MCAP of the encoding and of its schemas.
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

    /// Bytes before each record.
    const fn front(self) -> &'static [u8] {
        match self {
            Self::Ros1 => &[],
            Self::Ros2 => &cdr::FRONT,
        }
    }
}

/// Fields before the messages of a record.
const HEADER_DEFINITION: &str = "uint64 sequence\nuint64 lost\n";
/// Bytes of `sequence` and `lost`.
const HEADER_BYTES: usize = 16;
/// Bytes of `count`.
const COUNT_BYTES: usize = 4;

/// Encoding of payloads of no known kind, in ROS 1.
const OPAQUE: &str = "hotframe";

/// Name of the metadata about the whole recording.
const ABOUT: &str = "hotframe";
/// Name of the metadata with a channel.
const CHANNEL: &str = "hotframe.channel";
/// Name of the metadata with the losses.
const LOSSES: &str = "hotframe.losses";

/// Keys of a channel's metadata.
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
    /// The key that readers of ROS 2's own recordings expect.
    pub(super) const QOS: &str = "offered_qos_profiles";
    /// In a copy: the channel's id, its encoding, and the checksum of everything else.
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
