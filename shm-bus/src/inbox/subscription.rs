//! An inbox's subscription to one topic, and how much it knows of the topic's lanes that have ended.
//!
//! Pure: knows no lanes and no registry.
//!
//! # Invariants
//! 1. `accounted` is the part of the total of ended lanes that this inbox accounts for itself: what had ended before it subscribed, and
//!    each ended lane that it has read. The rest of the total was missed.
//! 2. A total is loaded before the lanes are. So it may briefly lack a lane that is accounted for, and never contains one that is neither
//!    accounted for nor missed.

use std::sync::Arc;

use crate::control::{Ended, TopicEntry};
use crate::topic::{Declaration, TopicSpec};

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Subscription {
    /// Index in the table of topics.
    pub(super) topic: usize,
    /// The account of the topic's name, while it has this index.
    pub(super) account: u64,
    /// Id of the present declaration.
    declaration: u64,
    pub(super) declared: Arc<Declaration>,
    /// The declaration subscribed to; `None` if any will do.
    wanted: Option<Declaration>,
    /// Whether the present declaration is the wanted one.
    pub(super) reads: bool,
    accounted: u64,
    /// The topic has a newer declaration at another index, and all of its lanes have ended.
    pub(super) is_over: bool,
}

/// A topic of a subscription was declared again.
#[derive(Debug)]
pub(super) struct Redeclared {
    pub(super) was: Arc<Declaration>,
    /// The declaration subscribed to, if it is no longer read.
    pub(super) wanted: Option<Declaration>,
}

impl Subscription {
    /// A subscription to the topic in `entry`. This inbox is not owed `accounted` messages of its ended lanes.
    pub(super) fn new(entry: &TopicEntry, wanted: Option<&TopicSpec<'_>>, accounted: u64) -> Self {
        Self {
            topic: entry.index,
            account: entry.account,
            declaration: entry.id,
            declared: Arc::new(entry.declared()),
            reads: wanted.is_none_or(|wanted| wanted.fits(entry)),
            wanted: wanted.map(Declaration::from),
            accounted,
            is_over: false,
        }
    }

    /// Whether `entry` is a later declaration of the same name.
    const fn is_before(&self, entry: &TopicEntry) -> bool {
        self.declaration < entry.id
    }

    /// Whether `other` is a subscription to a later declaration of the same name.
    pub(super) fn gives_way_to(&self, other: &Self) -> bool {
        self.declared.name == other.declared.name && self.declaration < other.declaration
    }

    /// The subscription to `entry`, which declares the same name at another index, and what is to be reported about it. `ended` is that
    /// index's present total. If the declaration is later, all its messages are owed; an earlier one was joined by others meanwhile.
    pub(super) fn followed_by(&self, entry: &TopicEntry, ended: u64) -> (Self, Option<Redeclared>) {
        let wanted = self.wanted.as_ref();
        let accounted = if self.is_before(entry) { entry.ended_before } else { ended };
        let newer = Self::new(entry, wanted.map(Declaration::spec).as_ref(), accounted);
        let wanted = if newer.reads { None } else { wanted.cloned() };
        let tells = self.reads && *self.declared != *newer.declared;
        (newer, tells.then(|| Redeclared { was: Arc::clone(&self.declared), wanted }))
    }

    /// Whether `declaration` is the id of the known one.
    pub(super) const fn is_current(&self, declaration: u64) -> bool {
        self.declaration == declaration
    }

    /// Whether a lane with this id was created under the present declaration and is to be read.
    pub(super) const fn reads_lane(&self, topic: usize, id: u64) -> bool {
        self.reads && self.topic == topic && self.declaration < id
    }

    /// Accounts for `messages` of a lane that has ended.
    pub(super) const fn credit(&mut self, messages: u64) {
        self.accounted = self.accounted.wrapping_add(messages);
    }

    /// Messages of the total `ended` that were not accounted for until now.
    pub(super) const fn missed(&mut self, ended: Ended) -> u64 {
        if !self.reads || ended.account != self.account {
            return 0;
        }
        self.missed_of(ended.messages)
    }

    const fn missed_of(&mut self, total: u64) -> u64 {
        let missed = total.wrapping_sub(self.accounted) as i64;
        if missed <= 0 {
            return 0;
        }
        self.accounted = total;
        missed as u64
    }

    /// The part of the topic's evicted total that this inbox accounts for.
    pub(super) const fn accounted(&self) -> u64 {
        self.accounted
    }

    /// Adopts the declaration in `entry`. Returns the number of messages missed before it, and what is to be reported if it differs from
    /// the former declaration and that was read.
    pub(super) fn redeclare(&mut self, entry: &TopicEntry) -> (u64, Option<Redeclared>) {
        let missed = if self.reads { self.missed_of(entry.ended_before) } else { 0 };
        let former = std::mem::replace(&mut self.declared, Arc::new(entry.declared()));
        let used_to_read =
            std::mem::replace(&mut self.reads, self.wanted.as_ref().is_none_or(|wanted| wanted.spec().fits(entry)));
        self.declaration = entry.id;
        // All lanes before it have ended, otherwise it would have been refused.
        self.accounted = entry.ended_before;
        let wanted = if self.reads { None } else { self.wanted.clone() };
        let tells = used_to_read && *former != *self.declared;
        (missed, tells.then_some(Redeclared { was: former, wanted }))
    }
}

#[cfg(test)]
mod tests {
    use super::Subscription;
    use crate::control::{Ended, TopicEntry};
    use crate::topic::TopicSpec;
    use crate::wire::{Policy, schema_hash};

    fn spec(schema: &'static str) -> TopicSpec<'static> {
        TopicSpec {
            name: "t",
            type_name: "t",
            schema,
            schema_hash: schema_hash(schema),
            message_size: 8,
            policy: Policy::Reject,
        }
    }

    fn entry(id: u64, schema: &'static str, ended_before: u64) -> TopicEntry {
        let TopicSpec { name, type_name, schema_hash, message_size, policy, .. } = spec(schema);
        let (name, type_name, schema) = (name.to_owned(), type_name.to_owned(), schema.to_owned());
        let (index, account, deliveries_max) = (3, 7, 0);
        TopicEntry {
            index,
            id,
            account,
            ended_before,
            name,
            type_name,
            schema,
            schema_hash,
            message_size,
            policy,
            deliveries_max,
        }
    }

    const fn ended(messages: u64) -> Ended {
        Ended { account: 7, messages }
    }

    #[test]
    fn what_is_not_accounted_for_was_missed_once() {
        let mut read = Subscription::new(&entry(10, "a", 0), None, 100);
        assert_eq!(read.missed(ended(100)), 0, "messages of lanes that ended before it subscribed are not owed");
        read.credit(5);
        assert_eq!(read.missed(ended(100)), 0, "the total may lag behind");
        assert_eq!((read.missed(ended(112)), read.missed(ended(112))), (7, 0));
        assert_eq!(read.missed(Ended { account: 8, messages: 500 }), 0, "of another name");
    }

    #[test]
    fn an_untyped_subscription_goes_over_to_a_new_declaration_and_says_so() {
        let mut read = Subscription::new(&entry(10, "a", 0), None, 0);
        let (missed, told) = read.redeclare(&entry(20, "b", 30));
        let told = told.expect("told");
        assert_eq!((told.was.schema.as_str(), missed, told.wanted.is_none()), ("a", 30, true));
        assert!(read.reads_lane(3, 21) && !read.reads_lane(3, 19) && !read.reads_lane(4, 21));
        assert_eq!(read.missed(ended(31)), 1);
        let (missed, told) = read.redeclare(&entry(40, "b", 36));
        assert!(missed == 5 && told.is_none(), "the same again is nothing new, but what was in between is owed");
    }

    #[test]
    fn a_typed_subscription_rests_until_its_declaration_is_back() {
        let mut read = Subscription::new(&entry(10, "a", 0), Some(&spec("a")), 0);
        let (missed, told) = read.redeclare(&entry(20, "b", 2));
        assert_eq!((told.expect("told").wanted.map(|wanted| wanted.schema), missed), (Some("a".to_owned()), 2));
        assert!(!read.reads_lane(3, 21) && read.missed(ended(9)) == 0, "others' messages are not owed");
        let (missed, told) = read.redeclare(&entry(30, "a", 9));
        assert!(missed == 0 && told.is_none(), "it reads again, and nothing is to be decided");
        assert!(read.reads_lane(3, 31));
        assert_eq!(read.missed(ended(13)), 4);
    }

    #[test]
    fn one_that_waits_for_its_declaration_reads_nothing_else() {
        let mut waits = Subscription::new(&entry(10, "b", 0), Some(&spec("a")), 0);
        assert!(!waits.reads && matches!(waits.redeclare(&entry(20, "c", 5)), (0, None)));
        assert!(matches!(waits.redeclare(&entry(30, "a", 6)), (0, None)) && waits.reads);
    }
}
