//! Tests of what a drain delivers, and what it only counts.

use plugin_sdk::wire::{Policy, Priority};
use shm_bus::{Attachment, Bus, Publisher, Start};
use tempfile::TempDir;

use super::Ports;
use crate::image::TopicInfo;

fn topic(policy: Policy) -> TopicInfo {
    TopicInfo { policy, ..TopicInfo::of_numbers("tests/number") }
}

/// A bus, and the ports of a plugin that subscribes to `topic` there.
fn reading(topic: &TopicInfo) -> (TempDir, Bus, Ports) {
    let folder = TempDir::new().expect("a folder");
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let mut inbox = bus.inbox("plugin", Attachment::Gating).expect("room");
    inbox.subscribe(&topic.spec(), Start::Now).expect("it is declared only once");
    let ports = Ports { inbox: Some(inbox), subscribed: vec![topic.clone()], ..Ports::default() };
    (folder, bus, ports)
}

fn publisher(bus: &Bus, topic: &TopicInfo, name: &str) -> Publisher {
    bus.publisher(&topic.spec(), name, &[(topic.priority, topic.capacity)]).expect("room")
}

fn send(publisher: &mut Publisher, value: u64) {
    publisher.send(Priority::Normal, &value.to_le_bytes()).expect("sent");
}

#[test]
fn what_comes_before_a_topic_is_joined_again_is_counted() {
    let topic = topic(Policy::EvictLaggard);
    let (_folder, bus, mut ports) = reading(&topic);
    let [mut first, mut second, mut calm] = ["first", "second", "calm"].map(|name| publisher(&bus, &topic, name));
    // The inbox knows the lanes, then becomes too slow for two of them.
    assert_eq!(ports.drain("plugin", |_, _, _| {}), 0);
    for value in 0..1000 {
        send(&mut first, value);
        send(&mut second, value);
    }
    // One drain notices that and the next reports it.
    assert_eq!(ports.drain("plugin", |_, _, _| {}), 0);
    send(&mut calm, 1);
    let mut values = Vec::new();
    let given_up = ports.drain("plugin", |_, _, bytes| {
        values.push(u64::from_le_bytes(bytes.try_into().expect("a number")));
        // Arrives too late for this drain.
        send(&mut calm, 2);
        send(&mut calm, 3);
    });
    assert_eq!((given_up, values), (2, vec![1]));
    assert!(ports.joining.is_empty());
    send(&mut first, 4);
    send(&mut calm, 5);
    let mut heard = 0;
    assert_eq!(ports.drain("plugin", |_, _, _| heard += 1), 0);
    assert_eq!(heard, 2);
}

#[test]
fn what_comes_under_another_policy_than_the_subscription_is_counted_and_not_delivered() {
    let (was, now) = (topic(Policy::Reject), topic(Policy::DropOldest));
    let (_folder, bus, mut ports) = reading(&was);
    let mut publisher = publisher(&bus, &was, "before");
    assert_eq!(ports.drain("plugin", |_, _, _| {}), 0);
    send(&mut publisher, 1);
    // Its next build subscribes to the other topic; the old subscription could not be ended.
    (ports.subscribed, ports.leaving) = (vec![now], vec![was]);
    assert_eq!(ports.drain("plugin", |_, _, _| panic!("it reads no such topic")), 1);
    assert!(ports.leaving.is_empty());
}
