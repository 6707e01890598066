//! Topics' entries, each a name and its present declaration.
//!
//! # Invariants
//! 1. An index is free if its account is 0. An index with an account but without an entry belongs to a killed process that was declaring
//!    its name anew: the name is still readable, and the next process that declares it gets this index.

use super::{Control, load, publish, text};
use crate::layout::control::line::{ACCOUNT, ENDED_BEFORE};
use crate::layout::control::topic::{LENGTHS, NAME, SCHEMA, SCHEMA_HASH, SIZE, TYPE_NAME};
use crate::layout::control::{STATE, TOPICS, TOPICS_MAX};
use crate::sync::Ordering;
use crate::topic::{Declaration, TopicSpec};
use crate::wire::Policy;

/// One topic and its declaration.
#[derive(Clone, Debug)]
pub(crate) struct TopicEntry {
    pub(crate) index: usize,
    /// Id of this declaration.
    pub(crate) id: u64,
    /// Account of its name; the same for all declarations while the name has this index.
    pub(crate) account: u64,
    /// Messages of lanes that had ended when it was declared.
    pub(crate) ended_before: u64,
    pub(crate) name: String,
    pub(crate) type_name: String,
    pub(crate) schema: String,
    pub(crate) schema_hash: u64,
    pub(crate) message_size: u32,
    pub(crate) policy: Policy,
    /// For a work queue, the maximum number of deliveries of a message; otherwise 0.
    pub(crate) deliveries_max: u8,
}

impl TopicEntry {
    /// Its declaration.
    pub(crate) fn declared(&self) -> Declaration {
        let Self { name, type_name, schema, schema_hash, message_size, policy, .. } = self.clone();
        Declaration { name, type_name, schema, schema_hash, message_size, policy }
    }
}

impl Control {
    /// The topic at `index`, if there is one.
    pub(crate) fn topic(&self, index: usize) -> Option<TopicEntry> {
        self.read(TOPICS, index, |id, entry| {
            let lengths = load(entry, LENGTHS);
            let length = |shift: u32| lengths >> shift & 0xffff;
            let size = load(entry, SIZE);
            Some(TopicEntry {
                index,
                id,
                account: self.line(index, ACCOUNT).load(Ordering::Relaxed),
                ended_before: self.line(index, ENDED_BEFORE).load(Ordering::Relaxed),
                name: text(entry, NAME, length(0))?,
                type_name: text(entry, TYPE_NAME, length(16))?,
                schema: text(entry, SCHEMA, length(32))?,
                schema_hash: load(entry, SCHEMA_HASH),
                message_size: size as u32,
                policy: Policy::from_wire((lengths >> 48) as u8, (size >> 32) as u32)?,
                deliveries_max: (lengths >> 56) as u8,
            })
        })
    }

    /// Id of the declaration at `index`; 0 if there is none.
    pub(crate) fn declaration(&self, index: usize) -> u64 {
        // ORDERING: [ENTRY] Acquire, pairs with the Release store in `publish`: everything before the declaration is seen.
        self.entry(TOPICS, index)[STATE].load(Ordering::Acquire)
    }

    /// Whether `index` is free, and not taken by a corrupt topic. Under `bus.lock`.
    pub(crate) fn topic_is_free(&self, index: usize) -> bool {
        self.declaration(index) == 0 && self.line(index, ACCOUNT).load(Ordering::Relaxed) == 0
    }

    /// All topics.
    pub(crate) fn topics(&self) -> impl Iterator<Item = TopicEntry> {
        (0..TOPICS_MAX).filter_map(|index| self.topic(index))
    }

    /// Whether a publisher or an inbox that is waited for uses `topic`: then it can't be declared differently. The answer is valid while
    /// `bus.lock` is held.
    pub(crate) fn topic_is_held(&self, index: usize) -> bool {
        self.lanes().any(|lane| lane.topic == index) || self.inboxes().any(|inbox| inbox.holds(index))
    }

    /// The current topic of this name: of several, the last declared one of those that somebody holds, otherwise of all.
    pub(crate) fn topic_named(&self, name: &str) -> Option<TopicEntry> {
        self.topics().filter(|entry| entry.name == name).max_by_key(|entry| self.rank(entry))
    }

    /// Among the entries of one name, the one with the greatest rank is current.
    pub(crate) fn rank(&self, entry: &TopicEntry) -> (bool, u64) {
        (self.topic_is_held(entry.index), entry.id)
    }

    /// Adds a topic and returns its index, or `None` if the table is full. Under `bus.lock`; the texts fit.
    pub(crate) fn add_topic(&self, topic: &TopicSpec<'_>) -> Option<usize> {
        if let Some(index) = self.interrupted(topic.name) {
            self.redeclare_topic(index, topic);
            return Some(index);
        }
        let free = (0..TOPICS_MAX.min(self.limits().topics)).find(|index| self.topic_is_free(*index));
        let index = free.or_else(|| self.evict_unneeded())?;
        let id = self.next_id();
        self.open_account(index, id);
        self.fill(index, id, topic);
        Some(index)
    }

    /// Declares the topic at `index`, which nobody holds, anew under the same name. Under `bus.lock`.
    pub(crate) fn redeclare_topic(&self, index: usize, topic: &TopicSpec<'_>) {
        self.note_declared(index);
        self.fill(index, self.next_id(), topic);
    }

    fn fill(&self, index: usize, id: u64, topic: &TopicSpec<'_>) {
        let (policy, timeout_ms) = topic.policy.to_wire();
        let lengths = topic.name.len() as u64
            | (topic.type_name.len() as u64) << 16
            | (topic.schema.len() as u64) << 32
            | u64::from(policy) << 48;
        let size = u64::from(topic.message_size) | u64::from(timeout_ms) << 32;
        let fields = [(SCHEMA_HASH, topic.schema_hash), (SIZE, size), (LENGTHS, lengths)];
        let texts = [(NAME, topic.name), (TYPE_NAME, topic.type_name), (SCHEMA, topic.schema)];
        publish(self.entry(TOPICS, index), id, &fields, &texts);
    }

    /// The index of `name` if its declaration was not completed.
    fn interrupted(&self, name: &str) -> Option<usize> {
        let has_name = |index: &usize| {
            let entry = self.entry(TOPICS, *index);
            text(entry, NAME, load(entry, LENGTHS) & 0xffff).is_some_and(|found| found == name)
        };
        let unfinished = |index: &usize| self.declaration(*index) == 0 && !self.topic_is_free(*index);
        (0..TOPICS_MAX).filter(unfinished).find(has_name)
    }

    /// Frees an index by evicting the oldest topic that nobody publishes or has subscribed to by name.
    fn evict_unneeded(&self) -> Option<usize> {
        let is_needed = |index: usize| self.topic_is_held(index) || self.inboxes().any(|inbox| inbox.names(index));
        let unneeded = self.topics().filter(|topic| !is_needed(topic.index));
        let index = unneeded.min_by_key(|topic| topic.id)?.index;
        self.forget_topic(index);
        Some(index)
    }

    /// Makes the topic at `index`, which nobody publishes or gates, a work queue. Under `bus.lock`.
    pub(crate) fn make_queue(&self, index: usize, deliveries_max: u8) {
        // ORDERING: Relaxed, published by [EPOCH].
        self.entry(TOPICS, index)[LENGTHS].fetch_or(u64::from(deliveries_max) << 56, Ordering::Relaxed);
    }

    /// Makes the queue at `index`, which nobody holds, a plain topic. Under `bus.lock`.
    pub(crate) fn make_plain(&self, index: usize) {
        // ORDERING: Relaxed, published by [EPOCH].
        self.entry(TOPICS, index)[LENGTHS].fetch_and((1 << 56) - 1, Ordering::Relaxed);
    }

    /// Frees `index`. Under `bus.lock`.
    pub(crate) fn remove_topic(&self, index: usize) {
        // ORDERING: [ENTRY] a reader of 0 uses nothing that was written before.
        self.entry(TOPICS, index)[STATE].store(0, Ordering::Release);
        self.close_account(index);
    }
}
