//! One message that a worker holds.

use super::Worker;
use super::hold::JobError;
use crate::wire::{Message, Priority, messages_in};

/// A message of a work queue that nobody else works on meanwhile. Dropping it gives it back.
#[derive(Debug)]
#[must_use = "a job that is dropped is given back"]
pub struct Job<'a> {
    /// Which delivery of this message this is, from 1. A dead letter taken as such is not delivered once more.
    pub deliveries: u8,
    /// Priority at which it was sent.
    pub priority: Priority,
    /// Id of its lane; never given again on this bus.
    pub lane: u64,
    /// Its number in its lane, from 0. With the lane it tells redeliveries of one message from other messages.
    pub sequence: u64,
    /// Id of the participant that sent it.
    pub sender: u64,
    /// Bytes.
    pub(super) len: usize,
    pub(super) worker: &'a mut Worker,
    pub(super) ended: bool,
}

impl Job<'_> {
    /// What was sent; 8-byte aligned. A private copy.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        self.worker.payload(self.len)
    }

    /// The messages in the payload, or `None` when `M` is not what the queue carries or the length is no multiple of it.
    #[must_use]
    pub fn messages<M: Message>(&self) -> Option<&[M]> {
        if M::SCHEMA_HASH == self.worker.schema_hash() { messages_in(self.payload()) } else { None }
    }

    /// Whether somebody else, or this worker, had it before and did not say that it was done. It may have been done all the same.
    #[must_use]
    pub const fn redelivered(&self) -> bool {
        self.deliveries > 1
    }

    /// Name of its producer.
    #[must_use]
    pub fn producer(&self) -> &str {
        self.worker.held_from()
    }

    /// Says that it is done: nobody gets it again.
    ///
    /// # Errors
    /// See [`JobError`]. It may then be done twice.
    pub fn done(mut self) -> Result<(), JobError> {
        self.ended = true;
        self.worker.finish_held()
    }

    /// Gives it back: somebody, perhaps this worker, gets it again at once, or it becomes a dead letter if that was its last delivery.
    pub fn give_back(self) {}

    /// Gives it back as if it had never been delivered; how a dead letter is tried again.
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
