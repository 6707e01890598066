//! Work queues used by several handles and threads of one process.

mod numbers;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use shm_bus::wire::{Policy, Priority};
use shm_bus::{
    Attachment, Bus, Holder, PublisherError, QueueError, QueueInfo, QueueLane, QueueSpec, SendError, Start,
    SubscribeError, TopicError, TopicSpec, Worker,
};

use numbers::topic_of_numbers;

const TOPIC: TopicSpec<'_> = topic_of_numbers("test/work", Policy::Reject);
const WORK: QueueSpec<'_> = QueueSpec::new(TOPIC);
const LANE: QueueLane = QueueLane::new(Priority::Normal, 1 << 14);
const LONG: Duration = Duration::from_secs(60);

fn bus() -> Bus {
    Bus::anonymous().expect("memory")
}

fn number(payload: &[u8]) -> u64 {
    u64::from_le_bytes(payload.try_into().expect("8 bytes"))
}

/// Takes the next job and ends it as done; returns its number.
fn next(worker: &mut Worker) -> Option<u64> {
    let job = worker.take().expect("mapped")?;
    let value = number(job.payload());
    job.done().expect("held");
    Some(value)
}

fn info(bus: &Bus) -> QueueInfo {
    bus.snapshot().queues.remove(0)
}

#[test]
fn each_job_is_given_to_one_worker_and_in_order() {
    let bus = bus();
    let mut producer = bus.work_producer(&WORK, "producer", &[LANE]).expect("made");
    let (mut a, mut b) = (bus.worker(&WORK, "a").expect("made"), bus.worker(&WORK, "b").expect("made"));
    for value in 0..4_u64 {
        producer.send(Priority::Normal, &value.to_le_bytes()).expect("room");
    }
    let first = a.take().expect("mapped").expect("a job");
    let second = b.take().expect("mapped").expect("a job");
    assert_eq!((number(first.payload()), number(second.payload())), (0, 1));
    assert_eq!((first.deliveries, first.redelivered(), first.producer(), first.sequence), (1, false, "producer", 0));
    let lane = &info(&bus).lanes[0];
    assert_eq!((lane.sent, lane.waiting, lane.done), (4, 2, 0));
    let claimed: Vec<_> = lane.claimed.iter().map(|claim| (claim.sequence, &claim.worker[..], claim.holder)).collect();
    assert_eq!(claimed, [(0, "a", Holder::Working), (1, "b", Holder::Working)]);
    first.done().expect("held");
    second.done().expect("held");
    assert_eq!([next(&mut a), next(&mut b), next(&mut a)], [Some(2), Some(3), None]);
    let lane = &info(&bus).lanes[0];
    assert_eq!((lane.sent, lane.waiting, lane.claimed.len(), lane.done), (4, 0, 0, 4));
}

#[test]
fn a_job_that_is_not_done_is_given_to_somebody_again() {
    let bus = bus();
    let mut producer = bus.work_producer(&WORK, "producer", &[LANE]).expect("made");
    let (mut a, mut b) = (bus.worker(&WORK, "a").expect("made"), bus.worker(&WORK, "b").expect("made"));
    producer.send(Priority::Normal, &7_u64.to_le_bytes()).expect("room");
    drop(a.take().expect("mapped").expect("a job"));
    let job = b.take().expect("mapped").expect("came back");
    assert_eq!((number(job.payload()), job.deliveries, job.redelivered()), (7, 2, true));
    std::mem::forget(job);
    assert!(a.take().expect("mapped").is_none(), "somebody holds it");
    drop(b);
    let job = a.take().expect("mapped").expect("its worker left");
    assert_eq!(job.deliveries, 3);
    job.done().expect("held");
    assert_eq!((info(&bus).lanes[0].redelivered, info(&bus).lanes[0].done), (2, 1));
}

#[test]
fn urgent_work_comes_first_and_the_rest_does_not_starve() {
    let bus = bus();
    let lanes = [Priority::Critical, Priority::Low].map(|priority| QueueLane::new(priority, 1 << 16));
    let mut producer = bus.work_producer(&WORK, "producer", &lanes).expect("made");
    let mut worker = bus.worker(&WORK, "worker").expect("made");
    for value in 0..200_u64 {
        producer.send(Priority::Low, &(1000 + value).to_le_bytes()).expect("room");
        producer.send(Priority::Critical, &value.to_le_bytes()).expect("room");
    }
    let order: Vec<u64> = std::iter::from_fn(|| next(&mut worker)).collect();
    assert_eq!(order.len(), 400);
    assert!(order[..100].iter().all(|value| *value < 1000));
    assert!(order[..200].contains(&1000), "served after 128 others");
    for level in [0..1000, 1000..2000] {
        let level: Vec<_> = order.iter().filter(|value| level.contains(*value)).collect();
        assert!(level.is_sorted());
    }
}

#[test]
fn a_poisonous_job_becomes_a_dead_letter_and_blocks_nobody() {
    let bus = bus();
    let queue = WORK.deliveries_max(2);
    let mut producer = bus.work_producer(&queue, "producer", &[LANE]).expect("made");
    let mut worker = bus.worker(&queue, "worker").expect("made");
    for value in 0..3_u64 {
        producer.send(Priority::Normal, &value.to_le_bytes()).expect("room");
    }
    let mut done = Vec::new();
    while let Some(job) = worker.take().expect("mapped") {
        match number(job.payload()) {
            0 => job.give_back(),
            value => {
                job.done().expect("held");
                done.push(value);
            }
        }
    }
    assert_eq!(done, [1, 2]);
    let letters = worker.dead_letters().expect("mapped");
    let [letter] = &letters[..] else { panic!("{letters:?}") };
    assert_eq!((number(&letter.payload), letter.deliveries, &letter.producer[..]), (0, 2, "producer"));
    assert_eq!((info(&bus).lanes[0].dead_letters, info(&bus).lanes[0].dead_lettered), (1, 1));

    let letter = worker.take_dead_letter().expect("mapped").expect("one");
    assert_eq!((number(letter.payload()), letter.deliveries), (0, 2));
    letter.give_back();
    assert_eq!(worker.dead_letters().expect("mapped").len(), 1, "given back, it is a dead letter still");
    worker.take_dead_letter().expect("mapped").expect("one").renew().expect("held");
    assert_eq!(worker.take().expect("mapped").map(|job| job.deliveries), Some(1), "as if new");
    drop(worker.take().expect("mapped").expect("its second delivery"));
    worker.take_dead_letter().expect("mapped").expect("one").done().expect("held");
    assert!(worker.take_dead_letter().expect("mapped").is_none());
    assert_eq!((info(&bus).lanes[0].dead_letters, info(&bus).lanes[0].dead_lettered), (0, 3));
}

#[test]
fn dead_letters_give_way_to_a_producer_and_are_counted() {
    let bus = bus();
    let queue = WORK.deliveries_max(1);
    let mut producer = bus.work_producer(&queue, "producer", &[QueueLane::new(Priority::Normal, 4096)]).expect("made");
    let mut worker = bus.worker(&queue, "worker").expect("made");
    for value in 0..1000_u64 {
        producer.send(Priority::Normal, &value.to_le_bytes()).expect("dead letters give way");
        drop(worker.take().expect("mapped").expect("a job"));
    }
    let lane = &info(&bus).lanes[0];
    assert_eq!(lane.dead_lettered, 1000);
    assert_eq!(lane.dead_letters + lane.dead_dropped, 1000);
    let letters = worker.dead_letters().expect("mapped");
    assert_eq!(letters.len() as u64, lane.dead_letters);
    assert_eq!(letters.last().map(|letter| number(&letter.payload)), Some(999), "the oldest go first");
}

#[test]
fn a_full_queue_gives_back_until_work_is_done() {
    let bus = bus();
    let small = QueueLane::new(Priority::Normal, 4096);
    let mut producer = bus.work_producer(&WORK, "producer", &[small]).expect("made");
    let mut worker = bus.worker(&WORK, "worker").expect("made");
    let (mut sent, mut done) = (0_u64, 0);
    for _ in 0..50 {
        while producer.send(Priority::Normal, &sent.to_le_bytes()).is_ok() {
            sent += 1;
        }
        let full = SendError::QueueFull { outstanding: 128, capacity: 4096 };
        assert_eq!(producer.send(Priority::Normal, &[0; 8]), Err(full));
        assert!(producer.pressure(Priority::Normal) > 0.9);
        let held = worker.take().expect("mapped").expect("a job");
        assert_eq!(number(held.payload()), done);
        held.done().expect("held");
        done += 1;
        for _ in 0..20 {
            assert_eq!(next(&mut worker), Some(done));
            done += 1;
        }
    }
    while next(&mut worker).is_some() {
        done += 1;
    }
    assert_eq!(done, sent);
    assert!(matches!(producer.send(Priority::Normal, &[0; 4096]), Err(SendError::TooLong { .. })));
    assert_eq!(producer.send(Priority::High, &[]), Err(SendError::NoLane(Priority::High)));
}

#[test]
fn a_blocked_producer_goes_on_when_a_job_is_done() {
    let bus = bus();
    let queue = QueueSpec::new(TopicSpec { policy: Policy::Block { timeout_ms: 60_000 }, ..TOPIC });
    let mut producer = bus.work_producer(&queue, "producer", &[QueueLane::new(Priority::Normal, 4096)]).expect("made");
    let mut worker = bus.worker(&queue, "worker").expect("made");
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for value in 0..2000_u64 {
                producer.send(Priority::Normal, &value.to_le_bytes()).expect("workers make room");
            }
        });
        for expected in 0..2000 {
            while worker.take().expect("mapped").map(|job| job.give_back()).is_none() {
                assert!(worker.wait_timeout(LONG).expect("can sleep"));
            }
            assert_eq!(next(&mut worker), Some(expected));
        }
    });
}

#[test]
fn many_producers_and_workers_do_every_job_exactly_once() {
    const PRODUCERS: u64 = 3;
    const JOBS: u64 = 3000;
    let bus = bus();
    let queue = QueueSpec::new(TopicSpec { policy: Policy::Block { timeout_ms: 60_000 }, ..TOPIC });
    let done = Mutex::new(BTreeMap::<u64, u32>::new());
    std::thread::scope(|scope| {
        for index in 0..PRODUCERS {
            let mut producer = bus.work_producer(&queue, &format!("p{index}"), &[LANE]).expect("made");
            scope.spawn(move || {
                for value in 0..JOBS {
                    producer.send(Priority::Normal, &(index * JOBS + value).to_le_bytes()).expect("room in time");
                }
            });
        }
        for index in 0..3 {
            let mut worker = bus.worker(&queue, &format!("w{index}")).expect("made");
            let done = &done;
            scope.spawn(move || {
                loop {
                    if let Some(value) = next(&mut worker) {
                        *done.lock().expect("no panic").entry(value).or_default() += 1;
                    } else if done.lock().expect("no panic").len() as u64 == PRODUCERS * JOBS {
                        break;
                    } else {
                        worker.wait_timeout(Duration::from_millis(20)).expect("can sleep");
                    }
                }
            });
        }
    });
    let done = done.into_inner().expect("no panic");
    assert_eq!(done.len() as u64, PRODUCERS * JOBS);
    assert!(done.values().all(|times| *times == 1));
    let snapshot = bus.snapshot();
    assert!(snapshot.queues.is_empty() && snapshot.topics.is_empty(), "all drained, all gone: {snapshot:?}");
}

#[test]
fn work_outlives_its_producer_and_then_its_lane_goes() {
    let bus = bus();
    let mut worker = bus.worker(&WORK, "worker").expect("made");
    let mut producer = bus.work_producer(&WORK, "producer", &[LANE]).expect("made");
    producer.send(Priority::Normal, &1_u64.to_le_bytes()).expect("room");
    producer.send(Priority::Normal, &2_u64.to_le_bytes()).expect("room");
    drop(producer);
    assert!(!info(&bus).lanes[0].open);
    assert_eq!([next(&mut worker), next(&mut worker)], [Some(1), Some(2)]);
    while !info(&bus).lanes.is_empty() {
        assert!(!worker.wait_timeout(Duration::from_millis(1)).expect("can sleep"));
    }
    assert_eq!(next(&mut worker), None);
}

#[test]
fn one_message_wakes_one_worker_and_every_message_somebody() {
    let bus = bus();
    let mut producer = bus.work_producer(&WORK, "producer", &[LANE]).expect("made");
    std::thread::scope(|scope| {
        let workers = [0, 1].map(|index| {
            let mut worker = bus.worker(&WORK, &format!("w{index}")).expect("made");
            scope.spawn(move || {
                let mut values = Vec::new();
                loop {
                    worker.wait().expect("can sleep");
                    while let Some(value) = next(&mut worker) {
                        if value == u64::MAX {
                            return values;
                        }
                        values.push(value);
                    }
                }
            })
        });
        for value in (0..500).chain([u64::MAX, u64::MAX]) {
            while producer.send(Priority::Normal, &u64::to_le_bytes(value)).is_err() {}
        }
        let mut values: Vec<u64> = workers.into_iter().flat_map(|worker| worker.join().expect("ends")).collect();
        values.sort_unstable();
        assert!(values.into_iter().eq(0..500));
    });
}

#[test]
fn a_queue_is_no_stream_and_a_stream_no_queue() {
    let bus = bus();
    let producer = bus.work_producer(&WORK, "producer", &[LANE]).expect("made");
    let refused = bus.publisher(&TOPIC, "publisher", &[(Priority::Normal, 4096)]);
    assert!(matches!(refused, Err(PublisherError::Topic(TopicError::Queue { .. }))));
    let mut gating = bus.inbox("gating", Attachment::Gating).expect("made");
    let refused = gating.subscribe(&TOPIC, Start::Now);
    assert!(matches!(refused, Err(SubscribeError::Topic(TopicError::Queue { .. }))));
    let refused = bus.worker(&WORK.deliveries_max(4), "worker");
    assert!(matches!(refused, Err(QueueError::Topic(TopicError::Deliveries { on_the_bus: 3, here: 4, .. }))));
    assert!(matches!(bus.worker(&WORK.deliveries_max(0), "worker"), Err(QueueError::Deliveries(0))));
    let latest = QueueSpec::new(TopicSpec { name: "test/latest", policy: Policy::Latest, ..TOPIC });
    assert!(matches!(bus.worker(&latest, "worker"), Err(QueueError::Topic(TopicError::QueuePolicy { .. }))));
    let none = bus.work_producer(&WORK, "producer", &[]);
    assert!(matches!(none, Err(QueueError::Lanes)));
    let many = bus.work_producer(&WORK, "producer", &[LANE.outstanding(1000)]);
    assert!(matches!(many, Err(QueueError::Outstanding { max: 512, .. })));
    drop(producer);

    let stream = TopicSpec { name: "test/stream", ..TOPIC };
    let _publisher = bus.publisher(&stream, "publisher", &[(Priority::Normal, 4096)]).expect("made");
    let refused = bus.worker(&QueueSpec::new(stream), "worker");
    assert!(matches!(refused, Err(QueueError::Topic(TopicError::NotAQueue { .. }))));
}

#[test]
fn an_observer_sees_the_work_go_by_and_holds_nothing_up() {
    let bus = bus();
    let mut observer = bus.inbox("observer", Attachment::Observer).expect("made");
    observer.subscribe(&TOPIC, Start::Now).expect("observers may, even before the queue is one");
    let mut producer = bus.work_producer(&WORK, "producer", &[LANE]).expect("made");
    let mut worker = bus.worker(&WORK, "worker").expect("made");
    for value in 0..5000_u64 {
        producer.send(Priority::Normal, &value.to_le_bytes()).expect("the observer is not waited for");
        assert_eq!(next(&mut worker), Some(value));
    }
    let (mut seen, mut lost) = (0, 0);
    observer
        .drain(|delivery| {
            seen += 1;
            lost += delivery.lost;
        })
        .expect("mapped");
    assert!(seen > 0 && seen + lost == 5000, "{seen} + {lost}");
}
