//! One message that a worker holds.

use super::Worker;
use super::hold::JobError;
use crate::wire::{Message, Priority, messages_in};

/// A message of a work queue that nobody else processes meanwhile. Dropping it gives it back.
#[derive(Debug)]
#[must_use = "a job that is dropped is given back"]
pub struct Job<'a> {
    /// Number of this delivery, from 1. Taking a dead letter does not count as a delivery.
    pub deliveries: u8,
    /// Priority at which it was sent.
    pub priority: Priority,
    /// Id of its lane; never reused on this bus.
    pub lane: u64,
    /// Its number in its lane, from 0. Together with the lane it tells redeliveries of one message from other messages.
    pub sequence: u64,
    /// Id of the participant that sent it.
    pub sender: u64,
    /// Length in bytes.
    pub(super) len: usize,
    pub(super) worker: &'a mut Worker,
    pub(super) ended: bool,
}

impl Job<'_> {
    /// The bytes that were sent; 16-byte aligned. A private copy.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        self.worker.payload(self.len)
    }

    /// The messages in the payload, or `None` if the queue does not carry `M`, the length is no multiple of its size, or one of them is no
    /// value of `M`: a `bool` that is neither 0 nor 1, or an enum's number without a variant.
    #[must_use]
    pub fn messages<M: Message>(&self) -> Option<&[M]> {
        if M::SCHEMA_HASH == self.worker.schema_hash() { messages_in(self.payload()) } else { None }
    }

    /// Whether it was delivered before, to this or another worker, and not marked as done. The work may have been done all the same.
    #[must_use]
    pub const fn redelivered(&self) -> bool {
        self.deliveries > 1
    }

    /// Name of its producer.
    #[must_use]
    pub fn producer(&self) -> &str {
        self.worker.held_from()
    }

    /// Marks it as done (ack): nobody gets it again.
    ///
    /// # Errors
    /// See [`JobError`]. The work may then be done twice.
    pub fn done(mut self) -> Result<(), JobError> {
        self.ended = true;
        self.worker.finish_held()
    }

    /// Gives it back (nack): some worker, perhaps this one, gets it again at once, or it becomes a dead letter if that was its last
    /// delivery.
    pub fn give_back(self) {}

    /// Gives it back as if it had never been delivered; this is how a dead letter is retried.
    ///
    /// # Errors
    /// See [`JobError`].
    pub fn renew(mut self) -> Result<(), JobError> {
        self.ended = true;
        self.worker.renew_held()
    }
}

impl Drop for Job<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.worker.give_back_held();
        }
    }
}
