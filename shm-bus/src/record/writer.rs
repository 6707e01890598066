//! Writes recordings.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;

use mcap::WriteOptions;
use mcap::records::MessageHeader;

use super::channels::{Channels, RecordedCounts};
use super::chunked::ChunkedFile;
use super::error::RecordError;
use super::{ABOUT, CHANNEL, Encoding, LOSSES};
use crate::inbox::{Delivery, Missed};
use crate::snapshot::TopicInfo;

/// The result of a recording that ended without an error.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finished {
    /// What was recorded, by topic.
    pub counts: Vec<RecordedCounts>,
    /// Whether the recording exists, under its own name. It is `false` if it has no message and another file has that name: that file is
    /// unchanged.
    pub is_kept: bool,
}

/// See [the module](super).
#[derive(Debug)]
pub struct Recorder {
    file: ChunkedFile,
    channels: Channels,
    /// One record's data.
    data: Vec<u8>,
    /// Bytes and messages since the last flush.
    pending: (usize, u64),
}

impl Recorder {
    /// Number of bytes after which [`Self::write`] flushes.
    const CHUNK_BYTES: usize = 1 << 20;

    /// Begins a recording at `path`, where no file may exist unless `overwrite`. Until it contains a message it has another name next to
    /// that one, see [`Self::path`]; an existing file at `path` stays until then.
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
        let library = concat!("hotframe/", env!("CARGO_PKG_VERSION"));
        let options = WriteOptions::new().library(library);
        let options = if encoding == Encoding::Ros2 { options.profile("ros2") } else { options };
        let mut file = ChunkedFile::create(path.as_ref().to_owned(), overwrite, options)?;
        file.put_metadata(ABOUT, BTreeMap::from([("bus".to_owned(), bus_name.to_owned())]))?;
        let mut recorder = Self { file, channels: Channels::new(encoding), data: Vec::new(), pending: (0, 0) };
        recorder.write_out()?;
        Ok(recorder)
    }

    /// The present path of the recording; it is the requested one once the recording contains a message.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Declares a topic, so that it is counted even without a message; the first message of a topic declares it, too. Idempotent. Another
    /// declaration of the same name is another topic, with channels of its own.
    pub fn declare(&mut self, topic: &TopicInfo) {
        self.channels.topic(topic);
    }

    /// Counts what the recorder's inbox [missed](crate::Inbox::take_missed) as lost.
    pub fn miss(&mut self, missed: &Missed) {
        self.channels.miss(missed);
    }

    /// Adds a message, received at `time`. It reaches the file with the next flush.
    ///
    /// # Errors
    /// See [`RecordError`].
    pub fn write(&mut self, delivery: &Delivery<'_>, time: SystemTime) -> Result<(), RecordError> {
        let channel = self.channels.channel(delivery, &mut self.file)?;
        self.data.clear();
        let channel_id = self.channels.write(channel, delivery, &mut self.data);
        self.pending.0 += self.data.len();
        self.pending.1 += 1;
        let log_time = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos() as u64;
        let sequence = delivery.sequence as u32;
        let header = MessageHeader { channel_id, sequence, log_time, publish_time: log_time };
        self.file.put(|out| out.write_to_known_channel(&header, &self.data))?;
        if self.pending.0 >= Self::CHUNK_BYTES { self.flush() } else { Ok(()) }
    }

    /// Writes everything so far into the file; it is readable from then on, even if this process is killed. With the first message the file
    /// gets its name.
    ///
    /// # Errors
    /// See [`RecordError`].
    pub fn flush(&mut self) -> Result<(), RecordError> {
        self.write_out()?;
        if self.file.has_messages() { self.file.settle() } else { Ok(()) }
    }

    fn write_out(&mut self) -> Result<(), RecordError> {
        self.file.flush(self.pending.1)?;
        self.pending = (0, 0);
        let due = self.channels.copies_after_flush();
        self.write_copies(due)
    }

    /// Repeats descriptions of channels, outside of chunks.
    fn write_copies(&mut self, copies: Vec<BTreeMap<String, String>>) -> Result<(), RecordError> {
        for copy in copies {
            self.file.put_metadata(CHANNEL, copy)?;
        }
        self.file.keep();
        Ok(())
    }

    /// Messages added since the last flush.
    #[must_use]
    pub const fn unflushed(&self) -> u64 {
        self.pending.1
    }

    /// What was recorded so far, by topic.
    pub fn counts(&self) -> impl Iterator<Item = &RecordedCounts> {
        self.channels.counts()
    }

    /// Ends the file with its index and the losses. A recording without a message replaces no file: it gets its name only if no file has
    /// it, and is removed otherwise.
    ///
    /// # Errors
    /// See [`RecordError`].
    pub fn finish(mut self) -> Result<Finished, RecordError> {
        let losses = self.channels.losses().into_iter().map(|(what, lost)| (what, lost.to_string())).collect();
        self.flush()?;
        self.write_copies(self.channels.copies())?;
        self.file.put_metadata(LOSSES, losses)?;
        let is_kept = self.file.finish()?;
        Ok(Finished { counts: self.channels.counts().cloned().collect(), is_kept })
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        if !self.file.has_failed() && self.pending.1 > 0 {
            // The owner that drops it has another error to report.
            let _ = self.flush();
        }
    }
}
