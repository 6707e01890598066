//! Which lanes an inbox reads: subscribing, and seeing new lanes.
//!
//! # Invariants
//! 1. A lane that was there at subscribing is joined (`[JOIN]`); one that appears later is read from its first record,
//!    where its publisher has counted this inbox from the beginning.

use super::lane::{End, InLane, Subscription};
use super::{Inbox, ReceiveError, SubscribeError};
use crate::bus::{Change, ChangeError};
use crate::control::{LaneEntry, LaneState, TopicEntry};
use crate::lane::{LaneFile, Mode, Reader, Start};
use crate::runtime::lane_name;
use crate::topic::{Leaving, TopicError, TopicSpec, find_or_add, refuse_queue};
use crate::wire::{Policy, Priority};

impl Inbox {
    /// Reads `topic` from now on. A topic that nobody has declared yet is declared. Twice is as once.
    ///
    /// # Errors
    /// [`TopicError::Schema`] with both schemas when the topic carries something else; else see [`SubscribeError`].
    pub fn subscribe(&mut self, topic: &TopicSpec<'_>, from: Start) -> Result<(), SubscribeError> {
        self.subscribe_in_place_of(topic, from, &Leaving::default())
    }

    /// As [`Self::subscribe`], to a topic that may carry something else, or have another policy, as long as nobody but those who are
    /// `leaving` and observers use it. If this inbox is one of them, it reads both until [`Self::unsubscribe_from`].
    ///
    /// # Errors
    /// As [`Self::subscribe`].
    pub fn subscribe_in_place_of(
        &mut self,
        topic: &TopicSpec<'_>,
        from: Start,
        leaving: &Leaving,
    ) -> Result<(), SubscribeError> {
        let shared = std::sync::Arc::clone(&self.shared);
        let change = Change::begin(&shared)?;
        let index = find_or_add(&shared.control, topic, leaving)?;
        self.join(&change, subscription_to(topic, index), from)
    }

    /// As [`Self::subscribe`], unless another inbox gates the topic.
    pub(crate) fn subscribe_alone(&mut self, topic: &TopicSpec<'_>, from: Start) -> Result<(), SubscribeError> {
        let shared = std::sync::Arc::clone(&self.shared);
        let change = Change::begin(&shared)?;
        let index = find_or_add(&shared.control, topic, &Leaving::default())?;
        if let Some(other) = shared.control.inboxes().find(|inbox| inbox.id != self.id && inbox.gates(index)) {
            return Err(SubscribeError::Taken { topic: topic.name.to_owned(), by: other.name });
        }
        self.join(&change, subscription_to(topic, index), from)
    }

    /// Reads a topic that somebody has declared, whatever it carries.
    ///
    /// # Errors
    /// [`TopicError::Unknown`] when nobody has; else see [`SubscribeError`].
    pub fn subscribe_untyped(&mut self, topic_name: &str, from: Start) -> Result<(), SubscribeError> {
        let shared = std::sync::Arc::clone(&self.shared);
        let change = Change::begin(&shared)?;
        let found = shared.control.topic_named(topic_name);
        let TopicEntry { index, name, schema_hash, policy, .. } =
            found.ok_or_else(|| TopicError::Unknown { topic: topic_name.to_owned() })?;
        self.join(&change, Subscription { topic: index, name, schema_hash, policy }, from)
    }

    fn join(&mut self, _: &Change<'_>, subscription: Subscription, from: Start) -> Result<(), SubscribeError> {
        if self.subscriptions.iter().any(|earlier| earlier.topic == subscription.topic) {
            return Ok(());
        }
        let control = &self.shared.control;
        if self.gating {
            refuse_queue(control, subscription.topic)?;
        }
        let mut joined = Vec::new();
        for entry in control.lanes().filter(|entry| entry.topic == subscription.topic) {
            let file = self.map(&entry).map_err(ChangeError::io(format!("map {}", lane_name(entry.id))))?;
            let cursor = self.file.cursor(entry.index);
            let mode = Mode::of(subscription.policy, self.gating);
            let reader = Reader::joining(file, entry.generation(), mode, from, cursor);
            joined.push(in_lane(entry, subscription.clone(), reader));
        }
        control.subscribe_inbox(self.index, subscription.topic);
        control.bump_epoch();
        self.left.retain(|id| joined.iter().all(|lane| lane.id != *id));
        self.make_room_for(&joined);
        for lane in &mut joined {
            let cursor = self.file.cursor(lane.index);
            lane.end = lane.reader.settle(cursor).err().map(End::Corrupt);
            if let Start::Last(count) = from
                && lane.end.is_none()
            {
                lane.end = lane.keep_last(count, &mut self.payload, cursor);
            }
        }
        self.subscriptions.push(subscription);
        if self.rings {
            self.ask_for_signals();
        }
        self.closing |= joined.iter().any(|lane| lane.closed);
        self.lanes.append(&mut joined);
        self.arrange();
        self.leave_ended();
        Ok(())
    }

    /// Stops reading a topic: its publishers no longer wait for this inbox. What was not yet received is given up. A topic
    /// that is not subscribed to stays so.
    ///
    /// # Errors
    /// When the bus could not be changed; the topic is then still read.
    pub fn unsubscribe(&mut self, topic_name: &str) -> Result<(), SubscribeError> {
        let Some(place) = self.subscriptions.iter().position(|subscription| subscription.name == topic_name) else {
            return Ok(());
        };
        self.leave_topic(place, |_| 0).map(drop)
    }

    /// As [`Self::unsubscribe`], of the topic as it is declared here, which matters while there is another one of this name. What has
    /// come is read to its end; gives how many messages that was.
    ///
    /// # Errors
    /// As [`Self::unsubscribe`].
    pub fn unsubscribe_from(&mut self, topic: &TopicSpec<'_>) -> Result<u64, SubscribeError> {
        let is_it = |subscription: &Subscription| {
            subscription.name == topic.name
                && subscription.schema_hash == topic.schema_hash
                && subscription.policy == topic.policy
        };
        let Some(place) = self.subscriptions.iter().position(is_it) else { return Ok(0) };
        self.leave_topic(place, |inbox| inbox.read_to_the_end_of(inbox.subscriptions[place].topic))
    }

    /// Ends the subscription at `place`, after a last look at it.
    fn leave_topic(&mut self, place: usize, last_look: impl FnOnce(&mut Self) -> u64) -> Result<u64, SubscribeError> {
        let shared = std::sync::Arc::clone(&self.shared);
        let change = Change::begin(&shared)?;
        let seen = last_look(self);
        let topic = self.subscriptions.swap_remove(place).topic;
        shared.control.unsubscribe_inbox(self.index, topic);
        shared.control.bump_epoch();
        drop(change);
        self.leave_where(|lane, _| lane.subscription.topic == topic);
        Change::sweep_if_free(&shared);
        Ok(seen)
    }

    fn read_to_the_end_of(&mut self, topic: usize) -> u64 {
        let mut seen = 0;
        for lane in self.lanes.iter_mut().filter(|lane| lane.subscription.topic == topic) {
            lane.drain_to = u64::MAX;
            lane.drain(&mut self.payload, &self.shared, &self.file, &mut |_| seen += 1);
        }
        seen
    }

    /// Takes note of new, closed and vanished lanes.
    #[inline]
    pub(super) fn refresh(&mut self) -> Result<(), ReceiveError> {
        let epoch = self.shared.control.epoch();
        if epoch == self.epoch { Ok(()) } else { self.refresh_to(epoch) }
    }

    #[cold]
    fn refresh_to(&mut self, epoch: u64) -> Result<(), ReceiveError> {
        if let Some((topic, publisher)) = self.evicted.pop() {
            return Err(ReceiveError::Evicted { topic, publisher });
        }
        let entries: Vec<LaneEntry> = self.shared.control.lanes().collect();
        self.left.retain(|id| entries.iter().any(|entry| entry.id == *id));
        for lane in &mut self.lanes {
            // A lane without an entry is read to its end like a closed one: its mapping stays.
            lane.closed = !entries.iter().any(|entry| entry.id == lane.id && entry.state == LaneState::Open);
            self.closing |= lane.closed;
        }
        let known = self.lanes.len();
        for entry in entries {
            let subscription = self.subscriptions.iter().find(|subscription| subscription.topic == entry.topic);
            let Some(subscription) = subscription.cloned() else { continue };
            if self.left.contains(&entry.id) || self.lanes[..known].iter().any(|lane| lane.id == entry.id) {
                continue;
            }
            match self.map(&entry) {
                Ok(file) => {
                    let mode = Mode::of(subscription.policy, self.gating);
                    let reader = Reader::at_start(file, entry.generation(), mode);
                    let mut lane = in_lane(entry, subscription, reader);
                    lane.reader.publish(self.file.cursor(lane.index));
                    self.closing |= lane.closed;
                    self.lanes.push(lane);
                }
                // Read by all whom it waited for, and removed since the entry was looked at.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(source) => {
                    self.arrange();
                    let (topic, publisher) = (subscription.name, entry.publisher);
                    return Err(ReceiveError::Lane { topic, publisher, source });
                }
            }
        }
        self.arrange();
        self.epoch = epoch;
        // An inbox that is never dry would else keep what is closed for ever.
        self.leave_drained();
        Ok(())
    }

    fn map(&self, entry: &LaneEntry) -> std::io::Result<LaneFile> {
        self.shared.open_lane(entry.id, entry.capacity)
    }

    /// Sorts the lanes, finds the levels, and makes room for the longest message.
    pub(super) fn arrange(&mut self) {
        self.lanes.sort_by(|left, right| left.order().cmp(&right.order()));
        for level in Priority::ALL {
            let start = self.lanes.partition_point(|lane| lane.priority < level);
            let end = self.lanes.partition_point(|lane| lane.priority <= level);
            self.levels[level as usize] = start..end;
        }
        let lanes = std::mem::take(&mut self.lanes);
        self.make_room_for(&lanes);
        self.lanes = lanes;
        self.keep_ready_bits();
    }

    /// Makes room for the longest message of `lanes`.
    fn make_room_for(&mut self, lanes: &[InLane]) {
        let longest = lanes.iter().map(|lane| lane.reader.payload_max().div_ceil(8)).max().unwrap_or(0);
        if self.payload.len() < longest {
            self.payload.resize(longest, 0);
        }
    }
}

fn subscription_to(topic: &TopicSpec<'_>, index: usize) -> Subscription {
    Subscription { topic: index, name: topic.name.to_owned(), schema_hash: topic.schema_hash, policy: topic.policy }
}

fn in_lane(entry: LaneEntry, subscription: Subscription, reader: Reader<LaneFile>) -> InLane {
    let LaneEntry { id, index, priority, publisher, state, .. } = entry;
    InLane {
        id,
        index,
        priority,
        publisher,
        holds: false,
        closed: state == LaneState::Closed,
        end: None,
        wakes_publisher: matches!(subscription.policy, Policy::Block { .. }),
        conflates: subscription.policy == Policy::Latest,
        received: 0,
        received_told: 0,
        woken_for: reader.published(),
        drain_to: 0,
        subscription,
        reader,
    }
}
