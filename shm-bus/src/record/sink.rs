//! The sink for a recording's bytes on their way to the file: it counts them, so that outputs that can't seek, such as a pipe, can be
//! written, too.
//!
//! # Failure
//! System errors. A closed sink accepts everything and writes nothing, since `mcap`'s writer writes once more when it is dropped.

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

/// A handle to inspect and close a sink while a writer owns it.
#[derive(Clone, Debug, Default)]
pub(super) struct Tap {
    // ORDERING: Relaxed throughout, one thread at a time has the writer and this.
    written: Arc<AtomicU64>,
    is_closed: Arc<AtomicBool>,
}

impl Tap {
    /// Number of bytes written.
    pub(super) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Writes nothing from now on.
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
    /// Returns the present position; never moves.
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match to {
            SeekFrom::Current(0) => Ok(self.tap.written()),
            _ => Err(io::ErrorKind::NotSeekable.into()),
        }
    }
}
