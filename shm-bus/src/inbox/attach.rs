//! Decides which lanes an inbox reads: subscribing, and attaching new lanes.
//!
//! # Invariants
//! 1. An inbox joins a lane that exists when it subscribes (`[JOIN]`). It reads a later lane from the first record; that lane's publisher
//!    has counted this inbox from the beginning.

use std::sync::Arc;

use super::account::Look;
use super::lane::{End, InLane};
use super::subscription::Subscription;
use super::{Inbox, ReceiveError, SubscribeError};
use crate::control::{LaneEntry, LaneState, TopicEntry};
use crate::lane::{LaneFile, Mode, Reader, Start};
use crate::membership::{Change, ChangeError, Leaving, TopicError, find_or_add, find_or_await, refuse_queue};
use crate::runtime::lane_name;
use crate::topic::TopicSpec;
use crate::wire::Policy;

impl Inbox {
    /// Reads `topic` from now on. Declares the topic if nobody has. Idempotent.
    ///
    /// An observer does not hold a declaration: a publisher or an inbox that is waited for may declare the topic differently, and the
    /// observer is told ([`ReceiveError::Mismatch`]). If only observers have subscribed, one with a different declaration waits until the
    /// topic is declared as it needs it.
    ///
    /// # Errors
    /// [`TopicError::Schema`] with both schemas if the topic carries something else; otherwise see [`SubscribeError`].
    pub fn subscribe(&mut self, topic: &TopicSpec<'_>, from: Start) -> Result<(), SubscribeError> {
        let shared = Arc::clone(&self.shared);
        let change = Change::begin(&shared, self.lock_timeout)?;
        let control = &shared.control;
        let found =
            if self.gating { find_or_add(control, topic, &Leaving::default()) } else { find_or_await(control, topic) };
        self.join_at(&change, found?, Some(topic), from)
    }

    /// Like [`Self::subscribe`] by a gating inbox, but the topic may carry something else or have another policy as long as only those in
    /// `leaving` and observers use it. If this inbox is one of them, it reads both topics until [`Self::unsubscribe_from`].
    ///
    /// # Errors
    /// As for [`Self::subscribe`].
    pub fn subscribe_in_place_of(
        &mut self,
        topic: &TopicSpec<'_>,
        from: Start,
        leaving: &Leaving,
    ) -> Result<(), SubscribeError> {
        let shared = Arc::clone(&self.shared);
        let change = Change::begin(&shared, self.lock_timeout)?;
        let index = find_or_add(&shared.control, topic, leaving)?;
        self.join_at(&change, index, Some(topic), from)
    }

    /// Like [`Self::subscribe`], but fails if another inbox gates the topic.
    pub(crate) fn subscribe_alone(&mut self, topic: &TopicSpec<'_>, from: Start) -> Result<(), SubscribeError> {
        let shared = Arc::clone(&self.shared);
        let change = Change::begin(&shared, self.lock_timeout)?;
        let index = find_or_add(&shared.control, topic, &Leaving::default())?;
        if let Some(other) = shared.control.inboxes().find(|inbox| inbox.id != self.id && inbox.gates(index)) {
            return Err(SubscribeError::Taken { topic: topic.name.to_owned(), by: other.name });
        }
        self.join_at(&change, index, Some(topic), from)
    }

    /// Reads a topic that somebody has declared, whatever its type.
    ///
    /// # Errors
    /// [`TopicError::Unknown`] if nobody has declared it; otherwise see [`SubscribeError`].
    pub fn subscribe_untyped(&mut self, topic_name: &str, from: Start) -> Result<(), SubscribeError> {
        let shared = Arc::clone(&self.shared);
        let change = Change::begin(&shared, self.lock_timeout)?;
        let found = shared.control.topic_named(topic_name);
        let index = found.ok_or_else(|| TopicError::Unknown { topic: topic_name.to_owned() })?.index;
        self.join_at(&change, index, None, from)
    }

    /// Reads all topics, whatever their types: existing ones from `from` on, later ones from their first message on. [`Self::take_missed`]
    /// counts what comes and goes unseen. The subscription lasts as long as the inbox. It doesn't keep a topic's index in the bus's table
    /// from a topic that somebody declares. Idempotent.
    ///
    /// # Errors
    /// [`SubscribeError::Gating`] unless the inbox is an observer; [`SubscribeError::Change`].
    pub fn subscribe_all(&mut self, from: Start) -> Result<(), SubscribeError> {
        if self.gating {
            return Err(SubscribeError::Gating);
        }
        if self.accounts.everything {
            return Ok(());
        }
        let shared = Arc::clone(&self.shared);
        let _change = Change::begin(&shared, self.lock_timeout)?;
        let found = shared.control.topics().map(|entry| Ok((self.map_lanes(entry.index)?, entry)));
        let found = found.collect::<Result<Vec<_>, ChangeError>>()?;
        let look = self.look_before_joining();
        let joined = found.into_iter().filter_map(|(lanes, entry)| self.join(&look, &entry, None, lanes, from));
        let joined: Vec<_> = joined.collect();
        shared.control.subscribe_inbox_to_all(self.index);
        shared.control.bump_epoch();
        joined.into_iter().for_each(|joined| self.settle(joined, from));
        self.read_everything();
        Ok(())
    }

    /// Subscribes to the existing topic at `index`.
    pub(super) fn join_at(
        &mut self,
        _: &Change<'_>,
        index: usize,
        wanted: Option<&TopicSpec<'_>>,
        from: Start,
    ) -> Result<(), SubscribeError> {
        let shared = Arc::clone(&self.shared);
        if self.gating {
            refuse_queue(&shared.control, index)?;
        }
        let corrupt =
            || TopicError::Unknown { topic: wanted.map_or_else(String::new, |wanted| wanted.name.to_owned()) };
        let entry = shared.control.topic(index).ok_or_else(corrupt)?;
        let lanes = self.map_lanes(index)?;
        let look = self.look_before_joining();
        if let Some(joined) = self.join(&look, &entry, wanted, lanes, from) {
            shared.control.subscribe_inbox(self.index, index);
            shared.control.bump_epoch();
            self.settle(joined, from);
        }
        Ok(())
    }

    /// Accounts for everything that has ended before a new subscription.
    fn look_before_joining(&mut self) -> Look {
        let look = Look::at(&self.shared.control);
        self.note_ended(&look);
        // An inbox that reads everything reads all present topics, from their beginning on.
        self.follow_topics();
        look
    }

    /// Maps the lanes of the topic at `index`.
    fn map_lanes(&self, index: usize) -> Result<Vec<(LaneEntry, LaneFile)>, ChangeError> {
        let lanes = self.shared.control.lanes().filter(|entry| entry.topic == index);
        let mapped = lanes.map(|entry| match self.map(&entry) {
            Ok(file) => Ok((entry, file)),
            Err(source) => Err(ChangeError::io(format!("map {}", lane_name(entry.id)))(source)),
        });
        mapped.collect()
    }

    /// First half of joining: stores a cursor in each of the `lanes` of the topic of `entry`. `None` if that topic is read already.
    fn join(
        &mut self,
        look: &Look,
        entry: &TopicEntry,
        wanted: Option<&TopicSpec<'_>>,
        lanes: Vec<(LaneEntry, LaneFile)>,
        from: Start,
    ) -> Option<Joined> {
        let earlier = self.subscriptions.iter().position(|subscription| subscription.account == entry.account);
        if let Some(earlier) = earlier {
            if self.subscriptions[earlier].reads {
                return None;
            }
            self.subscriptions.remove(earlier);
            // A new subscription makes the pending report needless.
            self.news.retain(|news| !matches!(news, ReceiveError::Mismatch { now, .. } if now.name == entry.name));
        }
        let subscription = Subscription::new(entry, wanted, look.ended(entry.index));
        let joined = lanes.into_iter().map(|(lane, file)| {
            let cursor = self.file.cursor(lane.index);
            let mode = Mode::of(entry.policy, self.gating);
            let reader = Reader::joining(file, lane.generation(), mode, from, cursor);
            in_lane(lane, &subscription, reader)
        });
        Some(Joined { lanes: joined.collect(), subscription })
    }

    /// Second half of joining, once the subscription is visible.
    fn settle(&mut self, joined: Joined, from: Start) {
        let Joined { subscription, mut lanes } = joined;
        self.left.retain(|left| lanes.iter().all(|lane| lane.id != left.id));
        self.make_room_for(&lanes);
        for lane in &mut lanes {
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
            self.register_interest();
        }
        self.closing |= lanes.iter().any(|lane| lane.closed);
        self.lanes.append(&mut lanes);
        self.arrange();
        self.leave_ended();
    }

    /// Attaches new lanes, and marks closed and vanished ones.
    #[inline]
    pub(super) fn refresh(&mut self) -> Result<(), ReceiveError> {
        self.refuse_forked()?;
        let epoch = self.shared.control.epoch();
        if epoch == self.epoch { Ok(()) } else { self.refresh_to(epoch) }
    }

    #[cold]
    fn refresh_to(&mut self, epoch: u64) -> Result<(), ReceiveError> {
        let look = Look::at(&self.shared.control);
        for lane in &mut self.lanes {
            // A lane without an entry is read to its end like a closed one: its mapping stays.
            lane.closed = !look.lanes.iter().any(|entry| entry.id == lane.id && entry.state == LaneState::Open);
            self.closing |= lane.closed;
        }
        self.note_ended(&look);
        self.follow_topics();
        self.count_missed(&look);
        self.leave_former(&look);
        if let Some(news) = self.news.pop_front() {
            // The error comes before anything else; the next call continues here.
            self.epoch = u64::MAX;
            return Err(news);
        }
        let attached = self.attach_new(look.lanes);
        self.arrange();
        attached?;
        self.epoch = epoch;
        // Otherwise an inbox that is never dry would keep closed lanes.
        self.leave_drained();
        Ok(())
    }

    /// Attaches the new lanes among `entries`, from their first messages on.
    pub(super) fn attach_new(&mut self, entries: Vec<LaneEntry>) -> Result<(), ReceiveError> {
        let known = self.lanes.len();
        for entry in entries {
            let read = self.subscriptions.iter().find(|subscription| subscription.reads_lane(entry.topic, entry.id));
            // A lane of a newer declaration is attached after the change has been reported.
            let declaration = self.shared.control.declaration(entry.topic);
            let Some(subscription) = read.filter(|subscription| subscription.is_current(declaration)) else { continue };
            let is_left = self.left.iter().any(|left| left.id == entry.id);
            if is_left || self.lanes[..known].iter().any(|lane| lane.id == entry.id) {
                continue;
            }
            match self.map(&entry) {
                Ok(file) => {
                    let mode = Mode::of(subscription.declared.policy, self.gating);
                    let reader = Reader::at_start(file, entry.generation(), mode);
                    let mut lane = in_lane(entry, subscription, reader);
                    lane.reader.publish(self.file.cursor(lane.index));
                    self.closing |= lane.closed;
                    self.lanes.push(lane);
                }
                // All inboxes that it waited for have read it, and it was removed after the entry was loaded. Entries are removed before
                // their files.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound && !self.shared.names_lane(&entry) => {}
                Err(source) => {
                    if self.shared.look_at_once() {
                        return Err(self.removed());
                    }
                    let (topic, publisher) = (subscription.declared.name.clone(), entry.publisher);
                    return Err(ReceiveError::Lane { topic, publisher, source });
                }
            }
        }
        Ok(())
    }

    fn map(&self, entry: &LaneEntry) -> std::io::Result<LaneFile> {
        self.shared.open_lane(entry.id, entry.capacity)
    }

    /// Sorts the lanes, updates the schedule, and makes room for the longest message.
    pub(super) fn arrange(&mut self) {
        self.lanes.sort_by(|left, right| left.order().cmp(&right.order()));
        self.schedule.arrange(&self.lanes, |lane| lane.priority);
        let lanes = std::mem::take(&mut self.lanes);
        self.make_room_for(&lanes);
        self.lanes = lanes;
        self.keep_ready_bits();
    }

    /// Makes room for the longest message of `lanes`.
    fn make_room_for(&mut self, lanes: &[InLane]) {
        let longest = lanes.iter().map(|lane| lane.reader.payload_max().div_ceil(8)).max().unwrap_or(0);
        self.payload.grow(longest);
    }
}

/// A subscription with a cursor in each of its lanes that is not visible yet.
struct Joined {
    subscription: Subscription,
    lanes: Vec<InLane>,
}

fn in_lane(entry: LaneEntry, subscription: &Subscription, reader: Reader<LaneFile>) -> InLane {
    let LaneEntry { id, index, priority, publisher, state, .. } = entry;
    let declared = Arc::clone(&subscription.declared);
    InLane {
        id,
        index,
        priority,
        publisher,
        account: subscription.account,
        schema_hash: declared.schema_hash,
        holds: false,
        closed: state == LaneState::Closed,
        ended: false,
        end: None,
        wakes_publisher: matches!(declared.policy, Policy::Block { .. }),
        conflates: declared.policy == Policy::Latest,
        received: 0,
        received_told: 0,
        woken_for: reader.published(),
        drain_to: 0,
        declared,
        reader,
    }
}
