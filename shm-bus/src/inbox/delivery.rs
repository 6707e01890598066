//! One received message: a private copy, and its origin.

#![expect(unsafe_code, reason = "views the private copy's words as bytes")]

use crate::topic::Declaration;
use crate::wire::{Kind, Message, Priority, messages_in};

/// One received message: a private copy, and its origin. Valid until the next call to its inbox.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Delivery<'a> {
    /// Name of the topic.
    pub topic: &'a str,
    /// Hash of the topic's schema.
    pub schema_hash: u64,
    /// The topic's declaration at the time when the message's lane was created.
    pub declaration: &'a Declaration,
    /// The priority at which it was sent.
    pub priority: Priority,
    /// Name of the publisher.
    pub publisher: &'a str,
    /// Its number in its lane, from 0.
    pub sequence: u64,
    /// Messages of its lane directly before it that this inbox lost, or skipped under [`Policy::Latest`](crate::wire::Policy::Latest).
    /// Always 0 for a gating inbox if the topic's policy waits or refuses.
    pub lost: u64,
    /// Its kind: a plain message, or part of a request.
    pub kind: Kind,
    /// The status of a response; otherwise 0.
    pub status: u8,
    /// Id of the sending participant.
    pub sender: u64,
    /// The request that it belongs to; 0 in a plain message.
    pub correlation: u64,
    /// The bytes that were sent; 16-byte aligned.
    pub payload: &'a [u8],
}

impl<'a> Delivery<'a> {
    /// The messages in the payload, or `None` if the topic does not carry `M`, the length is no multiple of its size, or one of them is no
    /// value of `M`: a `bool` that is neither 0 nor 1, or an enum's number without a variant.
    #[must_use]
    pub fn messages<M: Message>(&self) -> Option<&'a [M]> {
        if M::SCHEMA_HASH == self.schema_hash { messages_in(self.payload) } else { None }
    }
}

/// The bytes of `words`.
#[inline]
pub(crate) const fn bytes_of(words: &[u64]) -> &[u8] {
    // SAFETY: u64 has no padding and a byte no alignment; the length is that of the slice.
    unsafe { std::slice::from_raw_parts(words.as_ptr().cast(), size_of_val(words)) }
}
