//! Leaving lanes: closed and read to their end, corrupt, evicted from, or unsubscribed.
//!
//! # Invariants
//! 1. A lane that was left is not attached again while its entry stays, unless its topic is subscribed to anew.

use super::account::LeftLane;
use super::file::{Count, InboxFile};
use super::lane::{End, InLane, wake_publisher};
use super::{Inbox, ReceiveError};
use crate::bus::Change;
use crate::lane::Look;

impl Inbox {
    /// Leaves closed lanes that have been read to their end, and lets their files go.
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

    /// Leaves lanes that are not to be read any further.
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
                    // The next refresh finds another epoch and says it.
                    self.epoch = u64::MAX;
                }
            }
        }
        self.leave_where(|lane, _| lane.end.is_some());
    }

    /// Leaves the lanes that `leaves` picks: their publishers no longer wait for this inbox.
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
                wake_publisher(&self.shared, lane.index);
            }
        }
        if self.lanes.len() < before {
            self.arrange();
        }
    }

    /// Accounts for a lane that is left: of one that has ended for all of it, of another for what was read.
    fn close_account_of(&mut self, lane: &InLane) {
        // Who unsubscribes gives no account.
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
