//! Finds the topic that is meant, and observes it.

use std::error::Error;

use shm_bus::{Attachment, Bus, Inbox, Start, TopicInfo, TopicSpec};

use super::find::find;

// A doc comment would replace the help of the commands that have these arguments.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct TopicArgs {
    /// Topic, such as physics/contact
    pub(crate) topic: String,
    /// Bus [default: the only live one]
    #[arg(long, value_name = "NAME")]
    bus: Option<String>,
}

impl TopicArgs {
    /// The bus, and an inbox named `observer` that observes the topic from now on.
    pub(crate) fn observe(&self, observer: &str) -> Result<(Bus, Inbox), Box<dyn Error>> {
        let bus = find(self.bus.as_deref())?;
        topic(&bus, &self.topic)?;
        let mut inbox = bus.inbox(observer, Attachment::Observer)?;
        inbox.subscribe_untyped(&self.topic, Start::Now)?;
        Ok((bus, inbox))
    }
}

/// Nobody has declared the topic.
#[derive(Debug, thiserror::Error)]
#[error("bus `{bus}` has no topic `{topic}`; it has: {}", if topics.is_empty() { "none".to_owned() } else { topics.join(", ") })]
pub(crate) struct UnknownTopic {
    bus: String,
    topic: String,
    topics: Vec<String>,
}

/// The bus's declaration of `topic`.
pub(crate) fn topic(bus: &Bus, topic: &str) -> Result<TopicInfo, UnknownTopic> {
    let snapshot = bus.snapshot();
    if let Some(found) = snapshot.topics.iter().find(|found| found.name == topic) {
        return Ok(found.clone());
    }
    let topics = snapshot.topics.into_iter().map(|topic| topic.name).collect();
    Err(UnknownTopic { bus: snapshot.bus, topic: topic.to_owned(), topics })
}

/// The specification for publishing it.
pub(crate) fn spec(topic: &TopicInfo) -> TopicSpec<'_> {
    TopicSpec {
        name: &topic.name,
        type_name: &topic.type_name,
        schema: &topic.schema,
        schema_hash: topic.schema_hash,
        message_size: topic.message_size,
        policy: topic.policy,
    }
}
