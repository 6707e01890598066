//! The topics and channels of a recording that is being written, and what was recorded and lost of each.
//!
//! # Invariants
//! 1. A topic is one declaration; a channel one topic, priority, publisher, kind and layout.

use std::collections::BTreeMap;

use super::chunked::ChunkedFile;
use super::error::RecordError;
use super::layout::Layout;
use super::{Encoding, HEADER_DEFINITION, OPAQUE, check, key, kind_name};
use crate::inbox::{Delivery, Missed};
use crate::schema::{Fields, ros};
use crate::snapshot::TopicInfo;
use crate::wire::{Kind, Priority};

/// Counts of the recording for one topic.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordedCounts {
    /// The topic.
    pub topic: String,
    /// Records (of one message or several) written.
    pub messages: u64,
    /// Bytes of their payloads.
    pub bytes: u64,
    /// Messages that the recorder's inbox lost, or missed in lanes that came and went.
    pub lost: u64,
}

impl RecordedCounts {
    fn of(topic: &str) -> Self {
        Self { topic: topic.to_owned(), messages: 0, bytes: 0, lost: 0 }
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Channels {
    encoding: Encoding,
    topics: Vec<Topic>,
    /// Topics of which messages were missed and nothing was seen.
    unseen: Vec<RecordedCounts>,
    channels: Vec<Channel>,
    /// Number of flushes.
    flushes: u64,
}

#[derive(Debug)]
struct Topic {
    info: TopicInfo,
    /// Its name in the file.
    name: String,
    /// The definition and the fields of a message, if it is plain.
    plain: Option<(ros::Definition, Fields)>,
    counts: RecordedCounts,
}

#[derive(Debug)]
struct Channel {
    id: u16,
    /// Index in `topics`.
    topic: usize,
    priority: Priority,
    publisher: String,
    kind: Kind,
    layout: Layout,
    lost: u64,
    /// Its copy, which is written repeatedly: after the first, second, fourth, eighth … flush, and at the end. Only damage that extends
    /// from the first to the last copy costs more than the chunks in which it lies.
    copy: BTreeMap<String, String>,
    /// Number of flushes before it was created.
    made: u64,
}

impl Channels {
    /// Stands for topics whose names are unknown.
    const UNNAMED: &str = "(topics that ended unseen)";

    pub(super) const fn new(encoding: Encoding) -> Self {
        Self { encoding, topics: Vec::new(), unseen: Vec::new(), channels: Vec::new(), flushes: 0 }
    }

    /// The index of the topic with this declaration, which is added if it is new.
    pub(super) fn topic(&mut self, topic: &TopicInfo) -> usize {
        let known = |known: &Topic| {
            (&known.info.name, &known.info.schema, known.info.policy) == (&topic.name, &topic.schema, topic.policy)
        };
        if let Some(known) = self.topics.iter().position(known) {
            return known;
        }
        let fields = Fields::parse(&topic.schema).ok();
        let dialect = self.encoding.dialect();
        let plain = fields.and_then(|fields| Some((ros::definition(&fields, HEADER_DEFINITION, dialect)?, fields)));
        let unseen = self.unseen.iter().position(|counts| counts.topic == topic.name);
        let counts = unseen.map_or_else(|| RecordedCounts::of(&topic.name), |unseen| self.unseen.remove(unseen));
        let name = match self.encoding {
            Encoding::Ros1 => topic.name.clone(),
            Encoding::Ros2 => {
                // Another declaration of a topic is another channel of the same name.
                let is_taken =
                    |name: &str| self.topics.iter().any(|known| known.name == name && known.info.name != topic.name);
                ros::unused(ros::topic(&topic.name), "_", is_taken)
            }
        };
        self.topics.push(Topic { info: topic.clone(), name, plain, counts });
        self.topics.len() - 1
    }

    /// Counts what the recorder's inbox missed as lost.
    pub(super) fn miss(&mut self, missed: &Missed) {
        let name = missed.topic.as_deref().unwrap_or(Self::UNNAMED);
        let seen = self.topics.iter_mut().rev().map(|topic| &mut topic.counts);
        let counts = seen.chain(&mut self.unseen).find(|counts| counts.topic == name);
        match counts {
            Some(counts) => counts.lost = counts.lost.saturating_add(missed.messages),
            None => self.unseen.push(RecordedCounts { lost: missed.messages, ..RecordedCounts::of(name) }),
        }
    }

    /// Counts a message of the channel at `index` and appends its data to `data`; returns the channel's id.
    pub(super) fn write(&mut self, index: usize, delivery: &Delivery<'_>, data: &mut Vec<u8>) -> u16 {
        let channel = &mut self.channels[index];
        let topic = &mut self.topics[channel.topic];
        let plain = topic.plain.as_ref().map(|(_, fields)| fields);
        data.extend(self.encoding.front());
        data.extend(delivery.sequence.to_le_bytes());
        data.extend(delivery.lost.to_le_bytes());
        channel.layout.write(delivery, plain, self.encoding, data);
        channel.lost = channel.lost.saturating_add(delivery.lost);
        topic.counts.messages += 1;
        topic.counts.bytes += delivery.payload.len() as u64;
        topic.counts.lost = topic.counts.lost.saturating_add(delivery.lost);
        channel.id
    }

    /// Counts a flush; returns the copies that are due after it.
    pub(super) fn copies_after_flush(&mut self) -> Vec<BTreeMap<String, String>> {
        self.flushes += 1;
        let is_due = |channel: &&Channel| (self.flushes - channel.made).is_power_of_two();
        self.channels.iter().filter(is_due).map(|channel| channel.copy.clone()).collect()
    }

    /// The copies of all channels.
    pub(super) fn copies(&self) -> Vec<BTreeMap<String, String>> {
        self.channels.iter().map(|channel| channel.copy.clone()).collect()
    }

    /// What was recorded so far, by topic.
    pub(super) fn counts(&self) -> impl Iterator<Item = &RecordedCounts> {
        self.topics.iter().map(|topic| &topic.counts).chain(&self.unseen)
    }

    /// Messages lost of each channel, and for each topic those missed in lanes that were never read.
    pub(super) fn losses(&self) -> BTreeMap<String, u64> {
        let mut losses = BTreeMap::<String, u64>::new();
        let mut add = |what: String, lost: u64| {
            if lost > 0 {
                let sum = losses.entry(what).or_default();
                *sum = sum.saturating_add(lost);
            }
        };
        let mut missed: Vec<u64> = self.topics.iter().map(|topic| topic.counts.lost).collect();
        for channel in &self.channels {
            let topic = &self.topics[channel.topic].info.name;
            missed[channel.topic] = missed[channel.topic].saturating_sub(channel.lost);
            add(format!("{topic} {} {}", channel.priority.name(), channel.publisher), channel.lost);
        }
        for (topic, missed) in self.topics.iter().zip(missed) {
            add(topic.info.name.clone(), missed);
        }
        for counts in &self.unseen {
            add(counts.topic.clone(), counts.lost);
        }
        losses
    }

    /// The index of the topic of a message.
    fn topic_of(&mut self, delivery: &Delivery<'_>) -> usize {
        let is_topic = |topic: &Topic| {
            let TopicInfo { name, schema_hash, policy, .. } = &topic.info;
            (name.as_str(), *schema_hash, *policy)
                == (delivery.topic, delivery.schema_hash, delivery.declaration.policy)
        };
        let known = self.topics.iter().position(is_topic);
        known.unwrap_or_else(|| self.topic(&delivery.declaration.into()))
    }

    /// The index of the channel of a message, which is added to `file` if it is new.
    pub(super) fn channel(&mut self, delivery: &Delivery<'_>, file: &mut ChunkedFile) -> Result<usize, RecordError> {
        let topic = self.topic_of(delivery);
        let plain = self.topics[topic].plain.as_ref().map(|(_, fields)| fields);
        let layout = Layout::of(delivery, plain);
        let same = |channel: &Channel| {
            (channel.topic, channel.priority, channel.kind, channel.layout)
                == (topic, delivery.priority, delivery.kind, layout)
                && channel.publisher == delivery.publisher
        };
        if let Some(known) = self.channels.iter().position(same) {
            return Ok(known);
        }
        let (id, copy) = self.add_channel(topic, delivery, layout, file)?;
        let Delivery { priority, kind, .. } = *delivery;
        let (publisher, made) = (delivery.publisher.to_owned(), self.flushes);
        self.channels.push(Channel { id, topic, priority, publisher, kind, layout, lost: 0, copy, made });
        Ok(self.channels.len() - 1)
    }

    /// Adds a channel; returns its id and the contents of its copies.
    fn add_channel(
        &self,
        topic: usize,
        delivery: &Delivery<'_>,
        layout: Layout,
        file: &mut ChunkedFile,
    ) -> Result<(u16, BTreeMap<String, String>), RecordError> {
        let Topic { info, name, plain, .. } = &self.topics[topic];
        let encoding = self.encoding;
        let metadata = [
            (key::PRIORITY, delivery.priority.name().to_owned()),
            (key::PUBLISHER, delivery.publisher.to_owned()),
            (key::POLICY, info.policy.name().to_owned()),
            (key::KIND, kind_name(delivery.kind).to_owned()),
            (key::LAYOUT, layout.name().to_owned()),
            (key::TOPIC, info.name.clone()),
            (key::TYPE, info.type_name.clone()),
            (key::SCHEMA, info.schema.clone()),
            (key::SCHEMA_HASH, format!("{:016x}", info.schema_hash)),
        ];
        let mut metadata: BTreeMap<_, _> = metadata.map(|(key, value)| (key.to_owned(), value)).into();
        if encoding == Encoding::Ros2 {
            metadata.insert(key::QOS.to_owned(), String::new());
        }
        let definition = match layout {
            Layout::Messages => plain.as_ref().map(|(definition, _)| definition.clone()),
            layout => layout.definition(encoding),
        };
        let message_encoding = if definition.is_some() { encoding.names().0 } else { OPAQUE };
        let id = file.put(|out| match &definition {
            Some(definition) => {
                let schema = out.add_schema(&definition.name, encoding.names().1, definition.text.as_bytes())?;
                out.add_channel(schema, name, message_encoding, &metadata)
            }
            None => out.add_channel(0, name, message_encoding, &metadata),
        })?;
        metadata.insert(key::ID.to_owned(), id.to_string());
        metadata.insert(key::ENCODING.to_owned(), message_encoding.to_owned());
        metadata.insert(key::CHECK.to_owned(), check(&metadata));
        Ok((id, metadata))
    }
}
