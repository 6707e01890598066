//! A process of the same user writes nonsense over all segments while others use the bus.

use std::time::Duration;

use shm_bus::wire::{Policy, Priority};
use shm_bus::{Attachment, Bus, From, Inbox, Publisher, TopicSpec};

use super::support::{LANE, NUMBERS, Other, folder, is_empty};

const POLICIES: [Policy; 4] = [Policy::Reject, Policy::DropOldest, Policy::Latest, Policy::Block { timeout_ms: 1 }];

/// Everything that a participant can do, as far as it succeeds.
fn one_of_everything(bus: &Bus, policy: Policy, inbox: &mut Inbox, publisher: &mut Publisher) {
    let topic = TopicSpec { policy, ..NUMBERS };
    let _ = inbox.subscribe(&topic, From::Earliest);
    for number in 0..100_u64 {
        let _ = publisher.send(Priority::Normal, &number.to_le_bytes());
        let _ = publisher.send(Priority::Normal, &[7; 900]);
        let _ = inbox.receive();
    }
    let _ = inbox.drain(|delivery| assert!(delivery.payload.len() <= 4096));
    let _ = inbox.wait_timeout(Duration::from_millis(1));
    let snapshot = bus.snapshot();
    assert!(snapshot.participants.len() <= 64);
    let _ = inbox.unsubscribe(topic.name);
}

#[test]
fn nonsense_in_every_segment_costs_messages_and_nothing_else() {
    let folder = folder();
    for (seed, policy) in (1..).zip(POLICIES) {
        // Who opened before the scribbler came lives through all of it.
        let first = Bus::open_in(folder.path(), "game").expect("opens");
        let mut scribbler = Other::start(folder.path());
        assert_eq!(scribbler.ask(&format!("scribble {seed}")), "scribbling");
        for _ in 0..25 {
            let again = Bus::builder("game").folder(&folder).patience(Duration::from_millis(100)).open();
            for bus in [Some(&first), again.as_ref().ok()].into_iter().flatten() {
                let Ok(mut inbox) = bus.inbox("reader", Attachment::Gating) else { continue };
                let topic = TopicSpec { policy, ..NUMBERS };
                let Ok(mut publisher) = bus.publisher(&topic, "writer", LANE) else { continue };
                one_of_everything(bus, policy, &mut inbox, &mut publisher);
                let Ok(mut observer) = bus.inbox("watcher", Attachment::Observer) else { continue };
                one_of_everything(bus, policy, &mut observer, &mut publisher);
            }
        }
        scribbler.kill();
        drop(first);
        shm_bus::gc_in(folder.path()).expect("listed");
        drop(Bus::open_in(folder.path(), "game").expect("a spoilt bus does not keep its name"));
        assert!(is_empty(folder.path()), "with seed {seed}");
    }
}
