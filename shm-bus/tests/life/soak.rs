//! Several children do random things and are killed at random writes; somebody lives through all of it.

use std::collections::BTreeMap;

use shm_bus::{Attachment, Bus, Inbox, Start};

use super::random::{Random, rounds, seed};
use super::support::{NUMBERS, Other, folder, is_empty};

const WORKERS: usize = 3;
const COMMANDS: [&str; 12] = [
    "try send",
    "try send",
    "try send",
    "publisher",
    "drop publisher",
    "gating",
    "observer",
    "drop inbox",
    "drain",
    "unsubscribe if",
    "open again",
    "other topic",
];

#[test]
fn random_deaths_lose_nothing_and_leave_nothing() {
    let mut random = Random::new(seed());
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let mut inbox = bus.inbox("survivor", Attachment::Gating).expect("made");
    inbox.subscribe(&NUMBERS, Start::Now).expect("subscribed");
    let mut workers: [Option<Other>; WORKERS] = [const { None }; WORKERS];
    let mut received = BTreeMap::new();
    let mut deaths = 0;
    for _ in 0..rounds(150) {
        for worker in &mut workers {
            let child = worker.get_or_insert_with(|| Other::start(folder.path()));
            if random.below(4) == 0 {
                child.ask(&format!("die at {}", 1 + random.below(90)));
            }
            child.tell(COMMANDS[random.below(COMMANDS.len() as u64) as usize]);
            if random.below(40) == 0 {
                *worker = None;
                deaths += 1;
            }
        }
        for worker in &mut workers {
            if worker.as_mut().is_some_and(|child| child.try_hear().is_none()) {
                *worker = None;
                deaths += 1;
            }
        }
        read(&mut inbox, &mut received);
    }
    drop(workers);
    drop(bus.attach_again().expect("clears the dead away"));
    read(&mut inbox, &mut received);
    drop(bus.inbox("any change", Attachment::Observer).expect("made"));
    let snapshot = bus.snapshot();
    assert_eq!((snapshot.participants.len(), snapshot.inboxes.len(), snapshot.topics.len()), (1, 1, 1));
    assert_eq!(snapshot.topics[0].lanes.len(), 0);
    assert_eq!((snapshot.inboxes[0].lost, snapshot.inboxes[0].corrupt), (0, 0));
    drop((inbox, bus));
    assert!(is_empty(folder.path()));
    assert!(deaths > 0, "somebody died");
}

/// Each sender's numbers come once, in order, from 0.
fn read(inbox: &mut Inbox, received: &mut BTreeMap<u64, u64>) {
    let each = |delivery: shm_bus::Delivery<'_>| {
        let next = received.entry(delivery.sender).or_insert(0);
        let number = u64::from_le_bytes(delivery.payload[..8].try_into().expect("8 bytes"));
        assert_eq!((number, delivery.lost), (*next, 0), "of sender {}", delivery.sender);
        *next += 1;
    };
    inbox.drain(each).expect("mapped");
}
