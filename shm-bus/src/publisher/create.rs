//! Creates a publisher: its topic, its lanes' files, their entries.
//!
//! # Failure
//! What was created before an error is removed again.

use std::sync::Arc;

use super::gates::GateList;
use super::signal::fenced_by_others;
use super::{Laggards, Lane, Publisher, TopicPublisher};
use crate::control::NewLane;
use crate::inbox_file::InboxFile;
use crate::lane::{Cursor, is_capacity};
use crate::layout::lane::{CAPACITY_MAX, CAPACITY_MIN};
use crate::membership::{Bus, Change, ChangeError, Leaving, Shared, TopicError, find_or_add, refuse_queue, text_fits};
use crate::outgoing::{OutLane, are_lanes, make_each};
use crate::sync::Ordering;
use crate::topic::TopicSpec;
use crate::wire::{Policy, Priority, Topic};

/// Why a publisher could not be created.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublisherError {
    /// The topic can't be used as given.
    #[error(transparent)]
    Topic(#[from] TopicError),
    /// A ring of this size is not allowed.
    #[error("cannot create a lane of {bytes} bytes: allowed are powers of two from {CAPACITY_MIN} to {CAPACITY_MAX}")]
    Capacity {
        /// Bytes requested.
        bytes: u32,
    },
    /// There is no lane, or there are two of one priority.
    #[error("a publisher has one lane for each priority that it uses, at least one")]
    Lanes,
    /// The lane table is full.
    #[error("the bus has no room for another lane: it holds at most {max}")]
    Limit {
        /// The bus's limit.
        max: usize,
    },
    /// The bus could not be changed.
    #[error(transparent)]
    Change(#[from] ChangeError),
}

impl Bus {
    /// Creates a publisher of `topic` with one lane for each of `lanes`: a priority and the ring's bytes, a power of two between 4096 and
    /// 2³⁰. A message takes its length and 32 bytes, rounded up to a multiple of 32, and at most a quarter of the ring: 16 bytes take 64.
    ///
    /// # Errors
    /// See [`PublisherError`].
    pub fn publisher(
        &self,
        topic: &TopicSpec<'_>,
        publisher_name: &str,
        lanes: &[(Priority, u32)],
    ) -> Result<Publisher, PublisherError> {
        self.publisher_in_place_of(topic, publisher_name, lanes, &Leaving::default())
    }

    /// Like [`Self::publisher`], but the topic may carry something else or have another policy, as long as only those in `leaving` and
    /// observers use it.
    ///
    /// # Errors
    /// See [`PublisherError`].
    pub fn publisher_in_place_of(
        &self,
        topic: &TopicSpec<'_>,
        publisher_name: &str,
        lanes: &[(Priority, u32)],
        leaving: &Leaving,
    ) -> Result<Publisher, PublisherError> {
        Publisher::new(self, topic, publisher_name, lanes, leaving)
    }

    /// Creates a publisher of the topic `T`, with its declared priority and capacity.
    ///
    /// # Errors
    /// See [`PublisherError`].
    pub fn publisher_of<T: Topic>(&self, publisher_name: &str) -> Result<TopicPublisher<T>, PublisherError> {
        let untyped = self.publisher(&TopicSpec::of::<T>(), publisher_name, &[(T::PRIORITY, T::CAPACITY)])?;
        Ok(TopicPublisher::new(untyped))
    }
}

impl Publisher {
    fn new(
        bus: &Bus,
        topic: &TopicSpec<'_>,
        name: &str,
        lanes: &[(Priority, u32)],
        leaving: &Leaving,
    ) -> Result<Self, PublisherError> {
        text_fits(name)?;
        if let Some((_, bytes)) = lanes.iter().find(|(_, bytes)| !is_capacity((*bytes).into())) {
            return Err(PublisherError::Capacity { bytes: *bytes });
        }
        if !are_lanes(lanes.iter().map(|(priority, _)| *priority)) {
            return Err(PublisherError::Lanes);
        }
        let shared = Arc::clone(bus.shared());
        let change = Change::begin(&shared, bus.lock_timeout())?;
        let policy = topic.policy;
        let topic = find_or_add(&shared.control, topic, leaving)?;
        refuse_queue(&shared.control, topic)?;
        let lanes = make_each(&shared, lanes.iter().copied(), |priority, bytes| {
            make_lane(&shared, (topic, policy), name, priority, bytes.into())
        })?;
        shared.control.bump_epoch();
        drop(change);
        Ok(Self {
            shared,
            topic,
            policy,
            lanes,
            retired: [const { None }; 4],
            gates: GateList::new(topic),
            fenced: fenced_by_others(),
        })
    }
}

/// Creates one lane's file and entry. Under `bus.lock`.
fn make_lane(
    shared: &Shared,
    (topic, policy): (usize, Policy),
    publisher: &str,
    priority: Priority,
    capacity: u64,
) -> Result<Lane, PublisherError> {
    let limit = || PublisherError::Limit { max: shared.control.limits().lanes };
    let index = shared.control.free_lane().ok_or_else(limit)?;
    let id = unmistakable_id(shared, topic, index);
    let new = NewLane { id, topic, priority, participant: shared.slot, capacity, claims: 0, publisher };
    Ok(OutLane::create(shared, index, new, policy == Policy::Latest, Laggards::default())?)
}

/// An id for a lane at `index` whose generation is in no gating inbox's cursor there for `topic`, left by an earlier lane. Under
/// `bus.lock`.
fn unmistakable_id(shared: &Shared, topic: usize, index: usize) -> u64 {
    let inboxes = shared.control.inboxes().filter(|inbox| inbox.gates(topic));
    let files: Vec<_> = inboxes.filter_map(|inbox| shared.open_inbox(inbox.id).ok()).collect();
    loop {
        let id = shared.control.next_id();
        // ORDERING: Relaxed, the owner stores this word again only for a lane that it reads.
        let taken =
            |file: &InboxFile| Cursor::decode(file.cursor(index).load(Ordering::Relaxed)).generation == id as u16;
        // There are fewer inboxes than generations.
        if !files.iter().any(taken) {
            return id;
        }
    }
}
