//! Reads recordings.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mcap::parse_record;
use mcap::records::{Record, op};

use super::frames::{Damage, FrameError, Frames};
use super::recorded::{Data, RecordedChannel, copied, recorded};
use super::{ABOUT, CHANNEL, COUNT_BYTES, cdr};

/// Why a file can't be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordingError {
    /// A system call failed.
    #[error("cannot read {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The file contains nothing valid.
    #[error("{} is damaged, or not an MCAP file", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The first problem, and its place.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file is compressed, which this build can't read.
    #[error("{} is compressed with {with}; uncompressed files can be read", path.display())]
    Compressed {
        /// The file.
        path: PathBuf,
        /// The compression.
        with: String,
    },
}

/// A recording that was looked through.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Recording {
    path: PathBuf,
    /// Name of the bus that was recorded; empty when the file does not say.
    pub bus: String,
    /// Its channels.
    pub channels: Vec<RecordedChannel>,
    /// Time from its first to its last message.
    pub duration: Duration,
    /// Messages of other programs, or of channels that were lost to damage; they are not read.
    pub foreign: u64,
    /// Impossible parts that were left out, in the order of the file.
    pub damage: Vec<Damage>,
    /// Whether it ends early, for example because the recorder was killed.
    pub cut_off: bool,
    /// Number of its last messages, if it ends within a chunk: without a checksum it is unknown whether they are right.
    pub unchecked: u64,
    /// Channels that are described only after their messages, because the earlier descriptions are damaged.
    copies: Copies,
}

/// Channels by their ids in the file.
type Copies = BTreeMap<u16, RecordedChannel>;

/// One record.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RecordedMessage<'a> {
    /// Index in [`Recording::channels`].
    pub channel: usize,
    /// Time of reception, counted from the recording's first message.
    pub time: Duration,
    /// Its number in its lane.
    pub sequence: u64,
    /// Messages that the recorder lost directly before it.
    pub lost: u64,
    /// The bytes that were sent; of requests and responses everything that is recorded after the losses.
    pub payload: &'a [u8],
}

impl Recording {
    /// Opens a recording and scans the whole file.
    ///
    /// # Errors
    /// See [`RecordingError`]. A file that ends early is no error, nor is a damaged one that still contains messages.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, RecordingError> {
        let (recording, copies) = Self::look_through(path.as_ref(), Copies::new())?;
        // Scans again if a description came only after the first use of its channel.
        let recording = if copies.is_empty() { recording } else { Self::look_through(path.as_ref(), copies)?.0 };
        if let Some(Damage { at, problem, .. }) = recording.damage.first()
            && recording.channels.iter().all(|channel| channel.messages == 0)
        {
            let source = format!("{problem} at byte {at}").into();
            return Err(RecordingError::Damaged { path: recording.path, source });
        }
        Ok(recording)
    }

    /// Scans the file, given the channels known so far; also returns those that were needed first and described later.
    fn look_through(path: &Path, copies: Copies) -> Result<(Self, Copies), RecordingError> {
        let mut reader = RecordingReader::open(path, copies.clone())?;
        let (mut last, mut unchecked) = (Duration::ZERO, 0);
        while let Some(message) = reader.read_next()? {
            let (channel, lost, len) = (message.channel, message.lost, message.payload.len());
            last = last.max(message.time);
            unchecked += u64::from(reader.frames.is_torn());
            let channel = &mut reader.channels[channel];
            channel.messages += 1;
            channel.lost = channel.lost.saturating_add(lost);
            channel.longest = channel.longest.max(len);
        }
        let RecordingReader { path, frames: Frames { cut_off, damage, .. }, .. } = reader;
        let RecordingReader { bus, channels, foreign, unknown, mut told, .. } = reader;
        told.retain(|id, _| unknown.contains(id));
        let recording = Self { path, bus, channels, duration: last, foreign, damage, cut_off, unchecked, copies };
        Ok((recording, told))
    }

    /// Its messages from the beginning.
    ///
    /// # Errors
    /// See [`RecordingError`].
    pub fn messages(&self) -> Result<RecordingReader, RecordingError> {
        RecordingReader::open(&self.path, self.copies.clone())
    }
}

/// Reads one record after the other.
#[derive(Debug)]
pub struct RecordingReader {
    path: PathBuf,
    frames: Frames,
    bus: String,
    channels: Vec<RecordedChannel>,
    /// Index in `channels` for each channel id of the file.
    ids: BTreeMap<u16, usize>,
    /// Channels that are known before the file describes them.
    copies: Copies,
    /// Channels that a copy described.
    told: Copies,
    /// Ids of messages whose channel was unknown.
    unknown: BTreeSet<u16>,
    /// Time of the first message.
    begin: Option<u64>,
    foreign: u64,
    /// The last message's data.
    data: Vec<u8>,
    /// The message's payload, if it had to be converted.
    payload: Vec<u8>,
}

impl RecordingReader {
    fn open(path: &Path, copies: Copies) -> Result<Self, RecordingError> {
        let path = path.to_owned();
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(source) => return Err(RecordingError::Io { path, source }),
        };
        let frames = match Frames::new(file) {
            Ok(frames) => frames,
            Err(error) => return Err(refused(&path, error)),
        };
        let (bus, channels, ids, data, payload) = Default::default();
        let (told, unknown, begin, foreign) = Default::default();
        Ok(Self { path, frames, bus, channels, ids, copies, told, unknown, begin, foreign, data, payload })
    }

    /// The next message; `None` at the end.
    ///
    /// # Errors
    /// See [`RecordingError`].
    pub fn read_next(&mut self) -> Result<Option<RecordedMessage<'_>>, RecordingError> {
        loop {
            let Some(record) = self.record()? else { return Ok(None) };
            match record {
                Found::Channel(id, channel) => self.add(id, *channel),
                Found::Copy(id, channel) => {
                    self.told.entry(id).or_insert_with(|| (*channel).clone());
                    self.add(id, *channel);
                }
                Found::About(bus) => self.bus = bus,
                Found::Message { id, log_time } => match self.channel_of(id) {
                    Some(channel) if self.take_apart(channel) => return Ok(Some(self.message(channel, log_time))),
                    _ => self.foreign += 1,
                },
            }
        }
    }

    /// The next relevant record; a message's data go to `data`.
    fn record(&mut self) -> Result<Option<Found>, RecordingError> {
        loop {
            let frame = self.frames.next().map_err(|error| refused(&self.path, error))?;
            let Some((opcode, body)) = frame else { return Ok(None) };
            if !matches!(opcode, op::CHANNEL | op::METADATA | op::MESSAGE) {
                continue;
            }
            let len = body.len();
            let Ok(record) = parse_record(opcode, body) else {
                self.frames.reject(len);
                continue;
            };
            let found = match record {
                Record::Channel(channel) => {
                    let recorded = recorded(&channel.topic, &channel.message_encoding, &channel.metadata);
                    recorded.map(|recorded| Found::Channel(channel.id, Box::new(recorded)))
                }
                Record::Metadata(about) if about.name == ABOUT => about.metadata.get("bus").cloned().map(Found::About),
                Record::Metadata(copy) if copy.name == CHANNEL => {
                    copied(&copy.metadata).map(|(id, recorded)| Found::Copy(id, Box::new(recorded)))
                }
                Record::Message { header, data } => {
                    self.data.clear();
                    self.data.extend_from_slice(&data);
                    Some(Found::Message { id: header.channel_id, log_time: header.log_time })
                }
                _ => None,
            };
            if found.is_some() {
                return Ok(found);
            }
        }
    }

    /// Index of the channel with this id, if it is known.
    fn channel_of(&mut self, id: u16) -> Option<usize> {
        if !self.ids.contains_key(&id) {
            match self.copies.remove(&id) {
                Some(channel) => self.add(id, channel),
                None => {
                    self.unknown.insert(id);
                }
            }
        }
        self.ids.get(&id).copied()
    }

    fn add(&mut self, id: u16, channel: RecordedChannel) {
        let index = self.channels.iter().position(|known| {
            (&known.topic, &known.schema, known.priority, &known.publisher, known.is_message, &known.data)
                == (
                    &channel.topic,
                    &channel.schema,
                    channel.priority,
                    &channel.publisher,
                    channel.is_message,
                    &channel.data,
                )
        });
        let index = index.unwrap_or(self.channels.len());
        if index == self.channels.len() {
            self.channels.push(channel);
        }
        self.ids.insert(id, index);
    }

    /// Whether the data fit the channel's format; converts them to messages if they have another serialization.
    fn take_apart(&mut self, channel: usize) -> bool {
        let Data { front, cdr, .. } = &self.channels[channel].data;
        let prefix = self.channels[channel].data.prefix();
        if self.data.len() < prefix || (*front > 0 && self.data[..*front] != cdr::FRONT) {
            return false;
        }
        let Some(fields) = cdr else { return true };
        let count = self.data[prefix - COUNT_BYTES..prefix].try_into().map_or(0, u32::from_le_bytes);
        self.payload.clear();
        let mut at = Some(prefix);
        for _ in 0..count {
            at = at.and_then(|at| cdr::take(fields, &self.data, at, &mut self.payload));
            // A count may have any value: missing data end it.
            if at.is_none() {
                return false;
            }
        }
        true
    }

    fn message(&mut self, channel: usize, log_time: u64) -> RecordedMessage<'_> {
        let begin = *self.begin.get_or_insert(log_time);
        let Data { front, cdr, .. } = &self.channels[channel].data;
        let (words, payload) = self.data.split_at(self.channels[channel].data.prefix());
        let word = |at: usize| words[front + at..front + at + 8].try_into().map_or(0, u64::from_le_bytes);
        let time = Duration::from_nanos(log_time.saturating_sub(begin));
        let payload = if cdr.is_some() { &self.payload } else { payload };
        RecordedMessage { channel, time, sequence: word(0), lost: word(8), payload }
    }
}

fn refused(path: &Path, error: FrameError) -> RecordingError {
    let path = path.to_owned();
    match error {
        FrameError::Io(source) => RecordingError::Io { path, source },
        FrameError::Foreign(problem) => RecordingError::Damaged { path, source: problem.into() },
        FrameError::Compressed(with) => RecordingError::Compressed { path, with },
    }
}

/// Kind of a record.
enum Found {
    Channel(u16, Box<RecordedChannel>),
    /// A repeated description of a channel.
    Copy(u16, Box<RecordedChannel>),
    About(String),
    Message {
        id: u16,
        log_time: u64,
    },
}
