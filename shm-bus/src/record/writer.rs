//! Writing a recording.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use mcap::records::{MessageHeader, Metadata};
use mcap::{McapError, WriteOptions, Writer};

use super::layout::Layout;
use super::{ABOUT, HEADER_DEFINITION, LOSSES, OPAQUE, ROS1, key, kind_name};
use crate::inbox::{Delivery, Missed};
use crate::schema::{Fields, ros1};
use crate::snapshot::TopicInfo;
use crate::wire::{Kind, Priority};

/// Why nothing more is recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The file can't be made.
    #[error("can't make {}{}", path.display(), if source.kind() == io::ErrorKind::AlreadyExists && path.is_file() { "; --force replaces it" } else { "" })]
    Create {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file can't be written. It was cut back to what had been flushed before, which can be read.
    #[error("can't write {}; it holds the {messages} message{} up to there", path.display(), if *messages == 1 { "" } else { "s" })]
    Write {
        /// The file.
        path: PathBuf,
        /// Messages that it holds.
        messages: u64,
        /// What the system said.
        source: io::Error,
    },
    /// MCAP can't hold it.
    #[error("the recording can't hold this")]
    Format(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What was recorded of one topic.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordedCounts {
    /// The topic.
    pub topic: String,
    /// Records (of one message or several) written.
    pub messages: u64,
    /// Bytes of their payloads.
    pub bytes: u64,
    /// Messages that the recorder's inbox lost, or missed of lanes that came and went.
    pub lost: u64,
}

impl RecordedCounts {
    fn of(topic: &str) -> Self {
        Self { topic: topic.to_owned(), messages: 0, bytes: 0, lost: 0 }
    }
}

/// See [the module](super).
#[derive(Debug)]
pub struct Recorder {
    path: PathBuf,
    /// `None` only once writing has failed.
    writer: Option<Out>,
    topics: Vec<Topic>,
    /// Of topics of which nothing was seen but that messages were missed.
    unseen: Vec<RecordedCounts>,
    channels: Vec<Channel>,
    /// One record's data.
    data: Vec<u8>,
    /// Bytes and messages since the last flush.
    pending: (usize, u64),
    /// Messages before the last flush.
    flushed: u64,
}

/// The writer, of which nothing can be shown.
struct Out {
    writer: Writer<File>,
    /// The same file, to cut it back.
    file: File,
    /// Bytes up to the last flush.
    good: u64,
}

impl std::fmt::Debug for Out {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Out").field("good", &self.good).finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Topic {
    info: TopicInfo,
    /// The definition and the size of a message, when it is plain.
    plain: Option<(ros1::Definition, usize)>,
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
}

impl Recorder {
    /// Bytes after which [`Self::write`] flushes by itself.
    const CHUNK_BYTES: usize = 1 << 20;
    /// Stands for topics of which no more is known.
    const UNNAMED: &str = "(topics that came and went unseen)";

    /// Makes the file, which must not exist unless `overwrite`.
    ///
    /// # Errors
    /// [`RecordError::Create`]; also [`RecordError::Write`].
    pub fn create(path: impl AsRef<Path>, bus_name: &str, overwrite: bool) -> Result<Self, RecordError> {
        let path = path.as_ref().to_owned();
        let failed = |source| RecordError::Create { path: path.clone(), source };
        let mut options = OpenOptions::new();
        let file =
            options.write(true).create(true).create_new(!overwrite).truncate(overwrite).open(&path).map_err(failed)?;
        let same = file.try_clone().map_err(failed)?;
        let library = concat!("hotframe/", env!("CARGO_PKG_VERSION"));
        // Chunks are ended by flushing alone, so that every flush leaves whole chunks.
        let options = WriteOptions::new().library(library).chunk_size(None).disable_seeking(true);
        let writer = match options.create(file) {
            Ok(writer) => Out { writer, file: same, good: 0 },
            Err(McapError::Io(source)) => return Err(RecordError::Write { path, messages: 0, source }),
            Err(error) => return Err(RecordError::Format(error.into())),
        };
        let (topics, unseen, channels) = (Vec::new(), Vec::new(), Vec::new());
        let mut recorder = Self {
            path,
            writer: Some(writer),
            topics,
            unseen,
            channels,
            data: Vec::new(),
            pending: (0, 0),
            flushed: 0,
        };
        let metadata = BTreeMap::from([("bus".to_owned(), bus_name.to_owned())]);
        recorder.put(|out| out.write_metadata(&Metadata { name: ABOUT.to_owned(), metadata }))?;
        recorder.flush()?;
        Ok(recorder)
    }

    /// Declares a topic, so that it is counted even without a message; the first message of a topic does so by itself. Twice is as
    /// once; another declaration of the same name is another topic, with channels of its own.
    pub fn declare(&mut self, topic: &TopicInfo) {
        self.topic(topic);
    }

    /// The index of the topic that is declared like this.
    fn topic(&mut self, topic: &TopicInfo) -> usize {
        let known = |known: &Topic| {
            (&known.info.name, &known.info.schema, known.info.policy) == (&topic.name, &topic.schema, topic.policy)
        };
        if let Some(known) = self.topics.iter().position(known) {
            return known;
        }
        let fields = Fields::parse(&topic.schema).ok();
        let plain = fields.and_then(|fields| Some((ros1::definition(&fields, HEADER_DEFINITION)?, fields.size())));
        let unseen = self.unseen.iter().position(|counts| counts.topic == topic.name);
        let counts = unseen.map_or_else(|| RecordedCounts::of(&topic.name), |unseen| self.unseen.remove(unseen));
        self.topics.push(Topic { info: topic.clone(), plain, counts });
        self.topics.len() - 1
    }

    /// Counts what the recorder's inbox [missed](crate::Inbox::take_missed) as lost.
    pub fn miss(&mut self, missed: &Missed) {
        let name = missed.topic.as_deref().unwrap_or(Self::UNNAMED);
        let seen = self.topics.iter_mut().rev().map(|topic| &mut topic.counts);
        let counts = seen.chain(&mut self.unseen).find(|counts| counts.topic == name);
        match counts {
            Some(counts) => counts.lost = counts.lost.saturating_add(missed.messages),
            None => self.unseen.push(RecordedCounts { lost: missed.messages, ..RecordedCounts::of(name) }),
        }
    }

    /// Adds a message, received at `time`. It reaches the file with the next flush.
    ///
    /// # Errors
    /// See [`RecordError`].
    pub fn write(&mut self, delivery: &Delivery<'_>, time: SystemTime) -> Result<(), RecordError> {
        let channel = self.channel(delivery)?;
        let channel = &mut self.channels[channel];
        let topic = &mut self.topics[channel.topic];
        self.data.clear();
        self.data.extend(delivery.sequence.to_le_bytes());
        self.data.extend(delivery.lost.to_le_bytes());
        channel.layout.write(delivery, &mut self.data);
        channel.lost += delivery.lost;
        topic.counts.messages += 1;
        topic.counts.bytes += delivery.payload.len() as u64;
        topic.counts.lost += delivery.lost;
        self.pending.0 += self.data.len();
        self.pending.1 += 1;
        let log_time = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos() as u64;
        let sequence = delivery.sequence as u32;
        let header = MessageHeader { channel_id: channel.id, sequence, log_time, publish_time: log_time };
        let data = std::mem::take(&mut self.data);
        let written = self.put(|out| out.write_to_known_channel(&header, &data));
        self.data = data;
        written?;
        if self.pending.0 >= Self::CHUNK_BYTES { self.flush() } else { Ok(()) }
    }

    /// Writes everything so far into the file; it stays readable from then on, even if this process is killed.
    ///
    /// # Errors
    /// See [`RecordError`].
    pub fn flush(&mut self) -> Result<(), RecordError> {
        self.put(Writer::flush)?;
        let failed = |source| RecordError::Write { path: self.path.clone(), messages: self.flushed, source };
        if let Some(out) = &mut self.writer {
            out.good = io::Seek::stream_position(&mut out.file).map_err(failed)?;
        }
        self.flushed += self.pending.1;
        self.pending = (0, 0);
        Ok(())
    }

    /// Messages added since the last flush.
    #[must_use]
    pub const fn unflushed(&self) -> u64 {
        self.pending.1
    }

    /// What was recorded so far, by topic.
    pub fn counts(&self) -> impl Iterator<Item = &RecordedCounts> {
        self.topics.iter().map(|topic| &topic.counts).chain(&self.unseen)
    }

    /// Ends the file with its index and the losses.
    ///
    /// # Errors
    /// See [`RecordError`].
    pub fn finish(mut self) -> Result<Vec<RecordedCounts>, RecordError> {
        let losses = self.channels.iter().filter(|channel| channel.lost > 0).map(|channel| {
            let topic = &self.topics[channel.topic].info.name;
            (format!("{topic} {} {}", channel.priority.name(), channel.publisher), channel.lost.to_string())
        });
        let unread = |counts: &RecordedCounts| (counts.topic.clone(), counts.lost.to_string());
        let losses = losses.chain(self.unseen.iter().map(unread)).collect();
        self.flush()?;
        self.put(|out| out.write_metadata(&Metadata { name: LOSSES.to_owned(), metadata: losses }))?;
        self.put(|out| out.finish().map(drop))?;
        Ok(self.topics.into_iter().map(|topic| topic.counts).chain(self.unseen).collect())
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

    /// The index of the channel of a message.
    fn channel(&mut self, delivery: &Delivery<'_>) -> Result<usize, RecordError> {
        let topic = self.topic_of(delivery);
        let size = self.topics[topic].plain.as_ref().map(|(_, size)| *size);
        let layout = Layout::of(delivery, size);
        let same = |channel: &Channel| {
            (channel.topic, channel.priority, channel.kind, channel.layout)
                == (topic, delivery.priority, delivery.kind, layout)
                && channel.publisher == delivery.publisher
        };
        if let Some(known) = self.channels.iter().position(same) {
            return Ok(known);
        }
        let id = self.add_channel(topic, delivery, layout)?;
        let Delivery { priority, kind, .. } = *delivery;
        let publisher = delivery.publisher.to_owned();
        self.channels.push(Channel { id, topic, priority, publisher, kind, layout, lost: 0 });
        Ok(self.channels.len() - 1)
    }

    fn add_channel(&mut self, topic: usize, delivery: &Delivery<'_>, layout: Layout) -> Result<u16, RecordError> {
        let Topic { info, plain: definition, .. } = &self.topics[topic];
        let metadata = [
            (key::PRIORITY, delivery.priority.name().to_owned()),
            (key::PUBLISHER, delivery.publisher.to_owned()),
            (key::POLICY, info.policy.name().to_owned()),
            (key::KIND, kind_name(delivery.kind).to_owned()),
            (key::TYPE, info.type_name.clone()),
            (key::SCHEMA, info.schema.clone()),
            (key::SCHEMA_HASH, format!("{:016x}", info.schema_hash)),
        ];
        let metadata = metadata.map(|(key, value)| (key.to_owned(), value)).into();
        let definition = match layout {
            Layout::Messages { .. } => definition.as_ref().map(|(definition, _)| definition.clone()),
            layout => layout.definition(),
        };
        let name = info.name.clone();
        self.put(|out| match definition {
            Some(definition) => {
                let schema = out.add_schema(&definition.name, ROS1.1, definition.text.as_bytes())?;
                out.add_channel(schema, &name, ROS1.0, &metadata)
            }
            None => out.add_channel(0, &name, OPAQUE, &metadata),
        })
    }

    /// Does `what` to the file; if that fails, cuts it back to what was flushed.
    fn put<T>(&mut self, what: impl FnOnce(&mut Writer<File>) -> Result<T, McapError>) -> Result<T, RecordError> {
        let closed = || io::Error::other("writing has failed before");
        let failed = |source| RecordError::Write { path: self.path.clone(), messages: self.flushed, source };
        let Some(out) = &mut self.writer else { return Err(failed(closed())) };
        match what(&mut out.writer) {
            Ok(done) => Ok(done),
            Err(McapError::Io(source)) => {
                if let Some(Out { writer, file, good }) = self.writer.take() {
                    // Dropped first, for it writes what it can; a device can't be cut back, and needs not.
                    drop(writer);
                    let _ = file.set_len(good);
                }
                Err(failed(source))
            }
            Err(error) => Err(RecordError::Format(error.into())),
        }
    }
}
