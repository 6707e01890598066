//! Sends several messages at once: it checks the interest mask once for all, and readers don't contend for the lane's cache lines
//! meanwhile.
//!
//! # Failure
//! If a batch ends early, by an error or a panic in the caller's iterator, the messages sent so far are visible by then.

use super::Publisher;
use crate::lane::Envelope;
use crate::outgoing::SendError;
use crate::wire::Priority;

/// Why a batch was not sent completely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("after {sent} messages of the batch")]
pub struct BatchError {
    /// Number of messages of the batch that were sent before.
    pub sent: usize,
    /// Why the next message was not sent.
    pub source: SendError,
}

/// A batch that has begun.
struct Batch<'a> {
    publisher: &'a mut Publisher,
    priority: Priority,
    sent: usize,
}

impl Publisher {
    /// Sends each payload as a message of its own, faster than one by one: inboxes see all of them at once, when the last one is written.
    /// If room has to be made or waited for, the messages written so far become visible first. Nothing is visible while `payloads` computes
    /// the next one, so that should not take long. Returns the number of messages taken; under [`Policy::DropNewest`](crate::wire::Policy)
    /// this includes messages dropped because there was no room.
    ///
    /// ```
    /// # use shm_bus::wire::{Policy, Priority, schema_hash};
    /// # use shm_bus::{Attachment, Bus, Start, TopicSpec};
    /// # const SCHEMA: &str = "example.Number@1 8/8 {value:u64@0}";
    /// # const NUMBERS: TopicSpec<'_> = TopicSpec { name: "numbers", type_name: "example.Number", schema: SCHEMA,
    /// #     schema_hash: schema_hash(SCHEMA), message_size: 8, policy: Policy::Reject };
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let bus = Bus::anonymous()?;
    /// # let mut inbox = bus.inbox("reader", Attachment::Gating)?;
    /// # inbox.subscribe(&NUMBERS, Start::Now)?;
    /// # let mut publisher = bus.publisher(&NUMBERS, "writer", &[(Priority::Normal, 4096)])?;
    /// let sent = publisher.send_batch(Priority::Normal, (0..10_u64).map(u64::to_le_bytes))?;
    /// assert_eq!(sent, inbox.drain(|_| ())?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`BatchError`]; earlier messages were sent.
    pub fn send_batch(
        &mut self,
        priority: Priority,
        payloads: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Result<usize, BatchError> {
        self.lane(priority).map_err(|source| BatchError { sent: 0, source })?.writer.begin_batch();
        let mut batch = Batch { publisher: self, priority, sent: 0 };
        for payload in payloads {
            if let Err(source) = batch.publisher.write(priority, Envelope::MESSAGE, payload.as_ref()) {
                return Err(BatchError { sent: batch.sent, source });
            }
            batch.sent += 1;
        }
        Ok(batch.sent)
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        // The caller's iterator may have forked.
        if self.publisher.shared.is_forked() {
            return;
        }
        if let Ok(lane) = self.publisher.lane(self.priority) {
            lane.writer.end_batch();
        }
        if self.sent > 0 {
            self.publisher.signal(self.priority);
        }
    }
}
