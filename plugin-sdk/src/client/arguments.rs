//! Encodes the arguments of a call, as [`abi::ExportDescriptor`](crate::abi::ExportDescriptor)'s module describes them.

use serde::{Serialize, Serializer};

/// The arguments of a call: a MessagePack array, or no bytes.
#[derive(Debug, Default)]
pub struct Arguments {
    pub(super) bytes: Vec<u8>,
    /// Why an argument can't be written.
    pub(super) failure: Option<String>,
}

impl Arguments {
    /// Begins with the number of arguments that follow, at least one. Without arguments use the default.
    #[must_use]
    pub fn new(count: u32) -> Self {
        let (mut bytes, mut failure) = (Vec::with_capacity(64), None);
        if let Err(error) = rmp::encode::write_array_len(&mut bytes, count) {
            failure = Some(error.to_string());
        }
        Self { bytes, failure }
    }

    /// The next argument.
    #[must_use]
    pub fn value<T: Serialize + ?Sized>(mut self, name: &str, value: &T) -> Self {
        // As the plugin reads it: with field names, and as a human-readable format.
        let mut serializer = rmp_serde::Serializer::new(&mut self.bytes).with_struct_map().with_human_readable();
        if let Err(error) = value.serialize(&mut serializer) {
            self.failure.get_or_insert_with(|| format!("argument `{name}`: {error}"));
        }
        self
    }

    /// The next argument as binary data, which the plugin borrows.
    #[must_use]
    pub fn bytes(self, name: &str, bytes: &[u8]) -> Self {
        self.value(name, &Bytes(bytes))
    }
}

/// serde writes a slice as a list of numbers, which can't be borrowed as bytes.
struct Bytes<'a>(&'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}
