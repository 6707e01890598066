//! A channel of a recording, as its metadata describe it. Nothing in them is trusted.

use std::collections::BTreeMap;

use super::{COUNT_BYTES, Encoding, HEADER_BYTES, OPAQUE, cdr, check, key};
use crate::schema::Fields;
use crate::wire::{Priority, schema_hash};

/// One topic, priority and publisher of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordedChannel {
    /// The topic's name.
    pub topic: String,
    /// Name of the type that it carries.
    pub type_name: String,
    /// Schema of that type.
    pub schema: String,
    /// Hash of the schema.
    pub schema_hash: u64,
    /// Bytes of one message; 0 if the schema is not of a plain type.
    pub message_size: u32,
    /// The priority at which it was sent.
    pub priority: Priority,
    /// Name of its publisher.
    pub publisher: String,
    /// Whether these are plain messages, not requests or responses.
    pub is_message: bool,
    /// Number of its records.
    pub messages: u64,
    /// Messages that the recorder lost.
    pub lost: u64,
    /// Bytes of its longest record.
    pub longest: usize,
    pub(super) data: Data,
}

/// The format of a record's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Data {
    /// Bytes before sequence and losses.
    pub(super) front: usize,
    /// Whether a count stands before the payload.
    pub(super) counted: bool,
    /// What the messages are made of, if they have to be taken apart.
    pub(super) cdr: Option<Fields>,
}

impl Data {
    /// Bytes in front of the payload.
    pub(super) const fn prefix(&self) -> usize {
        self.front + HEADER_BYTES + if self.counted { COUNT_BYTES } else { 0 }
    }
}

/// A channel that a [`Recorder`](super::Recorder) has made.
pub(super) fn recorded(topic: &str, encoding: &str, metadata: &BTreeMap<String, String>) -> Option<RecordedChannel> {
    let get = |key: &str| metadata.get(key).cloned();
    let (schema, priority) = (get(key::SCHEMA)?, get(key::PRIORITY)?);
    let is_message = get(key::KIND)? == "message";
    let fields = Fields::parse(&schema).ok();
    let message_size = fields.as_ref().map_or(0, |fields| fields.size() as u32);
    // Older recordings contain no layout.
    let layout = get(key::LAYOUT);
    let is_bytes = layout.as_deref() == Some("bytes");
    let data = match encoding {
        encoding if encoding == Encoding::Ros1.names().0 => Data { front: 0, counted: is_message, cdr: None },
        encoding if encoding == Encoding::Ros2.names().0 => {
            let cdr = fields.filter(|_| is_message && !is_bytes);
            Data { front: cdr::FRONT.len(), counted: is_bytes || cdr.is_some(), cdr }
        }
        OPAQUE => Data { front: 0, counted: false, cdr: None },
        _ => return None,
    };
    Some(RecordedChannel {
        topic: get(key::TOPIC).unwrap_or_else(|| topic.to_owned()),
        type_name: get(key::TYPE)?,
        schema_hash: schema_hash(&schema),
        message_size,
        schema,
        priority: Priority::ALL.into_iter().find(|level| level.name() == priority)?,
        publisher: get(key::PUBLISHER)?,
        is_message,
        messages: 0,
        lost: 0,
        longest: 0,
        data,
    })
}

/// The id and the channel in a copy, if the copy is intact.
pub(super) fn copied(metadata: &BTreeMap<String, String>) -> Option<(u16, RecordedChannel)> {
    let is_whole = metadata.get(key::CHECK)? == &check(metadata);
    let id = metadata.get(key::ID)?.parse().ok()?;
    let topic = metadata.get(key::TOPIC)?;
    let recorded = recorded(topic, metadata.get(key::ENCODING)?, metadata).filter(|_| is_whole)?;
    Some((id, recorded))
}
