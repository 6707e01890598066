//! Finds and declares topics, and says why one can't be used.
//!
//! | request by | what happens |
//! |---|---|
//! | a publisher, or an inbox that is waited for | the topic is declared as requested, unless somebody else holds another declaration: then the request is refused |
//! | an observer | the topic is declared as requested if nobody has declared it; the request is refused if somebody holds another declaration, and waits if nobody holds it |
//!
//! # Failure
//! A refused request changes nothing.

use crate::control::{Control, LaneEntry, LaneState, TopicEntry};
use crate::layout::control::{SCHEMA_MAX, TOPIC_NAME_MAX, TYPE_NAME_MAX};
use crate::topic::TopicSpec;
use crate::wire::Policy;

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
    #[error("topic `{topic}` carries `{on_the_bus}` on this bus, but `{here}` was requested")]
    Schema {
        /// The topic.
        topic: String,
        /// The schema that its present users agreed on.
        on_the_bus: String,
        /// The caller's schema.
        here: String,
    },
    /// The topic is in use with another policy.
    #[error("topic `{topic}` has the policy {on_the_bus:?} on this bus, but {here:?} was requested")]
    Policy {
        /// The topic.
        topic: String,
        /// The policy that its present users agreed on.
        on_the_bus: Policy,
        /// The caller's policy.
        here: Policy,
    },
    /// The topic is a work queue: no publisher sends to it, and no inbox gates it.
    #[error("topic `{topic}` is a work queue on this bus: send with a producer, read with workers, or observe it")]
    Queue {
        /// The topic.
        topic: String,
    },
    /// The topic is in use, but not as a work queue.
    #[error("topic `{topic}` is not a work queue on this bus")]
    NotAQueue {
        /// The topic.
        topic: String,
    },
    /// The policy does not suit a work queue, which never overwrites a message that is not done.
    #[error("work queue `{topic}` cannot have the policy {policy:?}: it rejects, blocks or drops the newest")]
    QueuePolicy {
        /// The topic.
        topic: String,
        /// The caller's policy.
        policy: Policy,
    },
    /// The work queue is in use with another number of deliveries.
    #[error("work queue `{topic}` delivers {on_the_bus} times on this bus, but {here} was requested")]
    Deliveries {
        /// The topic.
        topic: String,
        /// The number that its present users agreed on.
        on_the_bus: u8,
        /// The caller's number.
        here: u8,
    },
    /// Nobody has declared this topic.
    #[error("topic `{topic}` is not on this bus")]
    Unknown {
        /// The topic.
        topic: String,
    },
    /// The table of topics is full.
    #[error("the bus has no room for topic `{topic}`: it holds at most {max}")]
    Limit {
        /// The topic.
        topic: String,
        /// The bus's limit.
        max: usize,
    },
}

impl TopicSpec<'_> {
    /// Why a topic with this declaration can't be used as `entry` declares it; `None` if it can.
    fn refusal(&self, entry: &TopicEntry) -> Option<TopicError> {
        let topic = self.name.to_owned();
        if (entry.schema_hash, &*entry.schema, entry.message_size) != (self.schema_hash, self.schema, self.message_size)
        {
            let (on_the_bus, here) = (entry.schema.clone(), self.schema.to_owned());
            return Some(TopicError::Schema { topic, on_the_bus, here });
        }
        let (on_the_bus, here) = (entry.policy, self.policy);
        (on_the_bus != here).then_some(TopicError::Policy { topic, on_the_bus, here })
    }

    /// Whether both declarations are the same.
    pub(crate) fn fits(&self, entry: &TopicEntry) -> bool {
        self.refusal(entry).is_none()
    }
}

/// Publishers and inboxes that their owner is about to drop, or to detach from a topic. A topic that only they hold may be declared anew
/// before they are gone.
///
/// Until then the bus holds two topics of one name. Messages of the old one are not converted.
#[derive(Clone, Debug, Default)]
pub struct Leaving {
    /// Ids of lanes.
    pub(crate) lanes: Vec<u64>,
    /// Ids of inboxes.
    pub(crate) inboxes: Vec<u64>,
}

/// The index of `topic`, for a publisher or an inbox that is waited for. Adds the topic if it doesn't exist. If nobody holds its present
/// declaration, it is declared again at the same index; if only those in `leaving` hold it, at another one. Under `bus.lock`.
pub(crate) fn find_or_add(control: &Control, topic: &TopicSpec<'_>, leaving: &Leaving) -> Result<usize, TopicError> {
    check(topic)?;
    let mut entries: Vec<TopicEntry> = control.topics().filter(|entry| entry.name == topic.name).collect();
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.id));
    for entry in entries.iter().filter(|entry| is_held_by_others(control, entry.index, leaving)) {
        topic.refusal(entry).map_or(Ok(()), Err)?;
    }
    let in_use = entries.iter().find(|entry| topic.fits(entry) && control.topic_is_held(entry.index));
    if let Some(entry) = in_use {
        return Ok(entry.index);
    }
    let Some(free) = entries.iter().find(|entry| !control.topic_is_held(entry.index)) else {
        return add(control, topic);
    };
    if !topic.fits(free) || free.id != entries[0].id {
        // Its new id makes it the current declaration.
        control.redeclare_topic(free.index, topic);
        // Observers are notified even if what follows fails.
        control.bump_epoch();
    } else if free.deliveries_max > 0 {
        control.make_plain(free.index);
    }
    Ok(free.index)
}

/// Whether anybody except those in `leaving` holds the topic at `index`.
fn is_held_by_others(control: &Control, index: usize, leaving: &Leaving) -> bool {
    if leaving.lanes.is_empty() && leaving.inboxes.is_empty() {
        return control.topic_is_held(index);
    }
    // A closed lane serves only the inboxes that still read it, unless it holds work.
    let holds =
        |lane: &LaneEntry| lane.claims > 0 || lane.state == LaneState::Open && !leaving.lanes.contains(&lane.id);
    control.lanes().any(|lane| lane.topic == index && holds(&lane))
        || control.inboxes().any(|inbox| inbox.holds(index) && !leaving.inboxes.contains(&inbox.id))
}

/// The index of `topic`, for an observer. Adds the topic if it doesn't exist. A topic that nobody holds may be declared differently; the
/// observer then waits until somebody declares it as the observer needs it. Under `bus.lock`.
pub(crate) fn find_or_await(control: &Control, topic: &TopicSpec<'_>) -> Result<usize, TopicError> {
    check(topic)?;
    let Some(entry) = control.topic_named(topic.name) else { return add(control, topic) };
    match topic.refusal(&entry) {
        Some(refusal) if control.topic_is_held(entry.index) => Err(refusal),
        _ => Ok(entry.index),
    }
}

fn add(control: &Control, topic: &TopicSpec<'_>) -> Result<usize, TopicError> {
    let limit = || TopicError::Limit { topic: topic.name.to_owned(), max: control.limits().topics };
    control.add_topic(topic).ok_or_else(limit)
}

/// Refuses a work queue to those who would publish to it or gate it.
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
