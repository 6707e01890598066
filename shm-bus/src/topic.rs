//! The description of a topic, as data. The host takes it from a plugin's manifest, everybody else from a [`Topic`] type.

use crate::wire::{Message, Policy, Topic};

/// A topic's name, type and policy.
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
    /// The spec of a topic declared in Rust.
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

#[cfg(test)]
impl<'a> TopicSpec<'a> {
    /// A topic of plain numbers, for tests.
    pub(crate) const fn of_numbers(name: &'a str, policy: Policy) -> Self {
        const SCHEMA: &str = "test.Number@1 8/8 {value:u64@0}";
        let schema_hash = crate::wire::schema_hash(SCHEMA);
        Self { name, type_name: "test.Number", schema: SCHEMA, schema_hash, message_size: 8, policy }
    }
}

/// A topic's declaration by its publishers and the inboxes that are waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Declaration {
    /// The topic's name.
    pub name: String,
    /// Name of the type that it carries.
    pub type_name: String,
    /// Schema of that type; see [`schema::Fields`](crate::schema::Fields).
    pub schema: String,
    /// Hash of the schema.
    pub schema_hash: u64,
    /// Bytes of one message.
    pub message_size: u32,
    /// What happens when a lane has no room.
    pub policy: Policy,
}

impl Declaration {
    /// The declaration as a spec, for publishing or subscribing.
    #[must_use]
    pub fn spec(&self) -> TopicSpec<'_> {
        let Self { name, type_name, schema, schema_hash, message_size, policy } = self;
        let (schema_hash, message_size, policy) = (*schema_hash, *message_size, *policy);
        TopicSpec { name, type_name, schema, schema_hash, message_size, policy }
    }
}

impl From<&TopicSpec<'_>> for Declaration {
    fn from(topic: &TopicSpec<'_>) -> Self {
        Self {
            name: topic.name.to_owned(),
            type_name: topic.type_name.to_owned(),
            schema: topic.schema.to_owned(),
            schema_hash: topic.schema_hash,
            message_size: topic.message_size,
            policy: topic.policy,
        }
    }
}

impl std::fmt::Display for Declaration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` with the policy {:?}", self.schema, self.policy)
    }
}
