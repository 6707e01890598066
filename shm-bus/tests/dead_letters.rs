//! Fate of a lane whose producer is gone and that contains only dead letters.

mod numbers;

use shm_bus::wire::{Policy, Priority};
use shm_bus::{Bus, QueueError, QueueInfo, QueueLane, QueueSpec, TopicSpec, Worker};

use numbers::topic_of_numbers;

const TOPIC: TopicSpec<'_> = topic_of_numbers("test/work", Policy::Reject);
const LANE: QueueLane = QueueLane::new(Priority::Normal, 1 << 14);
/// Its jobs are delivered once.
const ONCE: QueueSpec<'_> = QueueSpec::new(TOPIC).deliveries_max(1);

/// A bus with room for two lanes, and a worker.
fn narrow() -> (Bus, Worker) {
    let bus = Bus::builder("narrow").lanes(2).open_anonymous().expect("memory");
    let worker = bus.worker(&ONCE, "worker").expect("made");
    (bus, worker)
}

/// A producer leaves a dead letter and goes.
fn leave_a_dead_letter(bus: &Bus, worker: &mut Worker, name: &str, value: u64) {
    let mut producer = bus.work_producer(&ONCE, name, &[LANE]).expect("room");
    producer.send(Priority::Normal, &value.to_le_bytes()).expect("room");
    worker.take().expect("mapped").expect("a job").give_back();
}

fn letters(worker: &mut Worker) -> Vec<u64> {
    worker.dead_letters().expect("mapped").iter().map(|letter| number(&letter.payload)).collect()
}

fn number(payload: &[u8]) -> u64 {
    u64::from_le_bytes(payload.try_into().expect("8 bytes"))
}

fn info(bus: &Bus) -> QueueInfo {
    bus.snapshot().queues.remove(0)
}

/// Takes the next job and ends it as done; returns its number.
fn next(worker: &mut Worker) -> Option<u64> {
    let job = worker.take().expect("mapped")?;
    let value = number(job.payload());
    job.done().expect("held");
    Some(value)
}

#[test]
fn a_closed_lane_stays_for_its_dead_letters_until_they_are_taken() {
    let (bus, mut worker) = narrow();
    leave_a_dead_letter(&bus, &mut worker, "first", 1);
    drop(bus.attach_again().expect("sweeps"));
    assert!(info(&bus).lanes[0].is_kept_by_dead_letters());
    let letter = worker.take_dead_letter().expect("mapped").expect("one");
    assert_eq!(number(letter.payload()), 1);
    letter.done().expect("held");
    drop(bus.attach_again().expect("sweeps"));
    assert_eq!(info(&bus).lanes.len(), 0);
}

#[test]
fn a_producer_for_whom_there_is_no_lane_gets_that_of_the_oldest_dead_letters() {
    let (bus, mut worker) = narrow();
    leave_a_dead_letter(&bus, &mut worker, "first", 1);
    leave_a_dead_letter(&bus, &mut worker, "second", 2);
    assert_eq!(letters(&mut worker), [1, 2]);
    let mut third = bus.work_producer(&ONCE, "third", &[LANE]).expect("the first one's gives way");
    third.send(Priority::Normal, &3_u64.to_le_bytes()).expect("room");
    assert_eq!(letters(&mut worker), [2]);
    let told: Vec<_> = info(&bus).lanes.iter().map(|lane| (lane.producer.clone(), lane.dead_dropped)).collect();
    assert_eq!(told, [("second".to_owned(), 0), ("third".to_owned(), 1)]);
    assert_eq!(next(&mut worker), Some(3));
}

#[test]
fn work_and_dead_letters_that_somebody_holds_give_way_to_nobody() {
    let (bus, mut worker) = narrow();
    leave_a_dead_letter(&bus, &mut worker, "first", 1);
    let mut second = bus.work_producer(&ONCE, "second", &[LANE]).expect("room");
    for value in [2_u64, 3] {
        second.send(Priority::Normal, &value.to_le_bytes()).expect("room");
    }
    worker.take().expect("mapped").expect("a job").give_back();
    drop(second);
    let held = worker.take_dead_letter().expect("mapped").expect("one");
    let error = bus.work_producer(&ONCE, "third", &[LANE]).expect_err("no lane");
    assert!(matches!(error, QueueError::LaneLimit { max: 2 }), "{error}");
    held.give_back();
    assert_eq!(letters(&mut worker), [1, 2], "still there");
    let other = QueueSpec::new(TopicSpec { name: "test/other", ..TOPIC });
    let error = bus.work_producer(&other, "third", &[LANE]).expect_err("another queue's");
    assert!(matches!(error, QueueError::LaneLimit { max: 2 }), "{error}");
    drop(bus.work_producer(&ONCE, "third", &[LANE]).expect("the dead letter gives way"));
    assert_eq!(next(&mut worker), Some(3), "the work does not, and keeps the dead letter beside it");
    assert_eq!(letters(&mut worker), [2]);
}

#[test]
fn a_producer_that_does_not_fit_either_way_drops_no_dead_letter() {
    let bus = Bus::builder("narrow").bytes(1 << 20).open_anonymous().expect("memory");
    let mut worker = bus.worker(&ONCE, "worker").expect("made");
    leave_a_dead_letter(&bus, &mut worker, "first", 1);
    leave_a_dead_letter(&bus, &mut worker, "second", 2);
    let huge = QueueLane::new(Priority::Normal, 1 << 21);
    bus.work_producer(&ONCE, "third", &[huge]).expect_err("larger than the bus");
    assert_eq!(letters(&mut worker), [1, 2]);
    let (bus, mut worker) = narrow();
    leave_a_dead_letter(&bus, &mut worker, "first", 1);
    let open = bus.work_producer(&ONCE, "second", &[LANE]).expect("room");
    let both = [LANE, QueueLane::new(Priority::High, 1 << 14)];
    bus.work_producer(&ONCE, "third", &both).expect_err("one place for two lanes");
    assert_eq!(letters(&mut worker), [1]);
    drop(open);
    let _third = bus.work_producer(&ONCE, "third", &both).expect("both places");
    assert_eq!(
        info(&bus).lanes.iter().map(|lane| lane.dead_dropped).sum::<u64>(),
        1,
        "dropped with its lane, and counted"
    );
}
