//! A child is killed at its n-th write, for every n of an operation; then the others continue as if it had never existed.
//!
//! The points lie behind every store to a segment, every change of a folder and every lock: see `src/crash.rs`.

use std::collections::BTreeSet;
use std::path::Path;

use shm_bus::wire::{Policy, Priority};
use shm_bus::{Attachment, Bus, Inbox, Publisher, Start, TopicSpec, gc_in, list_in};

use super::accounts::Observers;
use super::random::rounds;
use super::support::{LANE, LATEST, NUMBERS, OVERWRITTEN, Other, drain, folder, is_empty};

/// A participant that survives everything.
struct Survivor {
    bus: Bus,
    publisher: Publisher,
    inbox: Inbox,
    /// Numbers received from the child.
    received: Vec<u64>,
}

impl Survivor {
    fn in_folder(folder: &Path) -> Self {
        let bus = Bus::open_in(folder, "game").expect("opens");
        let mut inbox = bus.inbox("survivor", Attachment::Gating).expect("made");
        inbox.subscribe(&NUMBERS, Start::Now).expect("subscribed");
        let publisher = bus.publisher(&NUMBERS, "survivor", LANE).expect("made");
        Self { bus, publisher, inbox, received: Vec::new() }
    }

    /// Takes the child's messages; returns the number of its own ones.
    fn read(&mut self) -> usize {
        let mut own = 0;
        let each = |delivery: shm_bus::Delivery<'_>| {
            assert_eq!(delivery.lost, 0, "nothing is lost");
            if delivery.publisher == "survivor" {
                own += 1;
            } else {
                self.received.push(u64::from_le_bytes(delivery.payload[..8].try_into().expect("8 bytes")));
            }
        };
        self.inbox.drain(each).expect("mapped");
        own
    }

    /// After a child's death: nothing is lost, doubled, leaked or stuck.
    fn goes_on(mut self, folder: &Path) {
        let third = Bus::attach_in(folder, "game").expect("attaches, and clears the dead away");
        for _ in 0..200 {
            self.publisher.send(Priority::Normal, &[0; 8]).expect("the publisher waits for no dead inbox");
            assert_eq!(self.read(), 1);
        }
        let expected: Vec<u64> = (0..self.received.len() as u64).collect();
        assert_eq!(self.received, expected, "each of the child's messages once, in order");
        // The next change of the bus removes what has been drained meanwhile.
        drop(third);
        drop(self.bus.inbox("any change", Attachment::Observer).expect("made"));
        let snapshot = self.bus.snapshot();
        assert_eq!((snapshot.participants.len(), snapshot.inboxes.len(), snapshot.topics.len()), (1, 1, 1));
        assert_eq!(snapshot.topics[0].lanes.len(), 1);
        let kinds: BTreeSet<String> = names(&folder.join("game")).into_iter().map(|name| kind(&name)).collect();
        assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["bus.lock", "control", "inbox-", "lane-", "p.lock"]);
        assert_eq!(names(&folder.join("game")).len(), 5, "one of each, nobody else's");
        drop(self);
        assert!(is_empty(folder));
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("there");
    entries.map(|entry| entry.expect("readable").file_name().into_string().expect("text")).collect()
}

fn kind(name: &str) -> String {
    name.chars().filter(|letter| !letter.is_ascii_digit()).collect()
}

/// Starts a child and has it do the `setup`.
fn prepared(folder: &Path, setup: &[&str], mut after_each: impl FnMut()) -> Other {
    let mut child = Other::start(folder);
    for command in setup {
        child.ask(command);
        after_each();
    }
    child
}

/// Points that `operation` passes after `setup`.
fn points(folder: &Path, setup: &[&str], operation: &str, mut after_each: impl FnMut()) -> u64 {
    let mut child = prepared(folder, setup, &mut after_each);
    child.ask("die at 0");
    child.ask(operation);
    let points = child.ask("points").parse().expect("a number");
    assert!(points > 0);
    points
}

/// Kills a child at each point of `operation`, beside a survivor.
fn at_every_point(setup: &[&str], operation: &str) {
    at_every_point_beside(setup, operation, |_| ());
}

/// Like [`at_every_point`]; `circumstances` creates them before the child starts.
fn at_every_point_beside(setup: &[&str], operation: &str, circumstances: impl Fn(&Path)) {
    let mut last = 1;
    let mut n = 0;
    while n <= last {
        let folder = folder();
        let mut survivor = Survivor::in_folder(folder.path());
        circumstances(folder.path());
        if n == 0 {
            last = points(folder.path(), setup, operation, || _ = survivor.read());
        } else {
            let mut child = prepared(folder.path(), setup, || _ = survivor.read());
            child.ask(&format!("die at {n}"));
            child.tell(operation);
            child.await_kill();
        }
        survivor.goes_on(folder.path());
        n += 1;
    }
    eprintln!("{operation} after {setup:?}: {last} points");
}

/// Kills a child that is alone on the bus at each point of `operation`: the bus's name is free again, and nothing is left.
fn at_every_point_alone(setup: &[&str], operation: &str, circumstances: impl Fn(&Path)) {
    let count = {
        let folder = folder();
        circumstances(folder.path());
        points(folder.path(), setup, operation, || ())
    };
    for n in 1..=count {
        for collect in [false, true] {
            let folder = folder();
            circumstances(folder.path());
            let mut child = prepared(folder.path(), setup, || ());
            child.ask(&format!("die at {n}"));
            child.tell(operation);
            child.await_kill();
            assert!(list_in(folder.path()).expect("listed").is_empty(), "no bus without the living");
            if collect {
                gc_in(folder.path()).expect("listed");
                let left = names(folder.path());
                assert!(left.is_empty() || is_empty(&folder.path().join(&left[0])), "{left:?} after point {n}");
            }
            let bus = Bus::open_in(folder.path(), "game").expect("opens");
            let snapshot = bus.snapshot();
            assert_eq!((snapshot.participants.len(), snapshot.topics.len(), snapshot.inboxes.len()), (1, 0, 0));
            drop(bus);
            let left = names(folder.path());
            assert!(left.iter().all(|name| name == "dead"), "{left:?} after point {n}");
        }
    }
    eprintln!("{operation} alone after {setup:?}: {count} points");
}

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
