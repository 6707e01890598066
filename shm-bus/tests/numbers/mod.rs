//! The topic that most tests use: its messages are numbers.

use shm_bus::TopicSpec;
use shm_bus::wire::{Policy, schema_hash};

/// A topic of numbers, of eight bytes each.
pub(crate) const fn topic_of_numbers(name: &str, policy: Policy) -> TopicSpec<'_> {
    const SCHEMA: &str = "test.Number@1 8/8 {value:u64@0}";
    TopicSpec {
        name,
        type_name: "test.Number",
        schema: SCHEMA,
        schema_hash: schema_hash(SCHEMA),
        message_size: 8,
        policy,
    }
}
