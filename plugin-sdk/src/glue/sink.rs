//! The host's sink as a writer: bytes are copied once, into the host's memory.

#![expect(unsafe_code, reason = "writes to the host's sink")]

use crate::abi::{Sink, Status};

/// See the module.
pub(super) struct SinkWriter {
    pub(super) sink: Sink,
    /// What is written, for errors.
    pub(super) written: &'static str,
}

impl std::io::Write for SinkWriter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        // SAFETY: the host's own function and context; the bytes live until it returns.
        match unsafe { (self.sink.write)(self.sink.context, bytes.as_ptr(), bytes.len()) } {
            Status::OK => Ok(bytes.len()),
            _ => Err(std::io::Error::other(format!("the host refused more bytes of the {}", self.written))),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
