//! The topics of the model, and what is done to the bus.

use proptest::prelude::*;
use shm_bus::wire::{Policy, Priority, schema_hash};
use shm_bus::{Start, TopicSpec};

const SCHEMA: &str = "test.Bytes@1 1/1 {value:u8@0}";
pub(crate) const POLICIES: [(&str, Policy); 6] = [
    ("reject", Policy::Reject),
    ("block", Policy::Block { timeout_ms: 0 }),
    ("drop-newest", Policy::DropNewest),
    ("drop-oldest", Policy::DropOldest),
    ("latest", Policy::Latest),
    ("evict", Policy::EvictLaggard),
];
pub(crate) const LANES: &[(Priority, u32)] =
    &[(Priority::Critical, 4096), (Priority::High, 4096), (Priority::Normal, 4096), (Priority::Low, 4096)];
pub(crate) const PUBLISHERS: usize = 4;
pub(crate) const INBOXES: usize = 3;

pub(crate) fn topic(index: usize) -> TopicSpec<'static> {
    let (name, policy) = POLICIES[index];
    let schema_hash = schema_hash(SCHEMA);
    TopicSpec { name, type_name: "test.Bytes", schema: SCHEMA, schema_hash, message_size: 1, policy }
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Publisher { place: usize, topic: usize },
    DropPublisher { place: usize },
    Send { place: usize, priority: usize, len: usize, times: usize },
    Batch { place: usize, priority: usize, len: usize, times: usize },
    Inbox { place: usize, observes: bool },
    DropInbox { place: usize },
    Subscribe { place: usize, topic: usize, from: Start },
    SubscribeAll { place: usize, from: Start },
    Unsubscribe { place: usize, topic: usize },
    Receive { place: usize, times: usize },
    Drain { place: usize },
}

pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (publisher, inbox, topic, priority) = (0..PUBLISHERS, 0..INBOXES, 0..POLICIES.len(), 0..4_usize);
    let len = prop_oneof![16..64_usize, 16..=992_usize];
    let from = prop_oneof![Just(Start::Now), Just(Start::Earliest), (0..20_u64).prop_map(Start::Last)];
    let sends = (publisher.clone(), priority, len, 1..60_usize);
    let step = prop_oneof![
        2 => (publisher.clone(), topic.clone()).prop_map(|(place, topic)| Step::Publisher { place, topic }),
        1 => publisher.prop_map(|place| Step::DropPublisher { place }),
        6 => sends.clone().prop_map(|(place, priority, len, times)| Step::Send { place, priority, len, times }),
        3 => sends.prop_map(|(place, priority, len, times)| Step::Batch { place, priority, len, times }),
        2 => (inbox.clone(), any::<bool>()).prop_map(|(place, observes)| Step::Inbox { place, observes }),
        1 => inbox.clone().prop_map(|place| Step::DropInbox { place }),
        4 => (inbox.clone(), topic.clone(), from.clone())
            .prop_map(|(place, topic, from)| Step::Subscribe { place, topic, from }),
        1 => (inbox.clone(), from).prop_map(|(place, from)| Step::SubscribeAll { place, from }),
        1 => (inbox.clone(), topic).prop_map(|(place, topic)| Step::Unsubscribe { place, topic }),
        6 => (inbox.clone(), 1..80_usize).prop_map(|(place, times)| Step::Receive { place, times }),
        2 => inbox.prop_map(|place| Step::Drain { place }),
    ];
    proptest::collection::vec(step, 1..80)
}
