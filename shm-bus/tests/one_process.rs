//! A bus used by several handles of one process, on files and in memory.

mod numbers;

use shm_bus::wire::{Policy, Priority, schema_hash};
use shm_bus::{Attachment, Bus, Inbox, SendError, Start, SubscribeError, TopicError, TopicSpec, list_in};

use numbers::topic_of_numbers;

const NUMBERS: TopicSpec<'_> = topic_of_numbers("test/numbers", Policy::Reject);
const NORMAL: &[(Priority, u32)] = &[(Priority::Normal, 4096)];

/// Tests each fact on a bus of files, of which nothing must be left, and on one in memory.
macro_rules! on_both {
    ($($fact:ident)*) => {
        mod of_files {
            $(#[test]
            fn $fact() {
                let folder = super::folder();
                super::$fact(shm_bus::Bus::open_in(folder.path(), "game").expect("opens"));
                assert_eq!(std::fs::read_dir(folder.path()).expect("there").count(), 0, "nothing is left");
            })*
        }
        mod in_memory {
            $(#[test]
            fn $fact() {
                super::$fact(shm_bus::Bus::anonymous().expect("made"));
            })*
        }
    };
}

on_both! {
    what_is_sent_is_received_in_order
    a_full_lane_gives_back_and_goes_on_after_reading
    what_a_gone_publisher_sent_is_still_read_and_then_its_lane_goes
    another_schema_is_refused_with_both
    a_drain_is_ordered_by_priority_publisher_and_sequence
    a_drain_takes_only_what_was_there_when_it_began
    critical_overtakes_and_low_still_gets_through
    a_loan_is_sent_when_committed_and_leaves_no_trace_otherwise
    limits_are_named_and_nothing_stays_behind
    threads_publish_while_one_reads_and_nothing_is_lost
    an_unsubscribed_inbox_holds_nobody_up_and_may_subscribe_again
    an_observer_of_many_lanes_reads_a_removed_one_to_its_end_though_its_index_is_taken_anew
}

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

fn what_is_sent_is_received_in_order(bus: Bus) {
    let mut inbox = bus.inbox("reader", Attachment::Gating).expect("made");
    inbox.subscribe(&NUMBERS, Start::Now).expect("subscribed");
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

fn a_full_lane_gives_back_and_goes_on_after_reading(bus: Bus) {
    let mut inbox = bus.inbox("reader", Attachment::Gating).expect("made");
    inbox.subscribe(&NUMBERS, Start::Now).expect("subscribed");
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

fn what_a_gone_publisher_sent_is_still_read_and_then_its_lane_goes(bus: Bus) {
    let mut inbox = bus.inbox("reader", Attachment::Gating).expect("made");
    inbox.subscribe(&NUMBERS, Start::Now).expect("subscribed");
    for round in 0..300_u64 {
        let mut publisher = bus.publisher(&NUMBERS, "writer", NORMAL).expect("made");
        publisher.send(Priority::Normal, &round.to_le_bytes()).expect("room");
        drop(publisher);
        assert_eq!(drain(&mut inbox), [round]);
        assert_eq!(bus.snapshot().topics[0].lanes.len(), 0);
    }
}

fn another_schema_is_refused_with_both(bus: Bus) {
    let _publisher = bus.publisher(&NUMBERS, "writer", NORMAL).expect("made");
    let mut inbox = bus.inbox("reader", Attachment::Gating).expect("made");
    let other = "test.Number@2 4/4 {value:u32@0}";
    let spec = TopicSpec { schema: other, schema_hash: schema_hash(other), message_size: 4, ..NUMBERS };
    match inbox.subscribe(&spec, Start::Now) {
        Err(SubscribeError::Topic(TopicError::Schema { on_the_bus, here, .. })) => {
            assert_eq!((on_the_bus.as_str(), here.as_str()), (NUMBERS.schema, other));
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

fn a_drain_is_ordered_by_priority_publisher_and_sequence(bus: Bus) {
    let mut inbox = bus.inbox("reader", Attachment::Gating).expect("made");
    inbox.subscribe(&NUMBERS, Start::Now).expect("subscribed");
    let lanes = &[(Priority::Low, 4096), (Priority::Critical, 4096)];
    let mut second = bus.publisher(&NUMBERS, "b", lanes).expect("made");
    let mut first = bus.publisher(&NUMBERS, "a", lanes).expect("made");
    second.send(Priority::Low, &7_u64.to_le_bytes()).expect("room");
    first.send(Priority::Low, &5_u64.to_le_bytes()).expect("room");
    second.send(Priority::Critical, &3_u64.to_le_bytes()).expect("room");
    first.send(Priority::Low, &6_u64.to_le_bytes()).expect("room");
    first.send(Priority::Critical, &1_u64.to_le_bytes()).expect("room");
    assert_eq!(drain(&mut inbox), [1, 3, 5, 6, 7]);
}

fn a_drain_takes_only_what_was_there_when_it_began(bus: Bus) {
    let mut inbox = bus.inbox("reader", Attachment::Gating).expect("made");
    inbox.subscribe(&NUMBERS, Start::Now).expect("subscribed");
    let mut publisher = bus.publisher(&NUMBERS, "writer", NORMAL).expect("made");
    publisher.send(Priority::Normal, &0_u64.to_le_bytes()).expect("room");
    for round in 1..4_u64 {
        let answer = |_: shm_bus::Delivery<'_>| {
            publisher.send(Priority::Normal, &round.to_le_bytes()).expect("room");
        };
        assert_eq!(inbox.drain(answer).expect("mapped"), 1);
    }
}

fn critical_overtakes_and_low_still_gets_through(bus: Bus) {
    let mut inbox = bus.inbox("reader", Attachment::Gating).expect("made");
    inbox.subscribe(&NUMBERS, Start::Now).expect("subscribed");
    let lanes = &[(Priority::Low, 4096), (Priority::Critical, 1 << 16)];
    let mut publisher = bus.publisher(&NUMBERS, "writer", lanes).expect("made");
    publisher.send(Priority::Low, &1_u64.to_le_bytes()).expect("room");
    for value in 0..300_u64 {
        publisher.send(Priority::Critical, &value.to_le_bytes()).expect("room");
    }
    let mut before = 0;
    while inbox.receive().expect("mapped").expect("a message").priority == Priority::Critical {
        before += 1;
    }
    assert_eq!(before, 128);
    assert_eq!(bus.snapshot().inboxes[0].starvation, 1);
}

fn a_loan_is_sent_when_committed_and_leaves_no_trace_otherwise(bus: Bus) {
    let mut inbox = bus.inbox("reader", Attachment::Gating).expect("made");
    inbox.subscribe(&NUMBERS, Start::Now).expect("subscribed");
    let mut publisher = bus.publisher(&NUMBERS, "writer", NORMAL).expect("made");
    let mut loan = publisher.loan(Priority::Normal, 8).expect("room");
    loan.write(0, &[9; 8]);
    drop(loan);
    assert!(drain(&mut inbox).is_empty());

    let mut loan = publisher.loan(Priority::Normal, 8).expect("room");
    loan.write(0, &[1, 2, 3]);
    loan.write(3, &[4, 5, 6, 7, 8]);
    loan.commit();
    assert_eq!(drain(&mut inbox), [0x0807_0605_0403_0201]);

    publisher.begin(Priority::Normal, 900).expect("room");
    publisher.cancel(Priority::Normal);
    assert_eq!(publisher.commit(Priority::Normal, 0), Err(SendError::NoLoan(0)));
    publisher.begin(Priority::Normal, 8).expect("room");
    assert_eq!(publisher.commit(Priority::Normal, 9), Err(SendError::NoLoan(9)));
    let max = publisher.payload_max(Priority::Normal);
    assert_eq!(max, 4096 / 4 - 32);
    assert_eq!(publisher.send(Priority::Normal, &[0; 993]).unwrap_err(), SendError::TooLong { len: 993, max });
    assert_eq!(publisher.send(Priority::Low, &[]), Err(SendError::NoLane(Priority::Low)));
    assert!(drain(&mut inbox).is_empty());
}

fn limits_are_named_and_nothing_stays_behind(bus: Bus) {
    let publishers: Vec<_> = (0..256).map(|_| bus.publisher(&NUMBERS, "writer", NORMAL).expect("made")).collect();
    let error = bus.publisher(&NUMBERS, "writer", NORMAL).expect_err("full");
    assert_eq!(error.to_string(), "the bus has no room for another lane: it holds at most 256");
    drop(publishers);
    let many: Vec<_> = (0..63).map(|_| bus.attach_again().expect("attaches")).collect();
    let error = bus.attach_again().expect_err("full");
    assert_eq!(error.to_string(), format!("bus `{}` has 64 live participants, which is its maximum", bus.name()));
    drop((many, bus));
}

fn threads_publish_while_one_reads_and_nothing_is_lost(bus: Bus) {
    let mut inbox = bus.inbox("reader", Attachment::Gating).expect("made");
    inbox.subscribe(&NUMBERS, Start::Now).expect("subscribed");
    let senders: Vec<_> = (0..3)
        .map(|_| {
            let bus = bus.clone();
            std::thread::spawn(move || {
                let mut publisher = bus.publisher(&NUMBERS, "writer", NORMAL).expect("made");
                let mut value = 0_u64;
                while value < 5000 {
                    match publisher.send(Priority::Normal, &value.to_le_bytes()) {
                        Ok(()) => value += 1,
                        Err(_) => std::thread::yield_now(),
                    }
                }
            })
        })
        .collect();
    let (mut received, mut sum) = (0_u64, 0_u64);
    while received < 15_000 {
        match inbox.receive().expect("mapped") {
            Some(delivery) => {
                assert_eq!(number(delivery.payload), delivery.sequence);
                received += 1;
                sum += delivery.sequence;
            }
            None => std::thread::yield_now(),
        }
    }
    senders.into_iter().for_each(|sender| sender.join().expect("sends"));
    assert_eq!(sum, 3 * (4999 * 5000 / 2));
    assert!(inbox.receive().expect("mapped").is_none());
}

fn an_unsubscribed_inbox_holds_nobody_up_and_may_subscribe_again(bus: Bus) {
    let mut inbox = bus.inbox("reader", Attachment::Gating).expect("made");
    inbox.subscribe(&NUMBERS, Start::Now).expect("subscribed");
    let mut publisher = bus.publisher(&NUMBERS, "writer", NORMAL).expect("made");
    let mut send = |value: u64| publisher.send(Priority::Normal, &value.to_le_bytes());
    while send(1).is_ok() {}
    inbox.unsubscribe(NUMBERS.name).expect("unsubscribed");
    inbox.unsubscribe("test/never").expect("no such subscription is no error");
    for _ in 0..1000 {
        send(2).expect("nobody waits");
    }
    assert_eq!(drain(&mut inbox), [0_u64; 0]);
    inbox.subscribe(&NUMBERS, Start::Now).expect("subscribed again");
    send(3).expect("room");
    assert_eq!(drain(&mut inbox), [3]);
    while send(4).is_ok() {}
    assert!(!drain(&mut inbox).is_empty(), "it holds the publisher up again");
}

fn an_observer_of_many_lanes_reads_a_removed_one_to_its_end_though_its_index_is_taken_anew(bus: Bus) {
    const FOUR: &[(Priority, u32)] =
        &[(Priority::Critical, 4096), (Priority::High, 4096), (Priority::Normal, 4096), (Priority::Low, 4096)];
    let mut observer = bus.inbox("watcher", Attachment::Observer).expect("made");
    observer.subscribe(&NUMBERS, Start::Now).expect("subscribed");
    let _others = ["a", "b"].map(|name| bus.publisher(&NUMBERS, name, FOUR).expect("made"));
    let mut gone = bus.publisher(&NUMBERS, "gone", FOUR).expect("made");
    for value in 0..10_u64 {
        gone.send(Priority::Low, &value.to_le_bytes()).expect("room");
    }
    assert_eq!(observer.receive().expect("mapped").map(|delivery| number(delivery.payload)), Some(0));
    // Nobody waits for its lanes: they are removed at once, and others take their places in the lane table.
    drop(gone);
    let mut new = bus.publisher(&NUMBERS, "new", FOUR).expect("made");
    new.send(Priority::Low, &100_u64.to_le_bytes()).expect("room");
    let mut receive_all = || -> Vec<u64> {
        std::iter::from_fn(|| observer.receive().expect("mapped").map(|delivery| number(delivery.payload))).collect()
    };
    let mut seen = receive_all();
    seen.sort_unstable();
    assert_eq!(seen, [1, 2, 3, 4, 5, 6, 7, 8, 9, 100]);
    new.send(Priority::Critical, &101_u64.to_le_bytes()).expect("room");
    assert_eq!(receive_all(), [101]);
}
