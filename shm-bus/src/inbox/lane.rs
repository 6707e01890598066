//! A lane as one inbox sees it.

use crate::lane::{Fault, LaneFile, Message, Reader};
use crate::wire::Priority;

use super::delivery::{Delivery, bytes_of};

/// A topic that an inbox reads.
#[derive(Clone, Debug)]
pub(super) struct Subscription {
    /// Index in the table of topics.
    pub(super) topic: usize,
    pub(super) name: String,
    pub(super) schema_hash: u64,
}

/// An attached lane.
#[derive(Debug)]
pub(super) struct InLane {
    pub(super) id: u64,
    /// Index in the lane directory, also of the cursor.
    pub(super) index: usize,
    pub(super) priority: Priority,
    pub(super) subscription: Subscription,
    pub(super) publisher: String,
    pub(super) reader: Reader<LaneFile>,
    /// Nothing more comes.
    pub(super) closed: bool,
    /// What was impossible in it.
    pub(super) fault: Option<Fault>,
    /// Where the present drain ends.
    pub(super) drain_to: u64,
}

impl InLane {
    /// By what lanes are sorted.
    pub(super) fn order(&self) -> (Priority, &str, &str, u64) {
        (self.priority, &self.subscription.name, &self.publisher, self.id)
    }

    /// The message that was just read into `payload`.
    #[inline]
    pub(super) fn delivery<'a>(&'a self, message: Message, payload: &'a [u64]) -> Delivery<'a> {
        Delivery {
            topic: &self.subscription.name,
            schema_hash: self.subscription.schema_hash,
            priority: self.priority,
            publisher: &self.publisher,
            sequence: message.sequence,
            lost: message.lost,
            kind: message.kind,
            status: message.flags,
            sender: message.sender,
            correlation: message.correlation,
            payload: &bytes_of(payload)[..message.len],
        }
    }
}
