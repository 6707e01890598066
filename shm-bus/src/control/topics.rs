//! Topics' entries: `id | schema hash | message size, timeout | three text lengths, policy, deliveries of a work queue | name (96) | type name (128) | schema (1024)`.

use super::{Control, TOPICS, TOPICS_MAX, load, publish, text};
use crate::sync::Ordering;
use crate::wire::Policy;

const NAME: (usize, usize) = (4, 16);
const TYPE_NAME: (usize, usize) = (16, 32);
const SCHEMA: (usize, usize) = (32, 160);

const _: () = assert!(SCHEMA.1 == TOPICS.stride && NAME.0 * 8 == 32 && TYPE_NAME.0 * 8 == 128 && SCHEMA.0 * 8 == 256);

/// One topic and what it carries.
#[derive(Clone, Debug)]
pub(crate) struct TopicEntry {
    pub(crate) index: usize,
    /// Of this declaration.
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) type_name: String,
    pub(crate) schema: String,
    pub(crate) schema_hash: u64,
    pub(crate) message_size: u32,
    pub(crate) policy: Policy,
    /// Of a work queue, how often a message is delivered; else 0.
    pub(crate) deliveries_max: u8,
}

impl Control {
    /// The topic at `index`, if there is one.
    pub(crate) fn topic(&self, index: usize) -> Option<TopicEntry> {
        self.read(TOPICS, index, |id, entry| {
            let lengths = load(entry, 3);
            let length = |shift: u32| lengths >> shift & 0xffff;
            let size = load(entry, 2);
            Some(TopicEntry {
                index,
                id,
                name: text(entry, NAME, length(0))?,
                type_name: text(entry, TYPE_NAME, length(16))?,
                schema: text(entry, SCHEMA, length(32))?,
                schema_hash: load(entry, 1),
                message_size: size as u32,
                policy: Policy::from_wire((lengths >> 48) as u8, (size >> 32) as u32)?,
                deliveries_max: (lengths >> 56) as u8,
            })
        })
    }

    /// Whether there is no topic at `index`, not even one that makes no sense. Under `bus.lock`.
    pub(crate) fn topic_is_free(&self, index: usize) -> bool {
        self.entry(TOPICS, index)[0].load(Ordering::Relaxed) == 0
    }

    /// All topics.
    pub(crate) fn topics(&self) -> impl Iterator<Item = TopicEntry> {
        (0..TOPICS_MAX).filter_map(|index| self.topic(index))
    }

    /// The topic of this name, as it was declared last.
    pub(crate) fn topic_named(&self, name: &str) -> Option<TopicEntry> {
        self.topics().filter(|entry| entry.name == name).max_by_key(|entry| entry.id)
    }

    /// Adds a topic and gives its index, or `None` when the table is full. Under `bus.lock`; the texts fit.
    pub(crate) fn add_topic(&self, topic: &crate::TopicSpec<'_>) -> Option<usize> {
        let index = self.free_index(TOPICS, self.limits().topics)?;
        let (policy, timeout_ms) = topic.policy.to_wire();
        let lengths = topic.name.len() as u64
            | (topic.type_name.len() as u64) << 16
            | (topic.schema.len() as u64) << 32
            | u64::from(policy) << 48;
        let fields = [topic.schema_hash, u64::from(topic.message_size) | u64::from(timeout_ms) << 32, lengths];
        let texts = [
            (NAME.0, NAME.1, topic.name),
            (TYPE_NAME.0, TYPE_NAME.1, topic.type_name),
            (SCHEMA.0, SCHEMA.1, topic.schema),
        ];
        publish(self.entry(TOPICS, index), self.next_id(), &fields, &texts);
        Some(index)
    }

    /// Makes the topic at `index`, which nobody publishes or waits for, a work queue. Under `bus.lock`.
    pub(crate) fn make_queue(&self, index: usize, deliveries_max: u8) {
        // ORDERING: Relaxed, published by [EPOCH].
        self.entry(TOPICS, index)[3].fetch_or(u64::from(deliveries_max) << 56, Ordering::Relaxed);
    }

    /// Frees the entry at `index`. Under `bus.lock`.
    pub(crate) fn remove_topic(&self, index: usize) {
        // ORDERING: [ENTRY] nothing was written before it that a reader of 0 uses.
        self.entry(TOPICS, index)[0].store(0, Ordering::Release);
    }
}
