//! Several children, here and in other namespaces, do random things and are killed at random writes, or lose their files; one participant
//! survives all of it.

use std::collections::BTreeMap;
use std::path::Path;

use shm_bus::{Attachment, Bus, Inbox, ReceiveError, Start};

#[cfg(target_os = "linux")]
use super::namespaces::somewhere;
use super::random::{Random, rounds, seed};
use super::support::{LANE, NUMBERS, Other, folder, is_empty};

/// Without namespaces, there is only one place.
#[cfg(not(target_os = "linux"))]
fn somewhere(_: &mut Random) -> &'static [&'static str] {
    &[]
}

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
            let child = worker.get_or_insert_with(|| Other::start_by(folder.path(), somewhere(&mut random)));
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

/// Removes files of a live bus that it can do without; missing locks say nothing about their owners.
fn remove_locks(bus: &Path, random: &mut Random) {
    let names = (0..4).map(|slot| format!("p{slot}.lock")).chain(["bus.lock".to_owned()]);
    for name in names.filter(|_| random.below(3) == 0) {
        // The file may be missing.
        let _ = std::fs::remove_file(bus.join(name));
    }
}

/// Removes the bus while its participants use it.
fn remove(runtime: &Path, random: &mut Random) {
    let game = runtime.join("game");
    match random.below(5) {
        0 => std::fs::remove_dir_all(game),
        1 => std::fs::remove_file(game.join("control")),
        2 => std::fs::rename(game, runtime.with_extension("moved")),
        3 => std::fs::rename(runtime, runtime.with_extension("old")),
        _ => std::fs::remove_dir_all(runtime),
    }
    .expect("there");
}

#[test]
fn random_removals_are_told_by_everybody_and_spoil_no_second_bus() {
    let mut random = Random::new(seed());
    for _ in 0..rounds(5) {
        let home = folder();
        let runtime = home.path().join("run");
        let bus = Bus::open_in(&runtime, "game").expect("opens");
        let mut inbox = bus.inbox("survivor", Attachment::Gating).expect("made");
        inbox.subscribe(&NUMBERS, Start::Now).expect("subscribed");
        let mut workers: Vec<_> = (0..WORKERS).map(|_| Other::start(&runtime)).collect();
        let mut received = BTreeMap::new();
        for _ in 0..10 {
            for worker in &mut workers {
                worker.ask(COMMANDS[random.below(COMMANDS.len() as u64) as usize]);
            }
            remove_locks(&runtime.join("game"), &mut random);
            read(&mut inbox, &mut received);
        }
        workers.iter_mut().for_each(|worker| assert_eq!(worker.ask("open again"), "done"));
        remove_locks(&runtime.join("game"), &mut random);
        workers.pop().expect("several").kill();
        drop(bus.inbox("any change", Attachment::Observer).expect("made"));
        assert_eq!(
            bus.snapshot().participants.iter().filter(|one| one.alive).count(),
            WORKERS,
            "the killed one is not"
        );
        workers.iter_mut().for_each(|worker| assert_eq!(worker.ask("publisher"), "done"));
        assert!(inbox.receive().is_ok());

        remove(&runtime, &mut random);
        let second = Bus::open_in(&runtime, "game").expect("a second bus");
        let mut reader = second.inbox("reader", Attachment::Gating).expect("made");
        reader.subscribe(&NUMBERS, Start::Now).expect("subscribed");
        workers.iter_mut().for_each(|worker| worker.tell("until removed"));
        while !matches!(inbox.receive(), Err(ReceiveError::Removed { .. })) {}
        workers.iter_mut().for_each(|worker| assert_eq!(worker.hear(), "done"));
        drop((inbox, bus));
        for worker in &mut workers {
            for command in ["open again", "publisher", "send"] {
                assert_eq!(worker.ask(command), "done");
            }
        }
        let mut taken = 0;
        reader.drain(|_| taken += 1).expect("mapped");
        assert_eq!(taken, workers.len());
        workers.into_iter().for_each(Other::leave);
        drop(second.publisher(&NUMBERS, "any change", LANE).expect("made"));
        drop((reader, second));
        assert!(is_empty(&runtime));
    }
}

/// Each sender's numbers arrive once, in order, from 0.
fn read(inbox: &mut Inbox, received: &mut BTreeMap<u64, u64>) {
    let each = |delivery: shm_bus::Delivery<'_>| {
        let next = received.entry(delivery.sender).or_insert(0);
        let number = u64::from_le_bytes(delivery.payload[..8].try_into().expect("8 bytes"));
        assert_eq!((number, delivery.lost), (*next, 0), "of sender {}", delivery.sender);
        *next += 1;
    };
    inbox.drain(each).expect("mapped");
}
