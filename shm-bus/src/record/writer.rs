//! Writes recordings.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use mcap::records::{MessageHeader, Metadata};
use mcap::{McapError, WriteOptions, Writer};

use super::error::RecordError;
use super::file::{Output, Whereabouts};
use super::layout::Layout;
use super::sink::{Sink, Tap};
use super::{ABOUT, CHANNEL, Encoding, HEADER_DEFINITION, LOSSES, OPAQUE, check, key, kind_name};
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

/// See [the module](super).
#[derive(Debug)]
pub struct Recorder {
    wanted: PathBuf,
    output: Output,
    encoding: Encoding,
    /// `None` only after writing has failed.
    writer: Option<Out>,
    topics: Vec<Topic>,
    /// Topics of which messages were missed and nothing was seen.
    unseen: Vec<RecordedCounts>,
    channels: Vec<Channel>,
    /// One record's data.
    data: Vec<u8>,
    /// Bytes and messages since the last flush.
    pending: (usize, u64),
    /// Messages before the last flush.
    flushed: u64,
    /// Number of flushes.
    flushes: u64,
}

/// The writer; its `Debug` shows only `good`.
struct Out {
    writer: Writer<Sink>,
    tap: Tap,
    /// The same file, for checking and truncating it.
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

impl Recorder {
    /// Number of bytes after which [`Self::write`] flushes.
    const CHUNK_BYTES: usize = 1 << 20;
    /// Stands for topics whose names are unknown.
    const UNNAMED: &str = "(topics that ended unseen)";

    /// Begins a recording at `path`, where no file may exist unless `overwrite`. Until it contains a message, or has ended, it has another
    /// name next to that one, see [`Self::path`]; an existing file at `path` stays until then.
    ///
    /// # Errors
    /// [`RecordError::Create`]; also [`RecordError::Write`].
    pub fn create(path: impl AsRef<Path>, bus_name: &str, overwrite: bool) -> Result<Self, RecordError> {
        Self::create_encoded(path, bus_name, overwrite, Encoding::default())
    }

    /// Like [`Self::create`], in the given encoding.
    ///
    /// # Errors
    /// As for [`Self::create`].
    pub fn create_encoded(
        path: impl AsRef<Path>,
        bus_name: &str,
        overwrite: bool,
        encoding: Encoding,
    ) -> Result<Self, RecordError> {
        let wanted = path.as_ref().to_owned();
        let failed = |source| RecordError::Create { path: wanted.clone(), source };
        let (mut output, file) = Output::create(&wanted, overwrite).map_err(failed)?;
        let same = file.try_clone().map_err(failed)?;
        let library = concat!("hotframe/", env!("CARGO_PKG_VERSION"));
        // Only flushing ends chunks, so every flush leaves whole chunks.
        let options = WriteOptions::new().library(library).chunk_size(None).disable_seeking(true);
        let options = if encoding == Encoding::Ros2 { options.profile("ros2") } else { options };
        let (sink, tap) = Sink::new(file);
        let writer = match options.create(sink) {
            Ok(writer) => Some(Out { writer, tap, file: same, good: 0 }),
            Err(error) => {
                output.discard();
                return Err(match error {
                    McapError::Io(source) => RecordError::Write { path: wanted, messages: 0, source },
                    error => RecordError::Format(error.into()),
                });
            }
        };
        let (topics, unseen, channels, data) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut recorder = Self {
            wanted,
            output,
            encoding,
            writer,
            topics,
            unseen,
            channels,
            data,
            pending: (0, 0),
            flushed: 0,
            flushes: 0,
        };
        let metadata = BTreeMap::from([("bus".to_owned(), bus_name.to_owned())]);
        recorder.put(|out| out.write_metadata(&Metadata { name: ABOUT.to_owned(), metadata }))?;
        recorder.write_out()?;
        Ok(recorder)
    }

    /// The present path of the recording; it is the requested one once the recording contains a message.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.output.path()
    }

    /// Declares a topic, so that it is counted even without a message; the first message of a topic declares it, too. Idempotent. Another
    /// declaration of the same name is another topic, with channels of its own.
    pub fn declare(&mut self, topic: &TopicInfo) {
        self.topic(topic);
    }

    /// The index of the topic with this declaration.
    fn topic(&mut self, topic: &TopicInfo) -> usize {
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
        let plain = topic.plain.as_ref().map(|(_, fields)| fields);
        self.data.clear();
        self.data.extend(self.encoding.front());
        self.data.extend(delivery.sequence.to_le_bytes());
        self.data.extend(delivery.lost.to_le_bytes());
        channel.layout.write(delivery, plain, self.encoding, &mut self.data);
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

    /// Writes everything so far into the file; it is readable from then on, even if this process is killed. With the first message the file
    /// gets its name.
    ///
    /// # Errors
    /// See [`RecordError`].
    pub fn flush(&mut self) -> Result<(), RecordError> {
        self.write_out()?;
        if self.flushed > 0 { self.settle() } else { Ok(()) }
    }

    fn write_out(&mut self) -> Result<(), RecordError> {
        self.check_length()?;
        self.put(Writer::flush)?;
        if let Some(out) = &mut self.writer {
            out.good = out.tap.written();
        }
        self.flushed += self.pending.1;
        self.pending = (0, 0);
        self.flushes += 1;
        let is_due = |channel: &Channel| (self.flushes - channel.made).is_power_of_two();
        let due = (0..self.channels.len()).filter(|index| is_due(&self.channels[*index])).collect();
        self.write_copies(due)
    }

    /// Repeats the descriptions of these channels, outside of chunks.
    fn write_copies(&mut self, channels: Vec<usize>) -> Result<(), RecordError> {
        for index in channels {
            let metadata = self.channels[index].copy.clone();
            self.put(|out| out.write_metadata(&Metadata { name: CHANNEL.to_owned(), metadata }))?;
        }
        if let Some(out) = &mut self.writer {
            out.good = out.tap.written();
        }
        Ok(())
    }

    /// Checks that the file is as long as the written data: nobody else writes to it or truncates it.
    fn check_length(&mut self) -> Result<(), RecordError> {
        let is_wrong = |out: &Out| out.file.metadata().is_ok_and(|file| file.len() != out.tap.written());
        if !self.output.is_special() && self.writer.as_ref().is_some_and(is_wrong) {
            let (path, messages) = (self.output.path().to_owned(), self.flushed);
            self.end_writing();
            return Err(RecordError::Overwritten { path, messages });
        }
        Ok(())
    }

    /// Checks that the file is where it should be.
    fn check_place(&self) -> Result<(), RecordError> {
        let (path, messages) = (self.wanted.clone(), self.flushed);
        match self.writer.as_ref().map_or(Whereabouts::Here, |out| self.output.whereabouts(&out.file)) {
            Whereabouts::Here => Ok(()),
            Whereabouts::Moved(now) => Err(RecordError::Moved { path, now, messages }),
            Whereabouts::Removed => Err(RecordError::Removed { path, messages }),
        }
    }

    /// Releases the file as it is.
    fn end_writing(&mut self) -> Option<(File, u64)> {
        self.writer.take().map(|Out { writer, tap, file, good }| {
            // A writer that is dropped ends the file.
            tap.close();
            drop(writer);
            (file, good)
        })
    }

    fn settle(&mut self) -> Result<(), RecordError> {
        if self.output.is_settled() {
            return Ok(());
        }
        let Err(source) = self.output.settle() else { return Ok(()) };
        self.check_place()?;
        let (path, wanted) = (self.output.leave(), self.wanted.clone());
        Err(RecordError::Name { path, wanted, source })
    }

    /// Handles a failed write: only flushed data remain. A file without a message is removed.
    fn failed(&mut self, source: io::Error) -> RecordError {
        let path = if self.flushed > 0 { self.output.path() } else { &self.wanted };
        let path = path.to_owned();
        let is_here = self.check_place().is_ok();
        if let Some((file, good)) = self.end_writing()
            && !self.output.is_special()
        {
            let _ = file.set_len(good);
        }
        if self.flushed == 0 && is_here {
            self.output.discard();
        }
        RecordError::Write { path, messages: self.flushed, source }
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

    /// Ends the file with its index and the losses, and returns the counts.
    ///
    /// # Errors
    /// See [`RecordError`].
    pub fn finish(mut self) -> Result<Vec<RecordedCounts>, RecordError> {
        let losses = self.losses().into_iter().map(|(what, lost)| (what, lost.to_string())).collect();
        self.flush()?;
        self.write_copies((0..self.channels.len()).collect())?;
        self.put(|out| out.write_metadata(&Metadata { name: LOSSES.to_owned(), metadata: losses }))?;
        self.put(|out| out.finish().map(drop))?;
        self.settle()?;
        self.check_length()?;
        self.check_place()?;
        let topics = std::mem::take(&mut self.topics).into_iter().map(|topic| topic.counts);
        Ok(topics.chain(std::mem::take(&mut self.unseen)).collect())
    }

    /// Messages lost of each channel, and for each topic those missed in lanes that were never read.
    fn losses(&self) -> BTreeMap<String, u64> {
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

    /// The index of the channel of a message.
    fn channel(&mut self, delivery: &Delivery<'_>) -> Result<usize, RecordError> {
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
        let (id, copy) = self.add_channel(topic, delivery, layout)?;
        let Delivery { priority, kind, .. } = *delivery;
        let (publisher, made) = (delivery.publisher.to_owned(), self.flushes);
        self.channels.push(Channel { id, topic, priority, publisher, kind, layout, lost: 0, copy, made });
        Ok(self.channels.len() - 1)
    }

    /// Adds a channel; returns its id and the contents of its copies.
    fn add_channel(
        &mut self,
        topic: usize,
        delivery: &Delivery<'_>,
        layout: Layout,
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
        let name = name.clone();
        let message_encoding = if definition.is_some() { encoding.names().0 } else { OPAQUE };
        let id = self.put(|out| match &definition {
            Some(definition) => {
                let schema = out.add_schema(&definition.name, encoding.names().1, definition.text.as_bytes())?;
                out.add_channel(schema, &name, message_encoding, &metadata)
            }
            None => out.add_channel(0, &name, message_encoding, &metadata),
        })?;
        metadata.insert(key::ID.to_owned(), id.to_string());
        metadata.insert(key::ENCODING.to_owned(), message_encoding.to_owned());
        metadata.insert(key::CHECK.to_owned(), check(&metadata));
        Ok((id, metadata))
    }

    /// Applies `what` to the file; if that fails, truncates it to the flushed data.
    fn put<T>(&mut self, what: impl FnOnce(&mut Writer<Sink>) -> Result<T, McapError>) -> Result<T, RecordError> {
        let Some(out) = &mut self.writer else {
            return Err(self.failed(io::Error::other("writing has failed before")));
        };
        match what(&mut out.writer) {
            Ok(done) => Ok(done),
            Err(McapError::Io(source)) => Err(self.failed(source)),
            Err(error) => Err(RecordError::Format(error.into())),
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        if self.writer.is_some() && self.pending.1 > 0 {
            // The owner that drops it has another error to report.
            let _ = self.flush();
        }
        let is_here = self.check_place().is_ok();
        // It ends the file as well as it can. An unfinished recording without a message is of no use.
        self.writer = None;
        if self.flushed == 0 && is_here {
            self.output.discard();
        }
    }
}
