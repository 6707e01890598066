//! What a recording's bytes go through on their way to the file: it counts them, so that also what can't be sought, such as a pipe, can be
//! written to.
//!
//! # Failure
//! As the system says. A closed one takes everything and writes nothing: `mcap`'s writer writes once more when it is dropped.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// See the module.
#[derive(Debug)]
pub(super) struct Sink {
    file: File,
    tap: Tap,
}

/// What can be told of a sink, and done to it, while a writer has it.
#[derive(Clone, Debug, Default)]
pub(super) struct Tap {
    // ORDERING: Relaxed throughout, one thread at a time has the writer and this.
    written: Arc<AtomicU64>,
    is_closed: Arc<AtomicBool>,
}

impl Tap {
    /// Bytes that were written.
    pub(super) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// From now on nothing is written.
    pub(super) fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
    }
}

impl Sink {
    pub(super) fn new(file: File) -> (Self, Tap) {
        let tap = Tap::default();
        (Self { file, tap: tap.clone() }, tap)
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.tap.is_closed.load(Ordering::Relaxed) {
            return Ok(bytes.len());
        }
        let written = self.file.write(bytes)?;
        self.tap.written.fetch_add(written as u64, Ordering::Relaxed);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for Sink {
    /// Tells where it is; goes nowhere.
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match to {
            SeekFrom::Current(0) => Ok(self.tap.written()),
            _ => Err(io::ErrorKind::NotSeekable.into()),
        }
    }
}
