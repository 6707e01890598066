//! Work queues whose workers and producers are processes that are stopped or killed.
//!
//! Children are this test binary again, running only the test `child`, and do what the parent says, line by line. Every wait is for a
//! line, an exit or a stop; nothing sleeps.

#![cfg(unix)]

mod ledger;
#[path = "../numbers/mod.rs"]
mod numbers;
mod other;
mod role;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use shm_bus::wire::{Policy, Priority};
use shm_bus::{Bus, Holder, QueueInfo, QueueLane, QueueSpec, SendError, WorkProducer, Worker};

use ledger::{Ledger, read_ledger};
use numbers::topic_of_numbers;
use other::Other;
use role::{Role, work};

const WORK: QueueSpec<'_> = QueueSpec::new(topic_of_numbers("test/work", Policy::Reject)).deliveries_max(200);
const LANE: QueueLane = QueueLane::new(Priority::Normal, 1 << 14);
const FOLDER: &str = "HOTFRAME_TEST_FOLDER";
const LONG: Duration = Duration::from_secs(60);

fn number(payload: &[u8]) -> u64 {
    u64::from_le_bytes(payload.try_into().expect("8 bytes"))
}

/// Not a test of its own: the body of every child process.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let mut role = Role::default();
    for line in std::io::stdin().lines() {
        let answer = role.obey(&folder, &line.expect("a pipe"));
        let mut out = std::io::stdout();
        writeln!(out, "\n@{answer}").and_then(|()| out.flush()).expect("the parent listens");
    }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn send(producer: &mut WorkProducer, values: impl IntoIterator<Item = u64>) {
    for value in values {
        while let Err(error) = producer.send(Priority::Normal, &value.to_le_bytes()) {
            assert!(matches!(error, SendError::QueueFull { .. }), "{error}");
            std::thread::yield_now();
        }
    }
}

fn info(bus: &Bus) -> QueueInfo {
    bus.snapshot().queues.remove(0)
}

/// Waits for the next job and holds it; returns its number and its deliveries.
fn wait_and_take(worker: &mut Worker) -> (u64, u8) {
    loop {
        if let Some(job) = worker.take().expect("mapped") {
            let what = (number(job.payload()), job.deliveries);
            job.done().expect("held");
            return what;
        }
        assert!(worker.wait_timeout(LONG).expect("can sleep"), "nothing came");
    }
}

/// Asserts that no participant is left, and no file but the ledger.
fn nothing_is_left(folder: &Path) {
    let names = std::fs::read_dir(folder).expect("there").map(|entry| entry.expect("read").file_name());
    let names: Vec<_> = names.filter(|name| name != "ledger").collect();
    assert!(names.is_empty(), "{names:?}");
}

#[test]
fn many_producers_and_workers_do_every_job_exactly_once_when_nobody_dies() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let mut workers: Vec<_> = (0..3).map(|_| Other::start(folder.path(), &["open", "worker"])).collect();
    let mut producers: Vec<_> = (0..2).map(|_| Other::start(folder.path(), &["open", "producer"])).collect();
    workers.iter_mut().for_each(|worker| worker.tell("work"));
    for (index, producer) in producers.iter_mut().enumerate() {
        producer.tell(&format!("send {}", 1000 * index));
    }
    for producer in &mut producers {
        assert_eq!(producer.hear().as_deref(), Some("done"));
    }
    let mut own = bus.work_producer(&WORK, "parent", &[LANE]).expect("made");
    send(&mut own, [u64::MAX; 3]);
    let done: Vec<u64> =
        workers.iter_mut().map(|worker| worker.hear().expect("lives").parse().expect("a number")).collect();
    let mut rest = bus.worker(&WORK, "parent").expect("made");
    let mut ledger = Ledger::open(folder.path());
    let rest = work(&mut rest, &mut ledger, 1000 - done.iter().sum::<u64>());
    assert_eq!(rest + done.iter().sum::<u64>(), 1000, "{done:?}");
    let jobs = read_ledger(folder.path(), &BTreeSet::new());
    assert!(jobs.keys().copied().eq((0..500).chain(1000..1500)));
    assert!(jobs.values().all(|counts| *counts == (1, 1)));
    assert_eq!(info(&bus).lanes.iter().map(|lane| lane.redelivered + lane.reclaimed).sum::<u64>(), 0);
}

#[test]
fn what_a_killed_worker_held_goes_to_another_one_marked() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let mut producer = bus.work_producer(&WORK, "parent", &[LANE]).expect("made");
    let mut worker = bus.worker(&WORK, "parent").expect("made");
    let mut other = Other::start(folder.path(), &["open", "worker"]);
    send(&mut producer, [7, 8]);
    assert_eq!(other.ask("take"), "7 1");
    assert_eq!(wait_and_take(&mut worker), (8, 1));
    other.kill();
    assert_eq!(info(&bus).lanes[0].claimed[0].holder, Holder::Gone);
    assert_eq!(wait_and_take(&mut worker), (7, 2));
    let lane = &info(&bus).lanes[0];
    assert_eq!((lane.redelivered, lane.reclaimed, lane.done), (1, 1, 2));
    drop((producer, worker, bus));
    nothing_is_left(folder.path());
}

#[test]
fn a_busy_queue_too_gives_back_what_the_dead_held() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let roomy = QueueLane::new(Priority::Normal, 1 << 18);
    let mut producer = bus.work_producer(&WORK, "parent", &[roomy]).expect("made");
    let mut worker = bus.worker(&WORK, "parent").expect("made");
    let mut other = Other::start(folder.path(), &["open", "worker"]);
    send(&mut producer, 0..5);
    assert_eq!(other.ask("take"), "0 1");
    other.kill();
    let came_back = (5..2000).find(|value| {
        send(&mut producer, [*value]);
        wait_and_take(&mut worker) == (0, 2)
    });
    assert!(came_back.is_some_and(|value| value < 600), "{came_back:?}");
}

#[test]
fn a_stopped_worker_keeps_its_job_and_is_reported_while_others_go_on() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let mut producer = bus.work_producer(&WORK, "parent", &[LANE]).expect("made");
    let mut worker = bus.worker(&WORK, "parent").expect("made");
    let mut other = Other::start(folder.path(), &["open", "worker"]);
    send(&mut producer, 0..50);
    assert_eq!(other.ask("take"), "0 1");
    other.stop();
    for value in 1..50 {
        assert_eq!(wait_and_take(&mut worker), (value, 1));
    }
    assert!(!worker.wait_timeout(Duration::from_millis(30)).expect("can sleep"), "it is not taken away");
    let queue = info(&bus);
    let [claim] = &queue.lanes[0].claimed[..] else { panic!("{queue:?}") };
    assert_eq!((claim.sequence, &claim.worker[..], claim.pid), (0, "child", Some(other.id())));
    let expected = if cfg!(target_os = "linux") { Holder::Stopped } else { Holder::Working };
    assert_eq!(claim.holder, expected);
    assert_eq!(
        queue.workers.iter().filter(|worker| worker.state == expected).count(),
        1 + usize::from(expected == Holder::Working)
    );
    other.go_on();
    other.ask("open");
    assert!(worker.take().expect("mapped").is_none());
    other.kill();
    assert_eq!(wait_and_take(&mut worker), (0, 2));
}

#[test]
fn what_a_killed_producer_sent_is_worked_off() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let mut worker = bus.worker(&WORK, "parent").expect("made");
    let mut other = Other::start(folder.path(), &["open", "producer"]);
    other.tell("send 0");
    assert_eq!(wait_and_take(&mut worker), (0, 1));
    while info(&bus).lanes[0].waiting < 100 {
        std::thread::yield_now();
    }
    other.kill();
    let last = {
        let second = Bus::attach_in(folder.path(), "game").expect("clears the dead away");
        let queue = info(&second);
        assert!(!queue.lanes[0].open);
        queue.lanes[0].waiting
    };
    for value in 1..=last {
        assert_eq!(wait_and_take(&mut worker), (value, 1));
    }
    assert!(worker.take().expect("mapped").is_none());
    while !info(&bus).lanes.is_empty() {
        assert!(!worker.wait_timeout(Duration::from_millis(5)).expect("can sleep"));
    }
    drop((worker, bus));
    nothing_is_left(folder.path());
}

#[test]
fn a_job_that_kills_its_workers_becomes_a_dead_letter() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let mut producer = bus.work_producer(&WORK, "parent", &[LANE]).expect("made");
    let mut worker = bus.worker(&WORK, "parent").expect("made");
    send(&mut producer, [666]);
    for delivery in 1..=WORK.deliveries_max {
        if delivery > 3 {
            // Giving back counts as a delivery too, and is quicker.
            drop(worker.take().expect("mapped"));
            continue;
        }
        let mut other = Other::start(folder.path(), &["open", "worker"]);
        assert_eq!(other.ask("take"), format!("666 {delivery}"));
        other.kill();
        assert!(worker.wait_timeout(LONG).expect("can sleep"), "it comes back");
    }
    assert!(worker.take().expect("mapped").is_none());
    let letters = worker.dead_letters().expect("mapped");
    assert_eq!(letters.iter().map(|letter| letter.deliveries).collect::<Vec<_>>(), [WORK.deliveries_max]);
    send(&mut producer, [1]);
    assert_eq!(wait_and_take(&mut worker), (1, 1));
}

#[test]
fn nothing_is_lost_while_workers_are_killed_at_random() {
    const JOBS: u64 = 3000;
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let mut producer = bus.work_producer(&WORK, "parent", &[LANE]).expect("made");
    let start = || {
        let mut worker = Other::start(folder.path(), &["open", "worker"]);
        worker.tell("work");
        worker
    };
    let mut workers: Vec<_> = (0..3).map(|_| start()).collect();
    let mut dead = BTreeSet::new();
    for value in 0..JOBS {
        send(&mut producer, [value]);
        if value % 100 == 99 {
            let victim = (value / 100) as usize % workers.len();
            dead.insert(workers[victim].kill());
            workers[victim] = start();
        }
    }
    let mut worker = bus.worker(&WORK, "parent").expect("made");
    let mut ledger = Ledger::open(folder.path());
    dead.extend(workers.iter_mut().map(Other::kill));
    loop {
        let lane = info(&bus).lanes.remove(0);
        if lane.done == JOBS {
            assert_eq!((lane.waiting, lane.claimed.len(), lane.dead_letters), (0, 0, 0));
            break;
        }
        work(&mut worker, &mut ledger, (lane.waiting + lane.claimed.len() as u64).min(1));
    }
    let jobs = read_ledger(folder.path(), &dead);
    assert!(jobs.keys().copied().eq(0..JOBS));
    assert!(jobs.values().all(|(taken, done)| taken >= done && *done >= 1), "each was done");
    let again = jobs.values().map(|(taken, _)| u64::from(*taken) - 1).sum::<u64>();
    assert!(again <= info(&bus).lanes[0].redelivered, "each second time was marked");
}

/// A worker is killed after each of its writes to shared memory in turn: the job is done by it or by another one, and no message is left
/// behind.
#[cfg(feature = "crash-points")]
#[test]
fn a_worker_killed_at_any_point_loses_nothing() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let mut producer = bus.work_producer(&WORK, "parent", &[LANE]).expect("made");
    let mut worker = bus.worker(&WORK, "parent").expect("made");
    let mut expected = 0;
    for point in 1.. {
        let mut other = Other::start(folder.path(), &["open", "worker"]);
        send(&mut producer, [3 * point, 3 * point + 1]);
        expected += 2;
        other.ask(&format!("die-at {point}"));
        other.tell("work 2");
        let survived = other.hear().is_some();
        other.kill();
        let again = 3 * point + 2;
        send(&mut producer, [again]);
        expected += 1;
        while wait_and_take(&mut worker).0 != again {}
        // Redelivered jobs may have overtaken the last one, or the other way round.
        while info(&bus).lanes[0].done < expected {
            wait_and_take(&mut worker);
        }
        let lane = info(&bus).lanes.remove(0);
        assert_eq!((lane.done, lane.waiting, lane.claimed.len()), (expected, 0, 0), "killed at point {point}");
        if survived {
            assert!(point > 4, "{point} points");
            break;
        }
    }
    let jobs = read_ledger(folder.path(), &BTreeSet::new());
    assert!(jobs.values().all(|(taken, done)| taken == done), "no point lies between");
}

/// A producer is killed after each of its writes: every message that it reported as sent is processed.
#[cfg(feature = "crash-points")]
#[test]
fn a_producer_killed_at_any_point_leaves_what_it_sent() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let mut worker = bus.worker(&WORK, "parent").expect("made");
    for point in 1..400 {
        let mut other = Other::start(folder.path(), &["open", "producer"]);
        other.ask(&format!("die-at {point}"));
        other.tell("send 0");
        assert_eq!(other.hear(), None, "500 messages have more points");
        other.kill();
        drop(Bus::attach_in(folder.path(), "game").expect("clears the dead away"));
        let mut next = 0;
        while let Some(job) = worker.take().expect("mapped") {
            assert_eq!((number(job.payload()), job.deliveries), (next, 1), "killed at point {point}");
            job.done().expect("held");
            next += 1;
        }
        while !info(&bus).lanes.is_empty() {
            assert!(!worker.wait_timeout(Duration::from_millis(1)).expect("can sleep"));
        }
    }
}
