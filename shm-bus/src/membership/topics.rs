//! Finding and declaring topics, and why one can't be used.
//!
//! | who asks for a topic | what happens |
//! |---|---|
//! | one who publishes it, or is waited for | the topic is declared as asked, unless somebody else holds another declaration: then the asker is refused |
//! | an observer | the topic is declared as asked if nobody has; the asker is refused if somebody holds another declaration, and waits if nobody holds it |
//!
//! # Failure
//! What is refused changes nothing.

use crate::control::{Control, LaneEntry, LaneState, SCHEMA_MAX, TOPIC_NAME_MAX, TYPE_NAME_MAX, TopicEntry};
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

impl TopicSpec<'_> {
    /// Why a topic that is declared like this can't be used as `entry` says.
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

    /// Whether both are declared alike.
    pub(crate) fn fits(&self, entry: &TopicEntry) -> bool {
        self.refusal(entry).is_none()
    }
}

/// Publishers and inboxes that their owner is about to drop, or to have leave a topic: what they alone have declared may be declared
/// anew before they have gone.
///
/// Until then the bus holds two topics of one name. Messages of the old one are not converted.
#[derive(Clone, Debug, Default)]
pub struct Leaving {
    /// Ids.
    pub(crate) lanes: Vec<u64>,
    /// Ids.
    pub(crate) inboxes: Vec<u64>,
}

/// The place of `topic`, for somebody who publishes it or is waited for. It is added unless it is there. If nobody holds it as it is, it is
/// declared anew at its place; if only those who are `leaving` do, at another place. Under `bus.lock`.
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
        // Its new id makes it the one that counts.
        control.redeclare_topic(free.index, topic);
        // Observers are told even if what comes next fails.
        control.bump_epoch();
    } else if free.deliveries_max > 0 {
        control.make_plain(free.index);
    }
    Ok(free.index)
}

/// Whether somebody besides those who are `leaving` holds the topic at `index`.
fn is_held_by_others(control: &Control, index: usize, leaving: &Leaving) -> bool {
    if leaving.lanes.is_empty() && leaving.inboxes.is_empty() {
        return control.topic_is_held(index);
    }
    // A closed lane is there for the inboxes that still read it, unless it holds work.
    let holds =
        |lane: &LaneEntry| lane.claims > 0 || lane.state == LaneState::Open && !leaving.lanes.contains(&lane.id);
    control.lanes().any(|lane| lane.topic == index && holds(&lane))
        || control.inboxes().any(|inbox| inbox.holds(index) && !leaving.inboxes.contains(&inbox.id))
}

/// The place of `topic`, for an observer. It is added unless it is there. One that nobody holds may be declared otherwise: then the
/// observer waits for somebody who declares it as it needs it. Under `bus.lock`.
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
