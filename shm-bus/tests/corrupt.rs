//! Corrupt entries of the registry: they are reported, keep their place while their owner may be alive, and are then freed.

#![cfg(unix)]

mod numbers;

use std::fs::{self, File};
use std::os::unix::fs::FileExt;

use shm_bus::wire::{Policy, Priority};
use shm_bus::{Attachment, Bus, RegistryTable, TopicSpec};

use numbers::topic_of_numbers;

const NUMBERS: TopicSpec<'static> = topic_of_numbers("numbers", Policy::Reject);
/// Where the tables lie (`PROTOCOL.md`).
const TOPICS: u64 = 12_288;
const LANES: u64 = 176_128;
const INBOXES: u64 = 208_896;

fn bus() -> (tempfile::TempDir, Bus) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bus = Bus::builder("game").folder(folder.path()).lanes(1).inboxes(1).topics(1).open().expect("opens");
    (folder, bus)
}

fn scribble(bus: &Bus, at: u64, bytes: &[u8]) {
    let control = File::options().write(true).open(bus.path().join("control")).expect("opens");
    control.write_all_at(bytes, at).expect("written");
}

/// The reported entries: table, index and owner.
fn corrupt(bus: &Bus) -> Vec<(RegistryTable, usize, Option<usize>)> {
    bus.snapshot().corrupt.iter().map(|corrupt| (corrupt.table, corrupt.index, corrupt.owner)).collect()
}

/// Changes the bus, so that entries that can be freed are freed.
fn sweep(bus: &Bus) {
    drop(bus.attach_again().expect("attached"));
}

fn files(bus: &Bus, start: &str) -> usize {
    let names = fs::read_dir(bus.path()).expect("listed").map(|entry| entry.expect("listed").file_name());
    names.filter(|name| name.to_string_lossy().starts_with(start)).count()
}

/// How one table's entry is created and overwritten.
struct Case {
    table: RegistryTable,
    /// Byte of its first entry.
    at: u64,
    /// Byte of the word with the length of a name, within the entry.
    name_len: u64,
    file: &'static str,
    make: fn(&Bus) -> Option<Box<dyn Send>>,
}

fn make_inbox(bus: &Bus) -> Option<Box<dyn Send>> {
    bus.inbox("reader", Attachment::Gating).ok().map(|inbox| Box::new(inbox) as Box<dyn Send>)
}

fn make_lane(bus: &Bus) -> Option<Box<dyn Send>> {
    let publisher = bus.publisher(&NUMBERS, "writer", &[(Priority::Normal, 4096)]).ok();
    publisher.map(|publisher| Box::new(publisher) as Box<dyn Send>)
}

const CASES: [Case; 2] = [
    Case { table: RegistryTable::Inboxes, at: INBOXES, name_len: 32, file: "inbox-", make: make_inbox },
    Case { table: RegistryTable::Lanes, at: LANES, name_len: 24, file: "lane-", make: make_lane },
];

#[test]
fn a_corrupt_entry_that_names_its_owner_goes_with_that() {
    for Case { table, at, name_len, file, make } in CASES {
        let (_folder, bus) = bus();
        let other = bus.attach_again().expect("attached");
        let made = make(&other).expect("room");
        scribble(&bus, at + name_len, &[0xff; 8]);
        assert_eq!(corrupt(&bus), [(table, 0, Some(1))]);
        sweep(&bus);
        assert!(make(&bus).is_none(), "{table:?}: its owner lives");
        drop((made, other));
        sweep(&bus);
        assert_eq!((corrupt(&bus), files(&bus, file)), (Vec::new(), 0));
        assert!(make(&bus).is_some(), "{table:?}: its place is free again");
    }
}

#[test]
fn a_corrupt_entry_that_names_nobody_goes_with_the_last_who_was_there() {
    for Case { table, at, make, .. } in CASES {
        let (_folder, first) = bus();
        let other = first.attach_again().expect("attached");
        let made = make(&other).expect("room");
        scribble(&first, at, &[0xff; 128]);
        assert_eq!(corrupt(&first), [(table, 0, None)]);
        // It finds the corrupt entry before it takes part itself.
        let late = first.attach_again().expect("attached");
        drop((made, other));
        sweep(&late);
        assert_eq!(corrupt(&late), [(table, 0, None)], "it may have been the first one's");
        drop(first);
        sweep(&late);
        assert_eq!(corrupt(&late), []);
        assert!(make(&late).is_some(), "{table:?}: its place is free again");
    }
}

#[test]
fn a_corrupt_topic_goes_when_nobody_uses_it() {
    let (_folder, bus) = bus();
    let publisher = bus.publisher(&NUMBERS, "writer", &[(Priority::Normal, 4096)]).expect("room");
    // Lengths of its texts.
    scribble(&bus, TOPICS + 24, &[0xff; 8]);
    sweep(&bus);
    assert_eq!(corrupt(&bus), [(RegistryTable::Topics, 0, None)]);
    drop(publisher);
    sweep(&bus);
    assert_eq!(corrupt(&bus), []);
    make_lane(&bus).expect("room for a topic");
}
