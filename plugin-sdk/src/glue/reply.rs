//! Encodes what a method returned: one MessagePack value with field names, or nothing at all for `()`.

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
        let writer = SinkWriter { sink: self.sink, written: "reply" };
        let mut serializer = rmp_serde::Serializer::new(writer).with_struct_map().with_human_readable();
        value.serialize(&mut serializer).map_err(|error| unwritten(&error, self.signature))
    }
}

#[cold]
fn unwritten(error: &rmp_serde::encode::Error, signature: &str) -> Failure {
    Failure::Failed(CallError::new(0, format!("the reply can't be written: {error}; the method is {signature}")))
}
