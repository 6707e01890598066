//! Fuzzes the segments of a bus in use with any words, then uses everything on it.
//!
//! Steps of `action | segment | index of a word | value`; some write and some use the bus.

use std::time::Duration;

use super::Bytes;
use crate::inbox::{Attachment, Inbox};
use crate::lane::Start;
use crate::layout;
use crate::layout::control::{INBOXES_MAX, LANES_MAX};
use crate::membership::Bus;
use crate::publisher::Publisher;
use crate::runtime::{Access, CONTROL};
use crate::sync::Ordering;
use crate::topic::TopicSpec;
use crate::wire::{Policy, Priority, schema_hash};

const SCHEMA: &str = "fuzz.Number@1 8/8 {value:u64@0}";
const LANES: &[(Priority, u32)] = &[(Priority::Normal, 4096), (Priority::Critical, 4096)];
const STEPS_MAX: usize = 64;

const fn topic(policy: Policy) -> TopicSpec<'static> {
    let schema_hash = schema_hash(SCHEMA);
    TopicSpec { name: "numbers", type_name: "fuzz.Number", schema: SCHEMA, schema_hash, message_size: 8, policy }
}

/// See the module.
pub fn segments(data: &[u8]) {
    let mut bytes = Bytes(data);
    let policies = [Policy::Reject, Policy::DropOldest, Policy::Latest, Policy::EvictLaggard, Policy::DropNewest];
    let policy = policies[usize::from(bytes.u8()) % policies.len()];
    // Nobody holds its lock for long: a timeout would be a finding.
    let Ok(bus) = Bus::builder("fuzz").lock_timeout(Duration::from_secs(5)).open_anonymous() else {
        panic!("no bus could be made")
    };
    let mut user = User::new(bus, policy);
    for _ in 0..STEPS_MAX {
        if bytes.is_empty() {
            break;
        }
        let (what, segment, index, value) = (bytes.u8(), bytes.u8(), bytes.u16(), bytes.u64());
        match what {
            0..128 => user.scribble(segment, usize::from(index), value),
            what => user.act(what % 17, value),
        }
    }
    for what in [4, 6, 7, 9] {
        user.act(what, 0);
    }
}

/// A participant with every kind of handle.
struct User {
    bus: Bus,
    others: Vec<Bus>,
    topic: TopicSpec<'static>,
    publishers: Vec<Publisher>,
    inboxes: Vec<Inbox>,
}

impl User {
    fn new(bus: Bus, policy: Policy) -> Self {
        let mut user =
            Self { bus, others: Vec::new(), topic: topic(policy), publishers: Vec::new(), inboxes: Vec::new() };
        for what in [0, 1, 2, 3] {
            user.act(what, 1);
        }
        user
    }

    /// Writes a word of a segment: of lanes, inboxes and the registry, as far as the registry names them.
    fn scribble(&self, segment: u8, index: usize, value: u64) {
        let store = &self.bus.shared().store;
        let Ok(names) = store.names() else { return };
        let name = names.get(usize::from(segment) % names.len().max(1)).map_or(CONTROL, String::as_str);
        // A bus in memory returns a segment of any requested length.
        let Ok(segment) = store.open(name, layout::control::BYTES, Access::Write) else { return };
        let words = segment.words();
        words[index % words.len()].store(value, Ordering::Relaxed);
    }

    fn act(&mut self, what: u8, value: u64) {
        let priority = [Priority::Normal, Priority::Critical][value as usize % 2];
        match what {
            0 => self.publishers.extend(self.bus.publisher(&self.topic, "writer", LANES).ok()),
            1 | 2 => {
                let attachment = if what == 1 { Attachment::Gating } else { Attachment::Observer };
                self.inboxes.extend(self.bus.inbox("reader", attachment).ok());
            }
            3 => {
                let from = [Start::Now, Start::Earliest, Start::Last(value)][value as usize % 3];
                for inbox in &mut self.inboxes {
                    let _ = inbox.subscribe(&self.topic, from);
                }
            }
            4 => {
                for publisher in &mut self.publishers {
                    let _ = publisher.send(priority, &[7; 900][..value as usize % 900]);
                    let _ = publisher.pressure(priority);
                }
            }
            5 => {
                let payload = value.to_le_bytes();
                for publisher in &mut self.publishers {
                    let _ = publisher.send_batch(priority, std::iter::repeat_n(&payload[..], 200));
                }
            }
            6 => {
                for inbox in &mut self.inboxes {
                    let _ = inbox.receive();
                }
            }
            7 => {
                for inbox in &mut self.inboxes {
                    let _ = inbox.drain(|delivery| assert!(delivery.payload.len() <= 1024));
                }
            }
            8 => {
                for inbox in &mut self.inboxes {
                    let _ = inbox.wait_timeout(Duration::ZERO);
                }
            }
            9 => {
                let snapshot = self.bus.snapshot();
                assert!(snapshot.inboxes.len() <= INBOXES_MAX);
                assert!(snapshot.topics.iter().map(|topic| topic.lanes.len()).sum::<usize>() <= LANES_MAX);
            }
            10 => self.others.extend(self.bus.attach_again().ok()),
            11 => drop(self.others.pop()),
            12 => drop(self.publishers.pop()),
            13 => drop(self.inboxes.pop()),
            14 => {
                for inbox in &mut self.inboxes {
                    let _ = inbox.unsubscribe(self.topic.name);
                    let _ = inbox.subscribe_untyped(self.topic.name, Start::Now);
                }
            }
            15 => {
                for inbox in &mut self.inboxes {
                    let _ = inbox.subscribe_all(Start::Now);
                    inbox.take_missed();
                }
            }
            _ => drop(self.bus.attach_again()),
        }
    }
}

const _: () = assert!(layout::inbox::BYTES < layout::control::BYTES);
