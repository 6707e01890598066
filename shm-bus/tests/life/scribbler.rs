//! A process of the same user writes nonsense over all segments while others use the bus.

use std::path::Path;
use std::time::Duration;

use shm_bus::wire::{Policy, Priority};
use shm_bus::{Attachment, Bus, Inbox, Publisher, Start, TopicSpec};

use super::random::rounds;
use super::support::{LANE, NUMBERS, Other, folder, is_empty};

const POLICIES: [Policy; 4] = [Policy::Reject, Policy::DropOldest, Policy::Latest, Policy::Block { timeout_ms: 1 }];

/// Sends, reads, waits and looks; errors are allowed.
fn use_all(bus: &Bus, publisher: &mut Publisher, inbox: &mut Inbox) {
    for number in 0..100_u64 {
        let _ = publisher.send(Priority::Normal, &number.to_le_bytes());
        let _ = publisher.send(Priority::Normal, &[7; 900]);
        let _ = inbox.receive();
    }
    let _ = inbox.drain(|delivery| assert!(delivery.payload.len() <= 4096));
    let _ = inbox.wait_timeout(Duration::from_millis(1));
    assert!(bus.snapshot().participants.len() <= 64);
}

/// Attaches, and creates and drops objects of every kind.
fn newcomers(folder: &Path, first: &Bus, topic: &TopicSpec<'_>) {
    let _ = shm_bus::peek_in(folder, "game");
    let again = Bus::builder("game").folder(folder).lock_timeout(Duration::from_millis(100)).open();
    for bus in [Some(first), again.as_ref().ok()].into_iter().flatten() {
        let publisher = bus.publisher(topic, "writer", LANE);
        for attachment in [Attachment::Gating, Attachment::Observer] {
            let Ok(mut inbox) = bus.inbox("reader", attachment) else { continue };
            let _ = inbox.subscribe(topic, Start::Earliest);
            let _ = inbox.drain(|_| ());
            let _ = inbox.unsubscribe(topic.name);
            let _ = inbox.subscribe_untyped(topic.name, Start::Now);
            let _ = inbox.subscribe_all(Start::Now);
            let _ = inbox.drain(|_| ());
            inbox.take_missed();
        }
        drop(publisher);
    }
}

#[test]
fn nonsense_in_every_segment_costs_messages_and_nothing_else() {
    let folder = folder();
    for (seed, policy) in (1..=rounds(2)).flat_map(|seed| POLICIES.map(|policy| (seed, policy))) {
        let topic = TopicSpec { policy, ..NUMBERS };
        // A participant that attached before the scribbler survives all of it.
        let first = Bus::open_in(folder.path(), "game").expect("opens");
        let mut publisher = first.publisher(&topic, "writer", LANE).expect("made");
        let mut gating = first.inbox("reader", Attachment::Gating).expect("made");
        let mut observer = first.inbox("watcher", Attachment::Observer).expect("made");
        gating.subscribe(&topic, Start::Now).expect("subscribed");
        observer.subscribe(&topic, Start::Now).expect("subscribed");
        let mut scribbler = Other::start(folder.path());
        assert_eq!(scribbler.ask(&format!("scribble {seed}")), "scribbling");
        for _ in 0..8 {
            use_all(&first, &mut publisher, &mut gating);
            use_all(&first, &mut publisher, &mut observer);
            newcomers(folder.path(), &first, &topic);
        }
        scribbler.kill();
        drop((publisher, gating, observer, first));
        shm_bus::gc_in(folder.path()).expect("listed");
        drop(Bus::open_in(folder.path(), "game").expect("a corrupt bus does not block its name"));
        assert!(is_empty(folder.path()), "with seed {seed} and {policy:?}");
    }
}
