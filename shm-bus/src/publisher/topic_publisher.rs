//! A publisher with a message type.

use std::marker::PhantomData;

use super::Publisher;
use crate::outgoing::SendError;
use crate::wire::{Topic, message_bytes};

/// Publishes the topic `T` at its declared priority. Made by [`Bus::publisher_of`](crate::Bus::publisher_of).
#[derive(Debug)]
pub struct TopicPublisher<T: Topic> {
    untyped: Publisher,
    topic: PhantomData<fn() -> T>,
}

impl<T: Topic> TopicPublisher<T> {
    pub(crate) const fn new(untyped: Publisher) -> Self {
        Self { untyped, topic: PhantomData }
    }

    /// Sends one message.
    ///
    /// # Errors
    /// See [`SendError`].
    pub fn send(&mut self, message: &T::Message) -> Result<(), SendError> {
        self.send_all(std::slice::from_ref(message))
    }

    /// Sends messages back to back in one record.
    ///
    /// # Errors
    /// See [`SendError`].
    pub fn send_all(&mut self, messages: &[T::Message]) -> Result<(), SendError> {
        self.untyped.send(T::PRIORITY, message_bytes(messages))
    }
}
