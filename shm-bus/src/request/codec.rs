//! How what a method takes and gives becomes bytes.
//!
//! Plain data travels as its bytes, everything else as MessagePack.

use std::marker::PhantomData;

use crate::wire::{Message, SchemaText, message_bytes, messages_in};

/// Bytes that are no value of what was expected, or a value that has no bytes.
#[derive(Debug, thiserror::Error)]
#[error("`{what}` can't be {}: {reason}", if *.encoding { "encoded" } else { "decoded" })]
pub struct CodecError {
    /// What was to be encoded or decoded.
    pub what: &'static str,
    /// Which of both.
    pub encoding: bool,
    /// What is wrong.
    pub reason: String,
}

/// Writes a value as bytes and reads it back.
pub trait Codec: 'static {
    /// The value.
    type Value;
    /// Identity of codec and type in a service's schema.
    const SCHEMA: &'static str;

    /// Appends the bytes of `value` to `out`.
    ///
    /// # Errors
    /// When the value has none.
    fn encode(value: &Self::Value, out: &mut Vec<u8>) -> Result<(), CodecError>;

    /// The value of `bytes`.
    ///
    /// # Errors
    /// When they are none.
    fn decode(bytes: &[u8]) -> Result<Self::Value, CodecError>;
}

/// Plain data, as its bytes.
#[derive(Debug)]
pub struct AsBytes<M>(PhantomData<fn() -> M>);

impl<M: Message> Codec for AsBytes<M> {
    type Value = M;
    const SCHEMA: &'static str = {
        struct Text<M>(PhantomData<M>);
        impl<M: Message> Text<M> {
            const TEXT: &'static SchemaText = &SchemaText::new().text(M::NAME).text("#").number(M::SCHEMA_HASH);
        }
        Text::<M>::TEXT.as_str()
    };

    fn encode(value: &M, out: &mut Vec<u8>) -> Result<(), CodecError> {
        out.extend_from_slice(message_bytes(std::slice::from_ref(value)));
        Ok(())
    }

    fn decode(bytes: &[u8]) -> Result<M, CodecError> {
        match messages_in::<M>(bytes) {
            Some([value]) => Ok(*value),
            _ => Err(CodecError {
                what: M::NAME,
                encoding: false,
                reason: format!("{} bytes, expected {}", bytes.len(), size_of::<M>()),
            }),
        }
    }
}

/// Nothing, as no bytes.
impl Codec for () {
    type Value = ();
    const SCHEMA: &'static str = "nothing";

    fn encode((): &(), _: &mut Vec<u8>) -> Result<(), CodecError> {
        Ok(())
    }

    fn decode(bytes: &[u8]) -> Result<(), CodecError> {
        if bytes.is_empty() {
            return Ok(());
        }
        Err(CodecError { what: "nothing", encoding: false, reason: format!("{} bytes", bytes.len()) })
    }
}
