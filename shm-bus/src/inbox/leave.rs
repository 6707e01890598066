//! Leaving lanes: closed and read to their end, corrupt, evicted from, or unsubscribed.
//!
//! # Invariants
//! 1. A lane that was left is not attached again while its entry stays, unless its topic is subscribed to anew.

use std::sync::Arc;

use super::account::LeftLane;
use super::lane::{End, InLane};
use super::subscription::Subscription;
use super::{Inbox, ReceiveError, SubscribeError};
use crate::inbox_file::InboxFile;
use crate::lane::{Look, Start};
use crate::layout::inbox::Count;
use crate::membership::{Change, Leaving, find_or_add};
use crate::outgoing::wake_for_room;
use crate::topic::TopicSpec;

impl Inbox {
    /// Stops reading a topic: its publishers no longer wait for this inbox. Unreceived messages are dropped. Does nothing for a topic that
    /// is not subscribed to, or if the inbox reads [all](Self::subscribe_all) topics.
    ///
    /// # Errors
    /// If the bus could not be changed; the topic is then still read.
    pub fn unsubscribe(&mut self, topic_name: &str) -> Result<(), SubscribeError> {
        self.shared.check()?;
        let is_meant = |subscription: &Subscription| subscription.declared.name == topic_name;
        // There are two while the topic's declaration changes.
        while let Some(index) = self.subscriptions.iter().position(is_meant).filter(|_| !self.accounts.everything) {
            self.leave_topic(index, |_| 0)?;
        }
        Ok(())
    }

    /// Like [`Self::unsubscribe`], but only for the topic with this declaration; this matters while another topic has the same name. Reads
    /// all messages that have arrived first, and returns their number.
    ///
    /// # Errors
    /// As for [`Self::unsubscribe`].
    pub fn unsubscribe_from(&mut self, topic: &TopicSpec<'_>) -> Result<u64, SubscribeError> {
        self.shared.check()?;
        let Some(index) = self.subscription_to(topic) else { return Ok(0) };
        self.leave_topic(index, |inbox| inbox.read_out(index))
    }

    /// Leaves the topic with this declaration and subscribes to it from now on, in one change: joins the lanes again that it was evicted
    /// from. Reads all messages that have arrived first, and returns their number. Only for an inbox that is waited for.
    ///
    /// # Errors
    /// As for [`Self::subscribe`]. If the bus could not be changed, the topic is read as before.
    pub fn subscribe_again(&mut self, topic: &TopicSpec<'_>) -> Result<u64, SubscribeError> {
        let shared = Arc::clone(&self.shared);
        let change = Change::begin(&shared, self.lock_timeout)?;
        let mut seen = 0;
        if let Some(index) = self.subscription_to(topic) {
            seen = self.read_out(index);
            self.end_subscription(&change, index);
        }
        let index = find_or_add(&shared.control, topic, &Leaving::default())?;
        self.join_at(&change, index, Some(topic), Start::Now)?;
        Ok(seen)
    }

    /// The position of the subscription to the topic with this declaration.
    fn subscription_to(&self, topic: &TopicSpec<'_>) -> Option<usize> {
        self.subscriptions.iter().position(|subscription| {
            let declared = &subscription.declared;
            declared.name == topic.name && declared.schema_hash == topic.schema_hash && declared.policy == topic.policy
        })
    }

    /// Ends the subscription at `index` in the list, after a last look at it.
    fn leave_topic(&mut self, index: usize, last_look: impl FnOnce(&mut Self) -> u64) -> Result<u64, SubscribeError> {
        let shared = Arc::clone(&self.shared);
        let change = Change::begin(&shared, self.lock_timeout)?;
        let seen = last_look(self);
        self.end_subscription(&change, index);
        drop(change);
        Change::sweep_if_free(&shared);
        Ok(seen)
    }

    fn end_subscription(&mut self, _: &Change<'_>, index: usize) {
        let Subscription { topic, account, .. } = self.subscriptions.swap_remove(index);
        self.shared.control.unsubscribe_inbox(self.index, topic);
        self.shared.control.bump_epoch();
        self.left.retain(|lane| lane.account != account);
        self.leave_where(|lane, _| lane.account == account);
    }

    /// Reads all messages of the subscription at `index` in the list; returns their number.
    fn read_out(&mut self, index: usize) -> u64 {
        // Lanes that appeared since the last look belong to it, too.
        if let Err(error) = self.attach_new(self.shared.control.lanes().collect()) {
            tracing::warn!(topic = self.subscriptions[index].declared.name, %error, "a lane is left unread");
        }
        self.arrange();
        self.read_to_the_end_of(self.subscriptions[index].account)
    }

    fn read_to_the_end_of(&mut self, account: u64) -> u64 {
        let mut seen = 0;
        for lane in self.lanes.iter_mut().filter(|lane| lane.account == account) {
            lane.drain_to = u64::MAX;
            lane.drain(&mut self.payload, &self.shared, &self.file, &mut |_| seen += 1);
        }
        seen
    }

    /// Leaves closed lanes that have been read to their end, and unmaps their files.
    #[inline]
    pub(super) fn leave_drained(&mut self) {
        if self.closing {
            self.leave_closed();
        }
    }

    #[cold]
    fn leave_closed(&mut self) {
        let before = self.lanes.len();
        self.leave_where(|lane, file| lane.closed && !lane.reader.ready(file.cursor(lane.index)));
        self.closing = self.lanes.iter().any(|lane| lane.closed);
        if self.lanes.len() < before {
            Change::sweep_if_free(&self.shared);
        }
    }

    /// Leaves a lane that `look` has ended.
    #[cold]
    pub(super) fn end(&mut self, lane: usize, look: Look) {
        self.lanes[lane].end = End::of(look);
        self.leave_ended();
    }

    /// Leaves lanes that are marked with an end.
    #[cold]
    pub(super) fn leave_ended(&mut self) {
        for lane in &self.lanes {
            match lane.end {
                None => {}
                Some(End::Corrupt(fault)) => {
                    let (topic, publisher) = (&lane.declared.name, &lane.publisher);
                    tracing::warn!(lane = lane.id, topic, publisher, ?fault, "leaving a corrupt lane");
                    self.file.add(Count::Corrupt, 1);
                }
                Some(End::Evicted) => {
                    self.file.add(Count::Evicted, 1);
                    let (topic, publisher) = (lane.declared.name.clone(), lane.publisher.clone());
                    self.news.push_back(ReceiveError::Evicted { topic, publisher });
                    // The next refresh finds another epoch and reports it.
                    self.epoch = u64::MAX;
                }
            }
        }
        self.leave_where(|lane, _| lane.end.is_some());
    }

    /// Leaves the lanes for which `leaves` is true: their publishers no longer wait for this inbox.
    pub(super) fn leave_where(&mut self, mut leaves: impl FnMut(&mut InLane, &InboxFile) -> bool) {
        let Self { lanes, file, .. } = self;
        let before = lanes.len();
        let gone: Vec<InLane> = lanes.extract_if(.., |lane| leaves(lane, file)).collect();
        for mut lane in gone {
            self.close_account_of(&lane);
            lane.after_publish(&self.shared, &self.file);
            lane.reader.publish_done(self.file.cursor(lane.index));
            self.file.close_line(lane.index);
            if lane.wakes_publisher {
                wake_for_room(&self.shared, lane.index);
            }
        }
        if self.lanes.len() < before {
            self.arrange();
        }
    }

    /// Accounts for a lane that is left: for all messages if it has ended, otherwise for those that were read.
    fn close_account_of(&mut self, lane: &InLane) {
        // Without a subscription there is no account.
        if !self.subscriptions.iter().any(|subscription| subscription.account == lane.account) {
            return;
        }
        let is_complete = lane.ended || (lane.closed && lane.end.is_none());
        if is_complete {
            self.count_unread(lane.index, &lane.declared.name, lane.reader.unread());
        }
        if !lane.ended {
            let accounted = if is_complete { lane.reader.sent() } else { lane.reader.accounted() };
            self.left.push(LeftLane { id: lane.id, account: lane.account, accounted });
        }
    }
}

#[cfg(test)]
mod tests;
