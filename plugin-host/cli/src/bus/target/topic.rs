//! Finds the topic that is meant.

use shm_bus::{Bus, TopicInfo, TopicSpec};

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
