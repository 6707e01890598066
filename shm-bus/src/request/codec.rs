//! Codecs: how arguments and results of methods become bytes.
//!
//! Plain data travels as its bytes, everything else as MessagePack.

use std::marker::PhantomData;

use crate::wire::{Message, SchemaText, message_bytes, message_in};

/// Bytes that are no valid value, or a value that can't be encoded.
#[derive(Debug, thiserror::Error)]
#[error("`{what}` cannot be {}: {reason}", if *.encoding { "encoded" } else { "decoded" })]
pub struct CodecError {
    /// The type that was to be encoded or decoded.
    pub what: &'static str,
    /// Whether it failed to encode (otherwise to decode).
    pub encoding: bool,
    /// The reason.
    pub reason: String,
}

/// Encodes a value as bytes and decodes it.
pub trait Codec: 'static {
    /// The type of the value.
    type Value;
    /// Identity of codec and type in a service's schema.
    const SCHEMA: &'static str;

    /// Appends the bytes of `value` to `out`.
    ///
    /// # Errors
    /// If the value can't be encoded.
    fn encode(value: &Self::Value, out: &mut Vec<u8>) -> Result<(), CodecError>;

    /// Decodes `bytes`.
    ///
    /// # Errors
    /// If they are not a valid value.
    fn decode(bytes: &[u8]) -> Result<Self::Value, CodecError>;
}

/// Plain data, encoded as its bytes.
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
        // A request's argument lies behind a prefix, where not every type is aligned.
        match message_in(bytes) {
            Some(value) => Ok(value),
            None => {
                let reason = match bytes.len() {
                    len if len == size_of::<M>() => {
                        "a `bool` or an enum in it has a number that is no value".to_owned()
                    }
                    len => format!("{len} bytes, expected {}", size_of::<M>()),
                };
                Err(CodecError { what: M::NAME, encoding: false, reason })
            }
        }
    }
}

/// No value, encoded as no bytes.
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
