//! One received message: a private copy, and where it came from.

#![expect(unsafe_code, reason = "views the private copy's words as bytes")]

use crate::topic::Declaration;
use crate::wire::{Kind, Message, Priority, messages_in};

/// One received message: a private copy, and where it came from. Valid until the next call to its inbox.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Delivery<'a> {
    /// Name of the topic.
    pub topic: &'a str,
    /// Hash of the topic's schema.
    pub schema_hash: u64,
    /// As what the topic was declared when the message's lane was made.
    pub declaration: &'a Declaration,
    /// Priority at which it was sent.
    pub priority: Priority,
    /// Name of its publisher.
    pub publisher: &'a str,
    /// Its number in its lane, from 0.
    pub sequence: u64,
    /// Messages of its lane that were sent just before it and that this inbox lost, or skipped under
    /// [`Policy::Latest`](crate::wire::Policy::Latest); always 0 for a gating inbox where the topic's policy waits or refuses.
    pub lost: u64,
    /// What it is: a plain message, or part of a request.
    pub kind: Kind,
    /// A response's status; else 0.
    pub status: u8,
    /// Id of the participant that sent it.
    pub sender: u64,
    /// Which request it is about; 0 in a plain message.
    pub correlation: u64,
    /// What was sent; 8-byte aligned.
    pub payload: &'a [u8],
}

impl<'a> Delivery<'a> {
    /// The messages in the payload, or `None` when `M` is not what the topic carries or the length is no multiple of it.
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
