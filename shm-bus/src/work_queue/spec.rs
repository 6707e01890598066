//! What a work queue is, as data, and why one can't be used.

use crate::claims::CLAIMS_MIN;
use crate::control::{Control, INBOXES_MAX};
use crate::lane::{CAPACITY_MAX, CAPACITY_MIN, SLOT, is_capacity};
use crate::membership::{ChangeError, Leaving, TopicError, find_or_add};
use crate::topic::TopicSpec;
use crate::wire::{Policy, Priority, Topic};

/// A work queue: a topic, and how often a message is tried. The same for all its producers and workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueSpec<'a> {
    /// Name, what it carries, and what a producer does without room: reject, block or drop the newest.
    pub topic: TopicSpec<'a>,
    /// Deliveries after which a message that was not done becomes a dead letter; at least 1.
    pub deliveries_max: u8,
}

impl QueueSpec<'static> {
    /// The queue that carries the topic `T`, with three deliveries.
    #[must_use]
    pub const fn of<T: Topic>() -> Self {
        Self::new(TopicSpec::of::<T>())
    }
}

impl<'a> QueueSpec<'a> {
    /// A queue that carries `topic`, with three deliveries.
    #[must_use]
    pub const fn new(topic: TopicSpec<'a>) -> Self {
        Self { topic, deliveries_max: 3 }
    }

    /// As it is, with another number of deliveries.
    #[must_use]
    pub const fn deliveries_max(mut self, deliveries_max: u8) -> Self {
        self.deliveries_max = deliveries_max;
        self
    }
}

/// One priority of a producer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueLane {
    /// Priority of its messages.
    pub priority: Priority,
    /// Bytes of payloads and headers: a power of two from 4096 to 2³⁰. A message takes 32 more than its payload, and at most a quarter.
    pub capacity: u32,
    /// Messages that can be under way, sent and not done; at most one for each 32 bytes. Rounded up to a power of two, at least 128.
    pub outstanding: u32,
}

impl QueueLane {
    /// With one message under way for each 128 bytes.
    #[must_use]
    pub const fn new(priority: Priority, capacity: u32) -> Self {
        Self { priority, capacity, outstanding: capacity / 128 }
    }

    /// As it is, with another number of messages that can be under way.
    #[must_use]
    pub const fn outstanding(mut self, outstanding: u32) -> Self {
        self.outstanding = outstanding;
        self
    }

    /// Claims of its table, a power of two.
    pub(super) fn claims(self) -> u64 {
        u64::from(self.outstanding).next_power_of_two().max(CLAIMS_MIN)
    }

    pub(super) fn check(self) -> Result<(), QueueError> {
        if !is_capacity(self.capacity.into()) {
            return Err(QueueError::Capacity { bytes: self.capacity });
        }
        let max = self.capacity / SLOT as u32;
        if !(1..=max).contains(&self.outstanding) {
            return Err(QueueError::Outstanding { outstanding: self.outstanding, max });
        }
        Ok(())
    }
}

/// Why a producer or worker could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueueError {
    /// The topic can't be used as given.
    #[error(transparent)]
    Topic(#[from] TopicError),
    /// A ring of this size can't be made.
    #[error("a lane of {bytes} bytes can't be made: allowed are powers of two from {CAPACITY_MIN} to {CAPACITY_MAX}")]
    Capacity {
        /// Bytes that were asked for.
        bytes: u32,
    },
    /// So many messages can't be under way in one lane.
    #[error("{outstanding} messages can't be under way in a lane of this capacity: allowed are 1 to {max}")]
    Outstanding {
        /// Messages that were asked for.
        outstanding: u32,
        /// The most for this capacity.
        max: u32,
    },
    /// No lane, or two of one priority.
    #[error("a producer has one lane for each priority that it uses, at least one")]
    Lanes,
    /// A message has to be delivered at least once.
    #[error("a queue delivers its messages at least once, not {0} times")]
    Deliveries(u8),
    /// The lane directory is full.
    #[error("the bus has no room for another lane: it holds at most {max}")]
    LaneLimit {
        /// The bus's limit.
        max: usize,
    },
    /// The table of inboxes, in which workers are entered, is full.
    #[error("the bus has no room for another worker: it holds at most {max} inboxes and workers")]
    WorkerLimit {
        /// The bus's limit.
        max: usize,
    },
    /// The bus could not be changed.
    #[error(transparent)]
    Change(#[from] ChangeError),
}

const _: () = assert!(INBOXES_MAX <= 256, "an owner's index has eight bits");

/// The index of the queue's topic, which is added, or made a queue while nobody uses it otherwise. Under `bus.lock`.
pub(super) fn find_or_add_queue(control: &Control, queue: &QueueSpec<'_>) -> Result<usize, QueueError> {
    let name = || queue.topic.name.to_owned();
    if queue.deliveries_max == 0 {
        return Err(QueueError::Deliveries(0));
    }
    if !matches!(queue.topic.policy, Policy::Reject | Policy::Block { .. } | Policy::DropNewest) {
        return Err(TopicError::QueuePolicy { topic: name(), policy: queue.topic.policy }.into());
    }
    let index = find_or_add(control, &queue.topic, &Leaving::default())?;
    let on_the_bus = control.topic(index).map_or(0, |topic| topic.deliveries_max);
    if on_the_bus == queue.deliveries_max {
        return Ok(index);
    }
    if on_the_bus != 0 {
        return Err(TopicError::Deliveries { topic: name(), on_the_bus, here: queue.deliveries_max }.into());
    }
    if control.topic_is_held(index) {
        return Err(TopicError::NotAQueue { topic: name() }.into());
    }
    control.make_queue(index, queue.deliveries_max);
    Ok(index)
}
