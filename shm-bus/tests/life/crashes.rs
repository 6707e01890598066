//! A child is killed at its n-th write, for every n of an operation; then the others continue as if it had never existed.
//!
//! The points lie behind every store to a segment, every change of a folder and every lock: see `src/crash.rs`.

use std::path::Path;

use shm_bus::wire::{Policy, Priority};
use shm_bus::{Attachment, Bus, Inbox, Start, TopicSpec};

use super::accounts::Observers;
use super::random::rounds;
use super::support::{LATEST, OVERWRITTEN, Other, drain, folder, is_empty};
use super::survivor::{Survivor, at_every_point, at_every_point_alone, at_every_point_beside, prepared};

fn nothing(_: &Path) {}

/// A process that has published and read is killed.
fn a_death(folder: &Path) {
    let mut dead = Other::start(folder);
    for command in ["open", "publisher", "gating", "send", "send"] {
        dead.ask(command);
    }
    dead.kill();
}

#[test]
fn creating() {
    at_every_point_alone(&[], "open", nothing);
}

#[test]
fn creating_after_everybody_was_killed() {
    at_every_point_alone(&[], "open", a_death);
}

#[test]
fn removing() {
    at_every_point_alone(&["open", "publisher", "gating"], "leave", nothing);
}

#[test]
fn collecting() {
    at_every_point_alone(&[], "gc", a_death);
}

#[test]
fn attaching() {
    at_every_point(&[], "open");
}

#[test]
fn adding_a_lane() {
    at_every_point(&["open"], "publisher");
}

#[test]
fn adding_a_topic_with_two_lanes() {
    at_every_point(&["open"], "other topic");
}

#[test]
fn adding_an_inbox() {
    at_every_point(&["open"], "inbox");
}

#[test]
fn subscribing() {
    at_every_point(&["open", "inbox"], "subscribe");
}

#[test]
fn unsubscribing() {
    at_every_point(&["open", "gating"], "unsubscribe");
}

#[test]
fn closing_a_publisher() {
    at_every_point(&["open", "publisher", "send"], "drop publisher");
}

#[test]
fn closing_an_inbox() {
    at_every_point(&["open", "gating"], "drop inbox");
}

#[test]
fn leaving() {
    at_every_point(&["open", "publisher", "gating", "send"], "leave");
}

#[test]
fn sending() {
    at_every_point(&["open", "publisher", "send"], "send");
}

#[test]
fn sending_over_the_end_of_the_ring() {
    at_every_point(&["open", "publisher", "send large", "send"], "send large");
}

/// Kills a publisher of `topic` while it overwrites unread messages; then an inbox reads.
fn overwriting(command: &str, topic: &shm_bus::TopicSpec<'_>) {
    let (mut n, mut last) = (0, 1);
    while n <= last {
        let folder = folder();
        let bus = Bus::open_in(folder.path(), "game").expect("opens");
        let mut inboxes = [Attachment::Gating, Attachment::Observer].map(|attachment| {
            let mut inbox = bus.inbox("reader", attachment).expect("made");
            inbox.subscribe(topic, Start::Now).expect("subscribed");
            inbox
        });
        let mut next = [0; 2];
        let mut child = prepared(folder.path(), &["open", command, "send large"], || ());
        read_on(&mut inboxes, &mut next);
        assert_eq!(next, [3; 2]);
        child.ask(&format!("die at {n}"));
        child.tell("send three laps");
        if n == 0 {
            child.hear();
            last = child.ask("points").parse().expect("a number");
            child.kill();
        } else {
            child.await_kill();
        }
        drop(bus.attach_again().expect("clears the dead away"));
        read_on(&mut inboxes, &mut next);
        assert!((3..=15).contains(&next[0]) && next[0] == next[1], "{next:?} messages were sent or lost at point {n}");
        drop(bus.inbox("any change", Attachment::Observer).expect("made"));
        let snapshot = bus.snapshot();
        assert_eq!((snapshot.topics[0].lanes.len(), snapshot.participants.len()), (0, 1), "point {n}");
        assert!(snapshot.inboxes.iter().all(|inbox| inbox.corrupt == 0));
        drop((inboxes, bus));
        assert!(is_empty(folder.path()));
        // Most points lie in payloads and are alike, so only the soak tries every one.
        n += if n == 0 || rounds(1) > 1 { 1 } else { 7 };
    }
    eprintln!("{command}: {last} points");
}

/// Reads the present messages; absent ones are counted as lost, exactly. `next` holds the numbers expected next.
fn read_on(inboxes: &mut [Inbox; 2], next: &mut [u64; 2]) {
    for (inbox, next) in inboxes.iter_mut().zip(next) {
        let each = |delivery: shm_bus::Delivery<'_>| {
            let number = u64::from_le_bytes(delivery.payload[..8].try_into().expect("8 bytes"));
            assert_eq!((number, delivery.lost), (delivery.sequence, delivery.sequence - *next));
            *next = number + 1;
        };
        inbox.drain(each).expect("mapped");
    }
}

#[test]
fn overwriting_the_oldest() {
    overwriting("overwriting", &OVERWRITTEN);
}

#[test]
fn overwriting_all_but_the_latest() {
    overwriting("latest", &LATEST);
}

#[test]
fn clearing_the_dead_away() {
    at_every_point_beside(&[], "open", a_death);
}

#[test]
fn receiving() {
    let (mut n, mut last) = (0, 1);
    while n <= last {
        let folder = folder();
        let mut survivor = Survivor::in_folder(folder.path());
        let mut child = prepared(folder.path(), &["open", "gating"], || ());
        for _ in 0..20 {
            survivor.publisher.send(Priority::Normal, &[0; 8]).expect("room");
        }
        child.ask(&format!("die at {n}"));
        if n == 0 {
            assert_eq!(child.ask("drain"), "20 0");
            last = child.ask("points").parse().expect("a number");
            drop(child);
        } else {
            child.tell("drain");
            child.await_kill();
        }
        assert_eq!(drain(&mut survivor.inbox).0.len(), 20, "the dead inbox's messages are still there for others");
        survivor.goes_on(folder.path());
        n += 1;
    }
    assert!(last >= 2, "the cursor and the count that goes with it");
}

/// Kills a child at each point of `operation`, beside observers that have not seen any of its short-lived lanes; afterwards they have
/// counted all messages once.
fn counted_at_every_point(
    (setup, operation): (&[&str], &str),
    before: impl Fn(&Path) -> Observers,
    after: impl Fn(&mut Observers, u64),
) {
    let (mut n, mut last) = (0, 1);
    while n <= last {
        let folder = folder();
        let mut observers = before(folder.path());
        let mut child = prepared(folder.path(), setup, || ());
        child.ask(&format!("die at {n}"));
        child.tell(operation);
        if n == 0 {
            child.hear();
            last = child.ask("points").parse().expect("a number");
            child.kill();
        } else {
            child.await_kill();
        }
        drop(observers.bus.attach_again().expect("clears the dead away"));
        after(&mut observers, n);
        drop(observers);
        assert!(is_empty(folder.path()));
        n += 1;
    }
    eprintln!("{operation} beside observers: {last} points");
}

#[test]
fn ending_a_lane_that_observers_never_saw() {
    let setup = (&["open", "overwriting", "send", "send", "send"][..], "leave");
    let before = |folder: &Path| Observers::of(Bus::open_in(folder, "game").expect("opens"), &OVERWRITTEN);
    counted_at_every_point(setup, before, |observers, n| {
        observers.look();
        assert_eq!(observers.counted, [3; 2], "point {n}");
        observers.come_and_go(&OVERWRITTEN, 2);
        observers.look();
        assert_eq!(observers.counted, [5; 2], "point {n}");
    });
}

#[test]
fn declaring_anew_what_only_observers_hold() {
    let former = TopicSpec { policy: Policy::Latest, ..OVERWRITTEN };
    let before = |folder: &Path| {
        let observers = Observers::of(Bus::open_in(folder, "game").expect("opens"), &former);
        observers.come_and_go(&former, 4);
        observers
    };
    counted_at_every_point((&["open"], "overwriting"), before, |observers, n| {
        observers.come_and_go(&OVERWRITTEN, 2);
        observers.look();
        assert_eq!(observers.counted, [6; 2], "point {n}");
        assert_eq!(observers.bus.snapshot().topics.len(), 1, "it has kept its place, point {n}");
    });
}

#[test]
fn giving_way_in_a_full_table() {
    let before = |folder: &Path| {
        let bus = Bus::builder("game").folder(folder).topics(3).open().expect("opens");
        let observers = Observers::of(bus, &OVERWRITTEN);
        for (name, count) in [("first", 3), ("second", 4)] {
            observers.come_and_go(&TopicSpec { name, ..OVERWRITTEN }, count);
        }
        observers
    };
    counted_at_every_point((&["open"], "publisher"), before, |observers, n| {
        observers.look();
        assert_eq!(observers.counted, [0, 7], "point {n}");
        observers.come_and_go(&TopicSpec { name: "third", ..OVERWRITTEN }, 5);
        observers.come_and_go(&OVERWRITTEN, 1);
        observers.look();
        assert_eq!(observers.counted, [1, 13], "point {n}");
    });
}
