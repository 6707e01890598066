//! The model's lanes, and what an inbox sees of them.

use std::collections::BTreeMap;

use shm_bus::Bus;

/// A lane, by its publisher's name and its priority.
pub(crate) type LaneKey = (String, usize);

/// The model's knowledge of a lane.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lane {
    pub(crate) topic: usize,
    pub(crate) sent: u64,
    pub(crate) rejected: u64,
    pub(crate) dropped: u64,
    pub(crate) timed_out: u64,
}

/// A delivery, in the model's terms.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) key: LaneKey,
    pub(crate) sequence: u64,
    pub(crate) lost: u64,
}

impl Seen {
    pub(crate) fn of(delivery: &shm_bus::Delivery<'_>) -> Self {
        let key = (delivery.publisher.to_owned(), delivery.priority as usize);
        let expected = payload(&key.0, key.1, delivery.sequence, delivery.payload.len());
        assert_eq!(delivery.payload, expected, "its own bytes");
        Self { key, sequence: delivery.sequence, lost: delivery.lost }
    }
}

/// Bytes that name the sender, the lane and the message's number.
pub(crate) fn payload(publisher: &str, priority: usize, sequence: u64, len: usize) -> Vec<u8> {
    let told = format!("{publisher}/{priority}/{sequence}/");
    told.bytes().cycle().take(len).collect()
}

/// The lanes that the bus still has.
pub(crate) fn present(bus: &Bus, lanes: &BTreeMap<LaneKey, Lane>) -> Vec<(LaneKey, Lane)> {
    let snapshot = bus.snapshot();
    let all = snapshot.topics.iter().flat_map(|topic| &topic.lanes);
    let keys = all.map(|lane| (lane.publisher.clone(), lane.priority as usize));
    keys.map(|key| (key.clone(), lanes[&key].clone())).collect()
}
