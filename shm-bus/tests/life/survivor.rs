//! Kills a child at each point of an operation, alone or beside a survivor, which continues as if the child had never existed.

use std::collections::BTreeSet;
use std::path::Path;

use shm_bus::wire::Priority;
use shm_bus::{Attachment, Bus, Inbox, Publisher, Start, gc_in, list_in};

use super::support::{LANE, NUMBERS, Other, folder, is_empty};

/// A participant that survives everything.
pub(crate) struct Survivor {
    bus: Bus,
    pub(crate) publisher: Publisher,
    pub(crate) inbox: Inbox,
    /// Numbers received from the child.
    received: Vec<u64>,
}

impl Survivor {
    pub(crate) fn in_folder(folder: &Path) -> Self {
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
    pub(crate) fn goes_on(mut self, folder: &Path) {
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
pub(crate) fn prepared(folder: &Path, setup: &[&str], mut after_each: impl FnMut()) -> Other {
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
pub(crate) fn at_every_point(setup: &[&str], operation: &str) {
    at_every_point_beside(setup, operation, |_| ());
}

/// Like [`at_every_point`]; `circumstances` creates them before the child starts.
pub(crate) fn at_every_point_beside(setup: &[&str], operation: &str, circumstances: impl Fn(&Path)) {
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
pub(crate) fn at_every_point_alone(setup: &[&str], operation: &str, circumstances: impl Fn(&Path)) {
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
