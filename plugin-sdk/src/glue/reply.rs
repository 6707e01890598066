//! Encodes what a method returned: one MessagePack value with field names, or nothing at all for `()`.

use std::io::{self, Write};

use rmp::encode::ValueWriteError;
use rmp_serde::encode::Error;
use serde::Serialize;

use super::failure::Failure;
use super::sink::SinkWriter;
use crate::abi::Sink;
use crate::call::CallError;

/// The place for a reply.
#[derive(Debug)]
pub struct Reply {
    sink: Sink,
    signature: &'static str,
}

impl Reply {
    #[inline]
    pub(super) fn new(sink: Sink, signature: &'static str) -> Self {
        Self { sink, signature }
    }

    /// Replies with `value`.
    ///
    /// # Errors
    /// The value can't be written, or the host refused it.
    pub fn value<T: Serialize>(self, value: &T) -> Result<(), Failure> {
        let writer = Buffered { sink: SinkWriter { sink: self.sink, written: "reply" }, bytes: [0; _], used: 0 };
        let mut serializer = rmp_serde::Serializer::new(writer).with_struct_map().with_human_readable();
        let written = value.serialize(&mut serializer).map_err(cause);
        let flushed = written.and_then(|()| serializer.get_mut().flush().map_err(|error| error.to_string()));
        flushed.map_err(|cause| unwritten(&cause, self.signature))
    }
}

#[cold]
fn cause(error: Error) -> String {
    match error {
        Error::InvalidValueWrite(
            ValueWriteError::InvalidMarkerWrite(refused) | ValueWriteError::InvalidDataWrite(refused),
        ) => refused.to_string(),
        other => other.to_string(),
    }
}

#[cold]
fn unwritten(cause: &str, signature: &str) -> Failure {
    Failure::Failed(CallError::new(0, format!("the reply cannot be written: {cause}; the method is {signature}")))
}

/// Gathers the encoder's writes, most of which are single bytes, so that a small reply is one call of the host.
struct Buffered {
    sink: SinkWriter,
    bytes: [u8; 128],
    /// Bytes that the sink hasn't got yet.
    used: usize,
}

impl Write for Buffered {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    // What the encoder calls. The provided one would loop around `write`.
    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self.bytes.get_mut(self.used..self.used + bytes.len()) {
            Some(free) => {
                free.copy_from_slice(bytes);
                self.used += bytes.len();
                Ok(())
            }
            None => self.pass_on(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        let used = core::mem::take(&mut self.used);
        self.sink.write_all(&self.bytes[..used])
    }
}

impl Buffered {
    #[cold]
    fn pass_on(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.flush()?;
        self.sink.write_all(bytes)
    }
}
