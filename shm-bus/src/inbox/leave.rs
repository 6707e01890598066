//! Leaving lanes: closed and read to their end, corrupt, evicted from, or unsubscribed.
//!
//! # Invariants
//! 1. A lane that was left is not attached again while its entry stays, unless its topic is subscribed to anew.

use super::Inbox;
use super::file::{Count, InboxFile};
use super::lane::{End, InLane, wake_publisher};
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
                    let (topic, publisher) = (&lane.subscription.name, &lane.publisher);
                    tracing::warn!(lane = lane.id, topic, publisher, ?fault, "leaving a corrupt lane");
                    self.file.add(Count::Corrupt, 1);
                }
                Some(End::Evicted) => {
                    self.file.add(Count::Evicted, 1);
                    self.evicted.push((lane.subscription.name.clone(), lane.publisher.clone()));
                    // The next refresh finds another epoch and says it.
                    self.epoch = u64::MAX;
                }
            }
        }
        self.leave_where(|lane, _| lane.end.is_some());
    }

    /// Leaves the lanes that `leaves` picks: their publishers no longer wait for this inbox.
    pub(super) fn leave_where(&mut self, mut leaves: impl FnMut(&mut InLane, &InboxFile) -> bool) {
        let (shared, file, left) = (&self.shared, &self.file, &mut self.left);
        let before = self.lanes.len();
        self.lanes.retain_mut(|lane| {
            let goes = leaves(lane, file);
            if goes {
                lane.after_publish(shared, file);
                lane.reader.publish_done(file.cursor(lane.index));
                file.close_line(lane.index);
                left.push(lane.id);
                if lane.wakes_publisher {
                    wake_publisher(shared, lane.index);
                }
            }
            !goes
        });
        if self.lanes.len() < before {
            self.arrange();
        }
    }
}
