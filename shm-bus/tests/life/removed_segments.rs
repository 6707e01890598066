//! Segments that somebody deletes while the bus is alive: the lane, the inbox or the claims are reported missing, and the others continue.

use shm_bus::wire::Priority;
use shm_bus::{Attachment, Bus, QueueLane, QueueSpec, ReceiveError, Start, TakeError, TopicSpec};

use super::support::{LANE, NUMBERS, drain, folder, gating, number, two_hundred};

#[test]
fn a_removed_lane_file_is_told_to_who_can_not_read_the_lane_and_costs_the_others_nothing() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let mut reads = gating(&bus, &NUMBERS);
    let mut late = gating(&bus, &NUMBERS);
    let mut publisher = bus.publisher(&NUMBERS, "writer", LANE).expect("made");
    assert!(reads.receive().expect("mapped").is_none());
    let lane = format!("lane-{}", bus.snapshot().topics[0].lanes[0].id);
    std::fs::remove_file(bus.path().join(&lane)).expect("there");
    publisher.send(Priority::Normal, &number(1)).expect("room");
    assert_eq!(drain(&mut reads).0, [1], "an inbox that has it mapped keeps reading");
    for _ in 0..2 {
        let error = late.receive().map(|_| ()).expect_err("not mapped");
        assert!(matches!(&error, ReceiveError::Lane { publisher, .. } if publisher == "writer"), "{error}");
    }
    let mut new = bus.inbox("new", Attachment::Gating).expect("made");
    let error = new.subscribe(&NUMBERS, Start::Now).expect_err("not mapped");
    assert!(error.to_string().contains(&lane), "{error}");
    assert_eq!(bus.snapshot().missing, [lane]);
    bus.check().expect("the bus itself is in its place");
    drop((late, new));
    publisher.send(Priority::Normal, &number(2)).expect("room");
    drop(publisher);
    assert_eq!(drain(&mut reads).0, [2], "to its end");
    drop(bus.publisher(&NUMBERS, "another", LANE).expect("made"));
    assert_eq!(bus.snapshot().missing, [""; 0], "it goes with its lane");
}

#[test]
fn a_removed_inbox_file_loses_no_message_and_is_told() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let mut inbox = gating(&bus, &NUMBERS);
    let mut knows = bus.publisher(&NUMBERS, "knows", LANE).expect("made");
    (0..40).for_each(|value| knows.send(Priority::Normal, &number(value)).expect("room"));
    let name = std::fs::read_dir(bus.path()).expect("there").map(|entry| entry.expect("read").file_name());
    let name = name.filter_map(|name| name.into_string().ok()).find(|name| name.starts_with("inbox-")).expect("made");
    std::fs::remove_file(bus.path().join(&name)).expect("there");
    assert_eq!(bus.snapshot().missing, [name]);
    let mut new = bus.publisher(&NUMBERS, "new", LANE).expect("made");
    assert_eq!(two_hundred(&mut new), 63, "it is waited for, though nobody sees how far it is");
    drop(new);
    assert_eq!(drain(&mut inbox).0.len(), 40 + 63, "also what a closed lane holds");
}

#[test]
fn a_removed_claims_file_of_a_work_queue_is_told() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let queue = QueueSpec::new(TopicSpec { name: "test/work", ..NUMBERS });
    let lanes = [QueueLane::new(Priority::Normal, 4096)];
    let mut producer = bus.work_producer(&queue, "boss", &lanes).expect("made");
    producer.send(Priority::Normal, &number(1)).expect("room");
    let claims = format!("claims-{}", bus.snapshot().topics[0].lanes[0].id);
    std::fs::remove_file(bus.path().join(&claims)).expect("there");
    let mut worker = bus.worker(&queue, "worker").expect("made");
    assert!(matches!(worker.take().map(|_| ()), Err(TakeError::Lane { .. })), "work is not passed by in silence");
    assert_eq!(bus.snapshot().missing, [claims]);
}
