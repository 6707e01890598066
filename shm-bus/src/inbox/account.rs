//! Accounts for the messages of an inbox's topics: lanes that ended unseen, declarations that changed.
//!
//! Each message that was sent since the inbox subscribed is received, or counted as lost or conflated. Losses in a lane that is read are
//! reported with the lane's next message. This module counts the rest. It concerns only observers, since lanes stay until all other inboxes
//! have read them.
//!
//! # Invariants
//! 1. Totals are loaded first, then lanes, then topics: what a later load shows as gone is counted by this look or the next.
//!
//! # Failure
//! If a topic is evicted from the table before this inbox saw it, its name is unknown; its messages are counted without a name.

use std::collections::BTreeMap;

use super::subscription::{Redeclared, Subscription};
use super::{Inbox, ReceiveError};
use crate::control::{Control, Ended, LaneEntry};
use crate::layout::control::TOPICS_MAX;
use crate::layout::inbox::{Count, LaneCount};

/// Messages that an inbox lost without receiving a later one of their lane, which would have reported the loss: the lanes came and went
/// between two of its looks, or were left before their end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Missed {
    /// Their topic. `None` if it was evicted from the bus's full table of topics before this inbox saw it.
    pub topic: Option<String>,
    /// Number of messages.
    pub messages: u64,
}

/// A lane that this inbox has left although its entry is still there.
#[derive(Clone, Copy, Debug)]
pub(super) struct LeftLane {
    pub(super) id: u64,
    /// The topic's account.
    pub(super) account: u64,
    /// Messages of the lane that this inbox accounts for.
    pub(super) accounted: u64,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    /// Missed messages that were not taken yet.
    missed: BTreeMap<Option<String>, u64>,
    /// All topics are read, also those that are added later.
    pub(super) everything: bool,
    /// The part of the evicted topics' total that this inbox accounts for.
    forgotten: u64,
}

impl Accounts {
    /// Maximum number of names that are counted separately.
    const NAMES_MAX: usize = 2 * TOPICS_MAX;

    pub(super) fn miss(&mut self, topic: Option<&str>, messages: u64) {
        let is_known = self.missed.contains_key(&topic.map(str::to_owned));
        // Names that nobody takes are not kept forever.
        let topic = if is_known || self.missed.len() < Self::NAMES_MAX { topic } else { None };
        let missed = self.missed.entry(topic.map(str::to_owned)).or_default();
        *missed = missed.saturating_add(messages);
    }
}

/// Result of one look at the registry.
#[derive(Debug)]
pub(super) struct Look {
    forgotten: u64,
    /// By index in the table of topics.
    ended: Vec<Ended>,
    pub(super) lanes: Vec<LaneEntry>,
}

impl Look {
    pub(super) fn at(control: &Control) -> Self {
        let forgotten = control.forgotten();
        let ended = (0..TOPICS_MAX).map(|topic| control.ended(topic)).collect();
        Self { forgotten, ended, lanes: control.lanes().collect() }
    }

    /// Messages that have ended at the index of `topic`.
    pub(super) fn ended(&self, topic: usize) -> u64 {
        self.ended[topic].messages
    }

    fn names(&self, id: u64) -> bool {
        self.lanes.iter().any(|lane| lane.id == id)
    }
}

impl Inbox {
    /// Takes the messages missed since the last call, by topic. [`InboxInfo::lost`](crate::InboxInfo::lost) counts them, too.
    pub fn take_missed(&mut self) -> Vec<Missed> {
        let missed = std::mem::take(&mut self.accounts.missed);
        missed.into_iter().map(|(topic, messages)| Missed { topic, messages }).collect()
    }

    /// Counts messages that no delivery reports.
    pub(super) fn miss(&mut self, topic: Option<&str>, messages: u64) {
        if messages > 0 {
            self.file.add(Count::Lost, messages);
            self.accounts.miss(topic, messages);
        }
    }

    /// Marks lanes that have ended; those that were read are accounted for.
    pub(super) fn note_ended(&mut self, look: &Look) {
        let Self { lanes, left, subscriptions, .. } = self;
        let mut credit = |account: u64, messages: u64| {
            if let Some(subscription) = subscriptions.iter_mut().find(|subscription| subscription.account == account) {
                subscription.credit(messages);
            }
        };
        for lane in lanes.iter_mut().filter(|lane| !lane.ended && !look.names(lane.id)) {
            // Its unread messages are still read, or counted when it is left.
            lane.ended = true;
            credit(lane.account, lane.reader.sent());
        }
        left.retain(|lane| {
            let stays = look.names(lane.id);
            if !stays {
                credit(lane.account, lane.accounted);
            }
            stays
        });
    }

    /// Counts messages that ended unseen. Call after [`Self::note_ended`] and [`Self::follow_topics`].
    pub(super) fn count_missed(&mut self, look: &Look) {
        let mut missed = Vec::new();
        for subscription in &mut self.subscriptions {
            let messages = subscription.missed(look.ended[subscription.topic]);
            if messages > 0 {
                missed.push((Some(subscription.declared.name.clone()), messages));
            }
        }
        let forgotten = look.forgotten.wrapping_sub(self.accounts.forgotten) as i64;
        if self.accounts.everything && forgotten > 0 {
            self.accounts.forgotten = look.forgotten;
            missed.push((None, forgotten as u64));
        }
        missed.into_iter().for_each(|(topic, messages)| self.miss(topic.as_deref(), messages));
    }

    /// Begins to account for topics that are evicted from the table.
    pub(super) fn read_everything(&mut self) {
        self.accounts.forgotten = self.shared.control.forgotten();
        self.accounts.everything = true;
    }

    /// Adopts the present declarations of the topics. A changed declaration is reported at the next refresh.
    pub(super) fn follow_topics(&mut self) {
        let shared = std::sync::Arc::clone(&self.shared);
        let control = &shared.control;
        for index in 0..self.subscriptions.len() {
            let Subscription { topic, account, .. } = self.subscriptions[index];
            if self.subscriptions[index].is_current(control.declaration(topic)) || self.owes_lanes(account) {
                continue;
            }
            let Some(entry) = control.topic(topic).filter(|entry| entry.account == account) else { continue };
            let (missed, told) = self.subscriptions[index].redeclare(&entry);
            self.miss(Some(&entry.name), missed);
            if let Some(told) = told {
                self.tell_redeclared(index, told);
            }
        }
        if self.accounts.everything {
            self.forget_topics(control);
            self.find_topics(control);
        } else if !self.gating {
            self.follow_names(control);
        }
    }

    /// For an observer: subscribes to the newer declaration of a topic at another index, made by a participant that alone held the former
    /// one. The former one is read to its end as well.
    fn follow_names(&mut self, control: &Control) {
        for index in 0..self.subscriptions.len() {
            let Some(entry) = control.topic_named(&self.subscriptions[index].declared.name) else { continue };
            if self.subscriptions.iter().any(|one| one.account == entry.account) {
                continue;
            }
            control.subscribe_inbox(self.index, entry.index);
            let ended = control.ended(entry.index);
            if ended.account != entry.account {
                // It was evicted from the table meanwhile.
                control.unsubscribe_inbox(self.index, entry.index);
                continue;
            }
            let (other, told) = self.subscriptions[index].followed_by(&entry, ended.messages);
            self.subscriptions.push(other);
            if let Some(told) = told {
                self.tell_redeclared(self.subscriptions.len() - 1, told);
            }
            if self.rings {
                self.register_interest();
            }
        }
    }

    /// For an observer: ends subscriptions to declarations that have a newer one and no holder, once all of their lanes have ended. The
    /// previous look had already shown that, so its total contains all of them.
    pub(super) fn leave_former(&mut self, look: &Look) {
        if self.gating || self.accounts.everything {
            return;
        }
        for index in (0..self.subscriptions.len()).rev() {
            let former = &self.subscriptions[index];
            let is_over = self.subscriptions.iter().any(|one| former.gives_way_to(one))
                && !self.shared.control.topic_is_held(former.topic)
                && !look.lanes.iter().any(|lane| lane.topic == former.topic)
                && !self.owes_lanes(former.account);
            let was_over = std::mem::replace(&mut self.subscriptions[index].is_over, is_over);
            if is_over && was_over {
                let former = self.subscriptions.remove(index);
                self.shared.control.unsubscribe_inbox(self.index, former.topic);
            }
        }
    }

    fn tell_redeclared(&mut self, index: usize, told: Redeclared) {
        let Redeclared { was, wanted } = told;
        let now = Box::new((*self.subscriptions[index].declared).clone());
        tracing::info!(topic = now.name, %was, %now, "a topic that only observers held was declared again");
        let was = Box::new((*was).clone());
        self.news.push_back(match wanted {
            None => ReceiveError::Redeclared { was, now },
            Some(wanted) => ReceiveError::Mismatch { wanted: Box::new(wanted), now },
        });
    }

    /// Whether lanes of this account remain to be accounted for. If their topic has changed, they have ended since the look at the lanes;
    /// the change raises the epoch once more, and the next look shows them gone.
    fn owes_lanes(&self, account: u64) -> bool {
        self.lanes.iter().any(|lane| lane.account == account && !lane.ended)
            || self.left.iter().any(|lane| lane.account == account)
    }

    /// For an inbox that reads everything: drops subscriptions to topics that were evicted from the table.
    fn forget_topics(&mut self, control: &Control) {
        let all = std::mem::take(&mut self.subscriptions);
        let gone =
            |one: &Subscription| control.ended(one.topic).account != one.account && !self.owes_lanes(one.account);
        let (gone, stay): (Vec<_>, _) = all.into_iter().partition(gone);
        self.subscriptions = stay;
        for subscription in gone {
            self.accounts.forgotten = self.accounts.forgotten.wrapping_add(subscription.accounted());
        }
    }

    /// For an inbox that reads everything: subscribes to new topics, and accounts for all of their messages.
    fn find_topics(&mut self, control: &Control) {
        let known = self.subscriptions.len();
        for topic in 0..TOPICS_MAX {
            let is_known = |one: &Subscription| one.topic == topic && one.is_current(control.declaration(topic));
            if control.declaration(topic) == 0 || self.subscriptions.iter().any(is_known) {
                continue;
            }
            if let Some(entry) = control.topic(topic)
                && !self.subscriptions.iter().any(|subscription| subscription.account == entry.account)
            {
                self.subscriptions.push(Subscription::new(&entry, None, 0));
            }
        }
        if self.rings && self.subscriptions.len() > known {
            self.register_interest();
        }
    }

    /// Counts the unread messages of a lane that has ended and is left.
    pub(super) fn count_unread(&mut self, index: usize, topic: &str, unread: u64) {
        if unread > 0 {
            self.file.add_to_line(index, LaneCount::Lost, unread);
            self.accounts.miss(Some(topic), unread);
        }
    }
}
