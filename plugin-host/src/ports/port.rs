//! One published topic: the host's side of a plugin's `Publisher`.
//!
//! # Failure
//! A lane that was corrupted by another program can no longer be used. This is reported once, and the plugin's next build gets a new lane.

use plugin_sdk::abi::Status;
use plugin_sdk::wire::Priority;
use shm_bus::{Publisher, SendError};

use super::difference::Published;
use crate::image::TopicInfo;

/// See the module.
#[derive(Debug)]
pub(crate) struct Port {
    pub(super) topic: TopicInfo,
    pub(super) publisher: Publisher,
    /// Its lane can no longer be used.
    is_broken: bool,
    /// The last logged error, so that it is logged once.
    told: Option<SendError>,
}

impl Port {
    pub(super) const fn new(topic: TopicInfo, publisher: Publisher) -> Self {
        Self { topic, publisher, is_broken: false, told: None }
    }

    pub(super) const fn published(&self) -> Published<'_> {
        Published { topic: &self.topic, is_broken: self.is_broken }
    }

    #[inline]
    fn status(&mut self, result: Result<(), SendError>) -> Status {
        match result {
            Ok(()) => Status::OK,
            Err(SendError::Full) => Status::FULL,
            Err(error) => self.failed(error),
        }
    }

    #[cold]
    fn failed(&mut self, error: SendError) -> Status {
        match error {
            SendError::QueueFull { .. } => Status::FULL,
            SendError::TooLong { .. } | SendError::NoLoan(_) => Status::INVALID,
            // The bus has reported this once, for all its users.
            SendError::Removed => Status::REFUSED,
            SendError::TimedOut { timeout_ms } => {
                if self.is_news(error) {
                    tracing::warn!(
                        topic = self.topic.name,
                        "the frame was blocked for {timeout_ms} ms: a plugin waited for room in the lane of \"{0}\", as the topic's \
                         policy says, and got none; read it more often, or give it more capacity",
                        self.topic.name
                    );
                }
                Status::FULL
            }
            error => {
                self.is_broken |= error == SendError::Corrupt;
                if self.is_news(error) {
                    tracing::error!(
                        topic = self.topic.name,
                        "publishing on \"{}\" failed: {error}; the next build of its plugin gets a new lane",
                        self.topic.name
                    );
                }
                Status::REFUSED
            }
        }
    }

    fn is_news(&mut self, error: SendError) -> bool {
        self.told.replace(error) != Some(error)
    }

    fn priority(&self) -> Priority {
        self.topic.priority
    }

    /// Reserves room for `length` bytes in the lane.
    pub(crate) fn begin(&mut self, length: usize) -> Result<*mut u8, Status> {
        match self.publisher.begin(self.priority(), length) {
            Ok(memory) => Ok(memory.as_ptr().cast()),
            Err(error) => Err(self.status(Err(error))),
        }
    }

    pub(crate) fn commit(&mut self, length: usize) -> Status {
        let result = self.publisher.commit(self.priority(), length);
        self.status(result)
    }

    pub(crate) fn cancel(&mut self) {
        self.publisher.cancel(self.priority());
    }

    pub(crate) fn send(&mut self, payload: &[u8]) -> Status {
        let result = self.publisher.send(self.priority(), payload);
        self.status(result)
    }
}
