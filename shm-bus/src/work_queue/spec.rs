//! The description of a work queue, as data, and why one can't be used.

use crate::control::Control;
use crate::lane::{SLOT, is_capacity};
use crate::layout::claims::CLAIMS_MIN;
use crate::layout::control::INBOXES_MAX;
use crate::layout::lane::{CAPACITY_MAX, CAPACITY_MIN};
use crate::membership::{ChangeError, Leaving, TopicError, find_or_add};
use crate::topic::TopicSpec;
use crate::wire::{Policy, Priority, Topic};

/// A work queue: a topic, and the maximum number of deliveries. The same for all its producers and workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueSpec<'a> {
    /// Name, type, and the policy of a producer without room: reject, block or drop the newest.
    pub topic: TopicSpec<'a>,
    /// Number of deliveries after which a message that was not done becomes a dead letter; at least 1.
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

    /// The same queue with another number of deliveries.
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
    /// Maximum number of messages that are sent and not done; at most one for each 32 bytes. Rounded up to a power of two, at least 128.
    pub outstanding: u32,
}

impl QueueLane {
    /// A lane with one outstanding message for each 128 bytes.
    #[must_use]
    pub const fn new(priority: Priority, capacity: u32) -> Self {
        Self { priority, capacity, outstanding: capacity / 128 }
    }

    /// The same lane with another maximum of outstanding messages.
    #[must_use]
    pub const fn outstanding(mut self, outstanding: u32) -> Self {
        self.outstanding = outstanding;
        self
    }

    /// Number of claims in its table, a power of two.
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

/// Why a producer or worker could not be created.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueueError {
    /// The topic can't be used as given.
    #[error(transparent)]
    Topic(#[from] TopicError),
    /// A ring of this size is not allowed.
    #[error("cannot create a lane of {bytes} bytes: allowed are powers of two from {CAPACITY_MIN} to {CAPACITY_MAX}")]
    Capacity {
        /// Bytes requested.
        bytes: u32,
    },
    /// One lane can't have that many outstanding messages.
    #[error("a lane of this capacity cannot hold {outstanding} unfinished messages: allowed are 1 to {max}")]
    Outstanding {
        /// Messages requested.
        outstanding: u32,
        /// The maximum for this capacity.
        max: u32,
    },
    /// There is no lane, or there are two of one priority.
    #[error("a producer has one lane for each priority that it uses, at least one")]
    Lanes,
    /// The number of deliveries has to be at least one.
    #[error("a queue delivers its messages at least once, not {0} times")]
    Deliveries(u8),
    /// The lane table is full.
    #[error("the bus has no room for another lane: it holds at most {max}")]
    LaneLimit {
        /// The bus's limit.
        max: usize,
    },
    /// The table of inboxes, which also contains the workers, is full.
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

/// The index of the queue's topic. Adds the topic, or makes it a queue if nobody uses it otherwise. Under `bus.lock`.
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
