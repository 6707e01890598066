//! A request that is being served.

use std::time::Duration;

use super::sessions::Sessions;
use super::time_until;
use super::{Codec, DeferredReply, ReplyError};
use crate::wire::{REQUEST_PREFIX_BYTES, Status};

/// A request that is being served: the method and its argument, and the means to answer. If it is dropped without an answer, it is answered
/// as failed.
#[derive(Debug)]
#[must_use = "the client waits for an answer"]
pub struct Request<'a> {
    /// `None` after it was answered.
    unanswered: Option<DeferredReply>,
    method: u32,
    /// The payload with its prefix.
    payload: &'a [u8],
    sessions: &'a mut Sessions,
}

impl<'a> Request<'a> {
    pub(super) const fn new(unanswered: DeferredReply, payload: &'a [u8], sessions: &'a mut Sessions) -> Self {
        Self { method: unanswered.method(), unanswered: Some(unanswered), payload, sessions }
    }

    /// The requested method.
    #[must_use]
    pub const fn method(&self) -> u32 {
        self.method
    }

    /// The method's argument; 8-byte aligned.
    #[must_use]
    pub fn payload(&self) -> &'a [u8] {
        &self.payload[REQUEST_PREFIX_BYTES..]
    }

    /// Time for which the client still waits.
    #[must_use]
    pub fn time_left(&self) -> Duration {
        let deadline_ns = self.unanswered.as_ref().map_or(0, |unanswered| unanswered.prefix.deadline_ns);
        time_until(deadline_ns)
    }

    /// Answers with the method's result.
    ///
    /// # Errors
    /// See [`ReplyError`].
    pub fn reply(self, payload: &[u8]) -> Result<(), ReplyError> {
        self.answer(Status::Ok, payload)
    }

    /// Answers with a status other than [`Status::Ok`] and a reason.
    ///
    /// # Errors
    /// See [`ReplyError`].
    pub fn refuse(self, status: Status, reason: &str) -> Result<(), ReplyError> {
        self.answer(status, reason.as_bytes())
    }

    /// Answers.
    ///
    /// # Errors
    /// See [`ReplyError`].
    pub fn answer(mut self, status: Status, payload: &[u8]) -> Result<(), ReplyError> {
        match self.unanswered.take() {
            Some(unanswered) => self.sessions.answer(unanswered.address, status, payload),
            None => Ok(()),
        }
    }

    /// Answers with `value`, encoded; a value that can't be encoded is answered as failed.
    ///
    /// # Errors
    /// See [`ReplyError`].
    pub fn reply_value<C: Codec>(mut self, value: &C::Value) -> Result<(), ReplyError> {
        let Some(unanswered) = self.unanswered.take() else { return Ok(()) };
        self.sessions.answer_value::<C>(unanswered.address, value)
    }

    /// Defers the answer: [`Server::answer`](super::Server::answer) sends it. Other requests can be served meanwhile.
    ///
    /// # Panics
    /// Never.
    pub fn defer(mut self) -> DeferredReply {
        self.unanswered.take().expect("it is taken only by what consumes the request")
    }
}

impl Drop for Request<'_> {
    fn drop(&mut self) {
        if let Some(unanswered) = self.unanswered.take() {
            let _ = self.sessions.answer(unanswered.address, Status::Failed, b"the server gave no answer");
        }
    }
}
