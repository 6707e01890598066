//! Limits that the creator of a bus sets.

use shm_bus::wire::{Priority, schema_hash};
use shm_bus::{Attachment, Bus, BusBuilder, ChangeError, InboxError, OpenError, PublisherError, Start, TopicSpec};

use super::support::{LANE, NUMBERS, folder, is_empty};

const REGISTER: u64 = 245_760;
const LANE_BYTES: u64 = 8192;
const INBOX_BYTES: u64 = 20_480;

fn small(folder: &tempfile::TempDir) -> BusBuilder {
    Bus::builder("small").folder(folder).participants(2).topics(1).lanes(2).inboxes(1).bytes(1 << 20)
}

#[test]
fn each_limit_is_kept_and_named() {
    let folder = folder();
    let bus = small(&folder).open().expect("opens");
    let limits = bus.snapshot().limits;
    assert_eq!((limits.participants, limits.topics, limits.lanes, limits.inboxes, limits.bytes), (2, 1, 2, 1, 1 << 20));
    let register = std::fs::read(bus.path().join("control")).expect("readable");
    let word = |byte: usize| u64::from_le_bytes(register[byte..byte + 8].try_into().expect("8 bytes"));
    assert_eq!([384, 392, 400, 408, 416].map(word), [2, 1, 2, 1, 1 << 20], "where PROTOCOL.md says");
    assert_eq!((register.len() as u64, word(32), word(40) as u32), (REGISTER, REGISTER, std::process::id()));

    let second = bus.attach_again().expect("two");
    let error = bus.attach_again().expect_err("three");
    assert_eq!(error.to_string(), "bus `small` has 2 live participants, which is its maximum");
    drop(second);
    drop(bus.attach_again().expect("a slot is free again"));

    let publisher = bus.publisher(&NUMBERS, "one", LANE).expect("made");
    let schema = "test.Other@1 8/8 {value:u64@0}";
    let other = TopicSpec { name: "test/other", schema, schema_hash: schema_hash(schema), ..NUMBERS };
    let error = bus.publisher(&other, "two", LANE).expect_err("a second topic");
    assert_eq!(error.to_string(), "the bus has no room for topic `test/other`: it holds at most 1");

    let lanes = [(Priority::High, 4096), (Priority::Low, 4096)];
    assert!(matches!(bus.publisher(&NUMBERS, "two", &lanes), Err(PublisherError::Limit { max: 2 })));
    assert_eq!(bus.snapshot().topics[0].lanes.len(), 1, "a publisher is made whole or not at all");
    drop(bus.publisher(&NUMBERS, "two", LANE).expect("room for one lane"));

    let inbox = bus.inbox("one", Attachment::Gating).expect("made");
    let error = bus.inbox("two", Attachment::Observer).expect_err("a second inbox");
    assert!(matches!(error, InboxError::Limit { max: 1 }), "{error}");
    drop(inbox);
    drop(bus.inbox("two", Attachment::Observer).expect("room again"));
    drop((publisher, bus));
    assert!(is_empty(folder.path()));
}

#[test]
fn bytes_are_counted_over_all_segments_and_given_back() {
    let folder = folder();
    let max = REGISTER + LANE_BYTES + INBOX_BYTES;
    let bus = Bus::builder("bytes").folder(&folder).bytes(max).open().expect("opens");
    assert_eq!(bus.snapshot().bytes, REGISTER);
    let mut inbox = bus.inbox("reader", Attachment::Gating).expect("made");
    inbox.subscribe(&NUMBERS, Start::Now).expect("subscribed");
    match bus.publisher(&NUMBERS, "large", &[(Priority::Low, 8192)]) {
        Err(PublisherError::Change(ChangeError::Bytes { bytes, used, max: told })) => {
            assert_eq!((bytes, used, told), (12_288, REGISTER + INBOX_BYTES, max));
        }
        other => panic!("{other:?}"),
    }
    for _ in 0..3 {
        let publisher = bus.publisher(&NUMBERS, "small", LANE).expect("fits exactly");
        assert_eq!(bus.snapshot().bytes, max);
        assert!(matches!(bus.inbox("more", Attachment::Gating), Err(InboxError::Change(ChangeError::Bytes { .. }))));
        drop(publisher);
        inbox.drain(|_| ()).expect("mapped");
    }
}

#[test]
fn who_asks_for_other_limits_is_refused_and_who_asks_for_none_is_not() {
    let folder = folder();
    let bus = small(&folder).open().expect("opens");
    let error = small(&folder).lanes(7).attach().expect_err("others");
    assert_eq!(error.to_string(), "bus `small` was created for at most 2 lanes, but 7 were requested");
    assert!(matches!(small(&folder).bytes(1 << 21).open(), Err(OpenError::LimitsDiffer { what: "bytes", .. })));
    drop(small(&folder).attach().expect("the same"));
    drop(Bus::attach_in(&folder, "small").expect("none"));
    drop(bus);
    assert!(is_empty(folder.path()));
}

#[test]
fn what_no_bus_can_have_is_refused_before_anything_is_made() {
    let folder = folder();
    for (builder, what) in [
        (small(&folder).participants(0), "participants"),
        (small(&folder).topics(129), "topics"),
        (small(&folder).lanes(257), "lanes"),
        (small(&folder).inboxes(65), "inboxes"),
        (small(&folder).bytes(4096), "bytes"),
    ] {
        match builder.open() {
            Err(OpenError::Range { what: found, .. }) => assert_eq!(found, what),
            other => panic!("{other:?}"),
        }
        assert!(matches!(builder.open_anonymous(), Err(OpenError::Range { .. })));
    }
    assert!(is_empty(folder.path()));
}

#[test]
fn a_bus_in_memory_keeps_its_limits_too() {
    let bus = Bus::builder("small").inboxes(1).participants(1).open_anonymous().expect("made");
    let _inbox = bus.inbox("one", Attachment::Gating).expect("made");
    assert!(matches!(bus.inbox("two", Attachment::Gating), Err(InboxError::Limit { max: 1 })));
    assert!(matches!(bus.attach_again(), Err(OpenError::Limit { max: 1, .. })));
    let other = Bus::anonymous().expect("made");
    assert_eq!(other.snapshot().inboxes.len(), 0, "two buses in memory share nothing");
    assert_ne!(bus.path(), other.path());
}
