//! A bus used by several handles of one process.

use shm_bus::wire::{Priority, schema_hash};
use shm_bus::{Attachment, Bus, From, Inbox, SendError, SubscribeError, TopicError, TopicSpec, list_in};

const SCHEMA: &str = "test.Number@1 8/8 {value:u64@0}";
const NUMBERS: TopicSpec<'_> = TopicSpec {
    name: "test/numbers",
    type_name: "test.Number",
    schema: SCHEMA,
    schema_hash: schema_hash(SCHEMA),
    message_size: 8,
};
const NORMAL: &[(Priority, u32)] = &[(Priority::Normal, 4096)];

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn number(payload: &[u8]) -> u64 {
    u64::from_le_bytes(payload.try_into().expect("8 bytes"))
}

fn drain(inbox: &mut Inbox) -> Vec<u64> {
    let mut numbers = Vec::new();
    inbox.drain(|delivery| numbers.push(number(delivery.payload))).expect("lanes can be mapped");
    numbers
}

#[test]
fn what_is_sent_is_received_in_order() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "order").expect("opens");
    let mut inbox = bus.inbox("reader", Attachment::Gating).expect("made");
    inbox.subscribe(&NUMBERS, From::Now).expect("subscribed");
    let mut publisher = bus.publisher(&NUMBERS, "writer", NORMAL).expect("made");
    for value in 0..50_u64 {
        publisher.send(Priority::Normal, &value.to_le_bytes()).expect("room");
    }
    for value in 0..50 {
        let delivery = inbox.receive().expect("mapped").expect("a message");
        assert_eq!((delivery.sequence, number(delivery.payload), delivery.lost), (value, value, 0));
        assert_eq!((delivery.topic, delivery.publisher), ("test/numbers", "writer"));
    }
    assert!(inbox.receive().expect("mapped").is_none());
}

#[test]
fn a_full_lane_gives_back_and_goes_on_after_reading() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "full").expect("opens");
    let mut inbox = bus.inbox("reader", Attachment::Gating).expect("made");
    inbox.subscribe(&NUMBERS, From::Now).expect("subscribed");
    let mut publisher = bus.publisher(&NUMBERS, "writer", NORMAL).expect("made");
    let (mut next, mut expected) = (0_u64, Vec::new());
    for _ in 0..20 {
        loop {
            match publisher.send(Priority::Normal, &next.to_le_bytes()) {
                Ok(()) => expected.push(next),
                Err(SendError::Full) => break,
                Err(other) => panic!("{other}"),
            }
            next += 1;
        }
        assert!(expected.len() > 40, "a ring of 4096 bytes takes more than {} messages", expected.len());
        assert_eq!(drain(&mut inbox), expected);
        expected.clear();
    }
    let snapshot = bus.snapshot();
    let lane = &snapshot.topics[0].lanes[0];
    assert_eq!((lane.sent, lane.rejected, lane.fill), (next, 20, 0));
    assert_eq!(snapshot.inboxes[0].received, next);
}

#[test]
fn what_a_gone_publisher_sent_is_still_read_and_then_its_lane_goes() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "gone").expect("opens");
    let mut inbox = bus.inbox("reader", Attachment::Gating).expect("made");
    inbox.subscribe(&NUMBERS, From::Now).expect("subscribed");
    for round in 0..300_u64 {
        let mut publisher = bus.publisher(&NUMBERS, "writer", NORMAL).expect("made");
        publisher.send(Priority::Normal, &round.to_le_bytes()).expect("room");
        drop(publisher);
        assert_eq!(drain(&mut inbox), [round]);
        assert_eq!(bus.snapshot().topics[0].lanes.len(), 0);
    }
}

#[test]
fn another_schema_is_refused_with_both() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "schema").expect("opens");
    let _publisher = bus.publisher(&NUMBERS, "writer", NORMAL).expect("made");
    let mut inbox = bus.inbox("reader", Attachment::Gating).expect("made");
    let other = "test.Number@2 4/4 {value:u32@0}";
    let spec = TopicSpec { schema: other, schema_hash: schema_hash(other), message_size: 4, ..NUMBERS };
    match inbox.subscribe(&spec, From::Now) {
        Err(SubscribeError::Topic(TopicError::Schema { on_the_bus, here, .. })) => {
            assert_eq!((on_the_bus.as_str(), here.as_str()), (SCHEMA, other));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_last_one_out_leaves_nothing() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "last").expect("opens");
    let second = Bus::attach_in(folder.path(), "last").expect("attaches");
    let publisher = bus.publisher(&NUMBERS, "writer", NORMAL).expect("made");
    drop(bus);
    assert_eq!(list_in(folder.path()).expect("listed"), ["last"]);
    drop(second);
    assert_eq!(list_in(folder.path()).expect("listed"), ["last"]);
    drop(publisher);
    assert_eq!(std::fs::read_dir(folder.path()).expect("there").count(), 0);
    assert!(list_in(folder.path()).expect("listed").is_empty());
}
