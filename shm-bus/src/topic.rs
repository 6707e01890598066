//! What a topic is, as data: the host states it from a plugin's manifest, everybody else from a [`Topic`] type.

use crate::control::{Control, LaneEntry, LaneState, SCHEMA_MAX, TOPIC_NAME_MAX, TYPE_NAME_MAX, TopicEntry};
use crate::wire::{Message, Policy, Topic};

/// A topic's name and what it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicSpec<'a> {
    /// Name on the bus, 1 to 96 bytes.
    pub name: &'a str,
    /// The message type's stable name, at most 128 bytes.
    pub type_name: &'a str,
    /// Canonical schema, at most 1024 bytes.
    pub schema: &'a str,
    /// [`schema_hash`](crate::wire::schema_hash) of the schema.
    pub schema_hash: u64,
    /// Bytes of one message.
    pub message_size: u32,
    /// What happens when a lane has no room.
    pub policy: Policy,
}

impl TopicSpec<'static> {
    /// The spec of a topic that was declared in Rust.
    #[must_use]
    pub const fn of<T: Topic>() -> Self {
        Self {
            name: T::NAME,
            type_name: <T::Message as Message>::NAME,
            schema: <T::Message as Message>::SCHEMA,
            schema_hash: <T::Message as Message>::SCHEMA_HASH,
            message_size: size_of::<T::Message>() as u32,
            policy: T::POLICY,
        }
    }
}

/// Why a topic can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TopicError {
    /// A text is empty or longer than its field.
    #[error("the {what} of topic `{topic}` has {bytes} bytes, allowed are 1 to {max}")]
    Length {
        /// The topic.
        topic: String,
        /// Which text.
        what: &'static str,
        /// Its length.
        bytes: usize,
        /// The longest allowed.
        max: usize,
    },
    /// The topic is in use with another schema.
    #[error("topic `{topic}` carries `{on_the_bus}` on this bus, here it is `{here}`")]
    Schema {
        /// The topic.
        topic: String,
        /// What its present users agreed on.
        on_the_bus: String,
        /// What the caller has.
        here: String,
    },
    /// The topic is in use with another policy.
    #[error("topic `{topic}` has the policy {on_the_bus:?} on this bus, here it is {here:?}")]
    Policy {
        /// The topic.
        topic: String,
        /// What its present users agreed on.
        on_the_bus: Policy,
        /// What the caller has.
        here: Policy,
    },
    /// The topic is a work queue, which no publisher sends to and no inbox holds up.
    #[error("topic `{topic}` is a work queue on this bus: send with a producer, read with workers, or observe it")]
    Queue {
        /// The topic.
        topic: String,
    },
    /// The topic is in use, and not as a work queue.
    #[error("topic `{topic}` is no work queue on this bus")]
    NotAQueue {
        /// The topic.
        topic: String,
    },
    /// A work queue overwrites nothing that is not done.
    #[error("work queue `{topic}` can't have the policy {policy:?}: it rejects, blocks or drops the newest")]
    QueuePolicy {
        /// The topic.
        topic: String,
        /// What the caller has.
        policy: Policy,
    },
    /// The work queue is in use with another number of deliveries.
    #[error("work queue `{topic}` delivers {on_the_bus} times on this bus, here it is {here}")]
    Deliveries {
        /// The topic.
        topic: String,
        /// What its present users agreed on.
        on_the_bus: u8,
        /// What the caller has.
        here: u8,
    },
    /// Nobody has declared this topic.
    #[error("topic `{topic}` is not on this bus")]
    Unknown {
        /// The topic.
        topic: String,
    },
    /// The table of topics is full.
    #[error("topic `{topic}` has no room: the bus holds at most {max} topics")]
    Limit {
        /// The topic.
        topic: String,
        /// The bus's limit.
        max: usize,
    },
}

/// Publishers and inboxes that their owner is about to drop, or to have leave a topic: what they alone have declared may be declared
/// anew before they have gone.
///
/// Until then the bus holds two topics of one name. Messages of the old one are not converted.
#[derive(Clone, Debug, Default)]
pub struct Leaving {
    /// Ids.
    lanes: Vec<u64>,
    /// Ids.
    inboxes: Vec<u64>,
}

impl Leaving {
    /// All lanes of this publisher.
    pub fn add_publisher(&mut self, publisher: &crate::Publisher) {
        self.lanes.extend(publisher.lane_ids());
    }

    /// What this inbox reads of the topic that is declared anew.
    pub fn add_inbox(&mut self, inbox: &crate::Inbox) {
        self.inboxes.push(inbox.id());
    }
}

/// The index of `topic`, which is added unless it is there. Under `bus.lock`.
pub(crate) fn find_or_add(control: &Control, topic: &TopicSpec<'_>, leaving: &Leaving) -> Result<usize, TopicError> {
    check(topic)?;
    let entries: Vec<TopicEntry> = control.topics().filter(|entry| entry.name == topic.name).collect();
    let (same, others): (Vec<_>, Vec<_>) = entries.into_iter().partition(|entry| declares_as(entry, topic).is_ok());
    for other in &others {
        if is_held(control, other.index, leaving) {
            declares_as(other, topic)?;
        }
    }
    let limit = || TopicError::Limit { topic: topic.name.to_owned(), max: control.limits().topics };
    same.first().map_or_else(|| control.add_topic(topic).ok_or_else(limit), |entry| Ok(entry.index))
}

/// Whether `entry` is what `topic` says.
fn declares_as(entry: &TopicEntry, topic: &TopicSpec<'_>) -> Result<(), TopicError> {
    let is_same_message = entry.schema_hash == topic.schema_hash
        && entry.schema == topic.schema
        && entry.message_size == topic.message_size;
    if !is_same_message {
        let (on_the_bus, here) = (entry.schema.clone(), topic.schema.to_owned());
        return Err(TopicError::Schema { topic: topic.name.to_owned(), on_the_bus, here });
    }
    if entry.policy != topic.policy {
        let (on_the_bus, here) = (entry.policy, topic.policy);
        return Err(TopicError::Policy { topic: topic.name.to_owned(), on_the_bus, here });
    }
    Ok(())
}

/// Whether somebody but those who are `leaving` uses the topic at `index`.
fn is_held(control: &Control, index: usize, leaving: &Leaving) -> bool {
    // An entry that nobody is leaving goes with its last user, at a sweep.
    if leaving.lanes.is_empty() && leaving.inboxes.is_empty() {
        return true;
    }
    // A closed lane is there for the inboxes that still read it, unless it holds work.
    let holds =
        |lane: &LaneEntry| lane.claims > 0 || lane.state == LaneState::Open && !leaving.lanes.contains(&lane.id);
    control.lanes().any(|lane| lane.topic == index && holds(&lane))
        || control.inboxes().any(|inbox| inbox.reads(index) && !inbox.observer && !leaving.inboxes.contains(&inbox.id))
}

/// Refuses a work queue to those who would publish to it or hold it up.
pub(crate) fn refuse_queue(control: &Control, index: usize) -> Result<(), TopicError> {
    match control.topic(index).filter(|topic| topic.deliveries_max > 0) {
        Some(topic) => Err(TopicError::Queue { topic: topic.name }),
        None => Ok(()),
    }
}

fn check(topic: &TopicSpec<'_>) -> Result<(), TopicError> {
    let texts = [
        ("name", topic.name, TOPIC_NAME_MAX),
        ("type name", topic.type_name, TYPE_NAME_MAX),
        ("schema", topic.schema, SCHEMA_MAX),
    ];
    for (what, text, max) in texts {
        if !(1..=max).contains(&text.len()) {
            return Err(TopicError::Length { topic: topic.name.to_owned(), what, bytes: text.len(), max });
        }
    }
    Ok(())
}
