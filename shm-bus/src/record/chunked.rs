//! The file that a recorder writes: an MCAP writer over an [`Output`]. It knows neither topics nor channels.
//!
//! # Invariants
//! 1. Up to `good` bytes the file consists of whole chunks and records.
//!
//! # Failure
//! After a failed write only the flushed data remain. A file without a message is removed.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use mcap::records::Metadata;
use mcap::{McapError, WriteOptions, Writer};

use super::error::RecordError;
use super::file::{Output, Whereabouts};
use super::sink::{Sink, Tap};

/// See the module.
#[derive(Debug)]
pub(super) struct ChunkedFile {
    wanted: PathBuf,
    output: Output,
    /// `None` only after writing has failed.
    writer: Option<Out>,
    /// Messages before the last flush.
    flushed: u64,
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

impl ChunkedFile {
    /// Creates the file for `wanted`, where no file may exist unless `overwrite`.
    pub(super) fn create(wanted: PathBuf, overwrite: bool, options: WriteOptions) -> Result<Self, RecordError> {
        let failed = |source| RecordError::Create { path: wanted.clone(), source };
        let (mut output, file) = Output::create(&wanted, overwrite).map_err(failed)?;
        let same = file.try_clone().map_err(failed)?;
        let (sink, tap) = Sink::new(file);
        // Only flushing ends chunks, so every flush leaves whole chunks.
        match options.chunk_size(None).disable_seeking(true).create(sink) {
            Ok(writer) => {
                let writer = Some(Out { writer, tap, file: same, good: 0 });
                Ok(Self { wanted, output, writer, flushed: 0 })
            }
            Err(error) => {
                output.discard();
                Err(match error {
                    McapError::Io(source) => RecordError::Write { path: wanted, messages: 0, source },
                    error => RecordError::Format(error.into()),
                })
            }
        }
    }

    /// Its present path; the requested one once it is settled.
    pub(super) fn path(&self) -> &Path {
        self.output.path()
    }

    /// Whether writing has failed.
    pub(super) const fn has_failed(&self) -> bool {
        self.writer.is_none()
    }

    /// Whether flushed data contain a message.
    pub(super) const fn has_messages(&self) -> bool {
        self.flushed > 0
    }

    /// Applies `what` to the file; if that fails, truncates it to the flushed data.
    pub(super) fn put<T>(
        &mut self,
        what: impl FnOnce(&mut Writer<Sink>) -> Result<T, McapError>,
    ) -> Result<T, RecordError> {
        let Some(out) = &mut self.writer else {
            return Err(self.failed(io::Error::other("writing has failed before")));
        };
        match what(&mut out.writer) {
            Ok(done) => Ok(done),
            Err(McapError::Io(source)) => Err(self.failed(source)),
            Err(error) => Err(RecordError::Format(error.into())),
        }
    }

    /// Writes metadata, outside of chunks.
    pub(super) fn put_metadata(&mut self, name: &str, metadata: BTreeMap<String, String>) -> Result<(), RecordError> {
        self.put(|out| out.write_metadata(&Metadata { name: name.to_owned(), metadata }))
    }

    /// Ends the chunk, which contains `messages`.
    pub(super) fn flush(&mut self, messages: u64) -> Result<(), RecordError> {
        self.check_length()?;
        self.put(Writer::flush)?;
        self.keep();
        self.flushed += messages;
        Ok(())
    }

    /// Keeps what is written so far, even if a later write fails; it must end with a whole chunk or record.
    pub(super) fn keep(&mut self) {
        if let Some(out) = &mut self.writer {
            out.good = out.tap.written();
        }
    }

    /// Ends the file with its index and gives it its name. A file without a message replaces no other: it is removed instead. Returns
    /// whether the file has its name.
    pub(super) fn finish(&mut self) -> Result<bool, RecordError> {
        self.put(|out| out.finish().map(drop))?;
        if self.has_messages() {
            self.settle()?;
        } else if !self.settle_empty()? {
            return Ok(false);
        }
        self.check_length()?;
        self.check_place()?;
        Ok(true)
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

    /// Gives the file its name. Idempotent.
    pub(super) fn settle(&mut self) -> Result<(), RecordError> {
        if self.output.is_settled() {
            return Ok(());
        }
        self.output.settle().map_err(|source| self.unnamed(source))
    }

    /// Gives a file without a message its name, or removes it if another file has that name. Returns whether it has the name.
    fn settle_empty(&mut self) -> Result<bool, RecordError> {
        self.output.settle_if_new().map_err(|source| self.unnamed(source))
    }

    /// Handles a failed renaming: the file keeps its present name.
    fn unnamed(&mut self, source: io::Error) -> RecordError {
        if let Err(error) = self.check_place() {
            return error;
        }
        let (path, wanted) = (self.output.leave(), self.wanted.clone());
        RecordError::Name { path, wanted, source }
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
}

impl Drop for ChunkedFile {
    fn drop(&mut self) {
        let is_here = self.check_place().is_ok();
        // It ends the file as well as it can. An unfinished recording without a message is of no use.
        self.writer = None;
        if self.flushed == 0 && is_here {
            self.output.discard();
        }
    }
}
