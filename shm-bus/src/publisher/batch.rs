//! Several messages at once: one look at who asked for a signal, and readers that do not fight for the lane's cache lines meanwhile.
//!
//! # Failure
//! However a batch ends, by an error or by a panic of who gives the messages, what was sent of it is seen by then.

use super::{Publisher, SendError};
use crate::lane::Envelope;
use crate::wire::Priority;

/// Why a batch was not sent to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("after {sent} messages of the batch")]
pub struct BatchError {
    /// Messages of the batch that were taken before.
    pub sent: usize,
    /// Why the next one was not.
    pub source: SendError,
}

/// A batch that has begun.
struct Batch<'a> {
    publisher: &'a mut Publisher,
    priority: Priority,
    sent: usize,
}

impl Publisher {
    /// Sends each payload as a message of its own, quicker than one by one: inboxes see all of them at once, when the last one is
    /// written. Where room has to be made or waited for, what was written so far is seen first. Nothing is seen while `payloads`
    /// computes the next one, which should not take long. How many were taken; under [`Policy::DropNewest`](crate::wire::Policy) those that
    /// were dropped for want of room are among them.
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
    /// See [`BatchError`]; those before were sent.
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
        // Who gives the messages may have forked.
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
