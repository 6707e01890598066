//! MessagePack with field names: either side may add, omit and reorder fields, as serde's attributes allow.
//!
//! Byte strings are encoded as `bin` if a field says so; plain vectors would become arrays of integers, one for each byte:
//!
//! ```
//! #[derive(serde::Serialize, serde::Deserialize)]
//! struct Chunk<'a> {
//!     name: &'a str,
//!     #[serde(with = "shm_bus::pack::bytes", borrow)]
//!     data: &'a [u8],
//! }
//!
//! let mut buffer = Vec::new();
//! shm_bus::pack::encode(&Chunk { name: "height", data: &[7; 1024] }, &mut buffer)?;
//! let chunk: Chunk = shm_bus::pack::decode(&buffer)?;
//! assert_eq!((chunk.name, chunk.data.len()), ("height", 1024));
//! # Ok::<(), shm_bus::CodecError>(())
//! ```

use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Codec, CodecError};

/// For `#[serde(with = "shm_bus::pack::bytes")]` on byte strings.
pub use serde_bytes as bytes;

/// Appends `value` to `out`.
///
/// # Errors
/// If serde can't encode it, such as a sequence of unknown length.
pub fn encode<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), CodecError> {
    let mut serializer = rmp_serde::Serializer::new(out).with_struct_map();
    value.serialize(&mut serializer).map_err(|error| failed(true, &error))
}

/// Decodes `bytes`; texts and byte strings may be borrowed from them.
///
/// # Errors
/// If they do not begin with such a value.
pub fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, CodecError> {
    rmp_serde::from_slice(bytes).map_err(|error| failed(false, &error))
}

#[cold]
fn failed(encoding: bool, error: &dyn std::fmt::Display) -> CodecError {
    CodecError { what: "MessagePack", encoding, reason: error.to_string() }
}

/// A value encoded as MessagePack with field names.
#[derive(Debug)]
pub struct AsPack<T>(PhantomData<fn() -> T>);

impl<T: Serialize + DeserializeOwned + 'static> Codec for AsPack<T> {
    type Value = T;
    const SCHEMA: &'static str = "messagepack";

    fn encode(value: &T, out: &mut Vec<u8>) -> Result<(), CodecError> {
        encode(value, out)
    }

    fn decode(bytes: &[u8]) -> Result<T, CodecError> {
        decode(bytes)
    }
}
