//! Sleeping inboxes are woken by every way of sending, across threads, whatever they read.

mod numbers;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use shm_bus::wire::{Policy, Priority};
use shm_bus::{Attachment, Bus, Inbox, Start, TopicSpec};

use numbers::topic_of_numbers;

const LANES: &[(Priority, u32)] = &[(Priority::Critical, 4096), (Priority::Normal, 4096)];

const fn topic(name: &'static str) -> TopicSpec<'static> {
    topic_of_numbers(name, Policy::Reject)
}

fn bus() -> (tempfile::TempDir, Bus) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    (folder, bus)
}

fn inbox(bus: &Bus, name: &str, topics: &[&'static str]) -> Inbox {
    let mut inbox = bus.inbox(name, Attachment::Gating).expect("made");
    for name in topics {
        inbox.subscribe(&topic(name), Start::Now).expect("subscribed");
    }
    inbox
}

fn take(inbox: &mut Inbox) -> u64 {
    let delivery = inbox.receive().expect("mapped").expect("waits");
    u64::from_le_bytes(delivery.payload.try_into().expect("8 bytes"))
}

#[test]
fn without_a_message_time_runs_out() {
    let (_folder, bus) = bus();
    let mut inbox = inbox(&bus, "reader", &["a"]);
    assert!(!inbox.wait_timeout(Duration::from_millis(1)).expect("can wait"));
    assert!(!inbox.wait_timeout(Duration::ZERO).expect("can wait"));
}

#[test]
fn two_threads_that_always_wait_pass_a_ball() {
    const ROUNDS: u64 = 2_000;
    let (_folder, bus) = bus();
    let (mut left, mut right) = (inbox(&bus, "left", &["to-left"]), inbox(&bus, "right", &["to-right"]));
    let mut to_left = bus.publisher(&topic("to-left"), "right", LANES).expect("made");
    let mut to_right = bus.publisher(&topic("to-right"), "left", LANES).expect("made");
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for round in 0..ROUNDS {
                right.wait().expect("can wait");
                assert_eq!(take(&mut right), round);
                to_left.send(Priority::Critical, &round.to_le_bytes()).expect("room");
            }
        });
        for round in 0..ROUNDS {
            to_right.send(Priority::Normal, &round.to_le_bytes()).expect("room");
            left.wait().expect("can wait");
            assert_eq!(take(&mut left), round);
        }
    });
}

#[test]
fn a_sleeper_is_woken_by_send_batch_loan_and_begin() {
    let (_folder, bus) = bus();
    let (mut asleep, mut ready) = (inbox(&bus, "asleep", &["work"]), inbox(&bus, "ready", &["answers"]));
    let mut work = bus.publisher(&topic("work"), "boss", LANES).expect("made");
    let mut answers = bus.publisher(&topic("answers"), "worker", LANES).expect("made");
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for _ in 0..4 {
                asleep.wait().expect("can wait");
                let value = take(&mut asleep);
                answers.send(Priority::Normal, &value.to_le_bytes()).expect("room");
            }
        });
        let mut answered = |value: u64| {
            ready.wait().expect("can wait");
            assert_eq!(take(&mut ready), value);
        };
        work.send(Priority::Normal, &1_u64.to_le_bytes()).expect("room");
        answered(1);
        work.send_batch(Priority::Normal, [2_u64.to_le_bytes().as_slice()]).expect("room");
        answered(2);
        let mut loan = work.loan(Priority::Normal, 8).expect("room");
        loan.write(0, &3_u64.to_le_bytes());
        loan.commit();
        answered(3);
        work.begin(Priority::Normal, 8).expect("room");
        work.commit(Priority::Normal, 8).expect("begun");
        ready.wait().expect("can wait");
    });
}

#[cfg(unix)]
#[test]
fn what_a_batch_shows_before_its_end_wakes_a_sleeper() {
    let (_folder, bus) = bus();
    let news = TopicSpec { policy: Policy::DropOldest, ..topic("news") };
    let mut inbox = bus.inbox("reader", Attachment::Gating).expect("made");
    inbox.subscribe(&news, Start::Now).expect("subscribed");
    let mut publisher = bus.publisher(&news, "writer", LANES).expect("made");
    assert!(!inbox.arm().expect("can wait"), "nothing waits");
    let wakes = || bus.snapshot().topics[0].lanes.iter().map(|lane| lane.wakes).sum::<u64>();
    let batch = (0..100_u64).map(|number| {
        // By then the ring was full, and room has been made.
        assert_eq!(wakes(), u64::from(number >= 64), "at {number}");
        number.to_le_bytes()
    });
    assert_eq!(publisher.send_batch(Priority::Normal, batch), Ok(100));
}

#[test]
fn a_sleeper_sees_a_publisher_that_comes_later() {
    let (_folder, bus) = bus();
    let mut asleep = inbox(&bus, "asleep", &["work"]);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            asleep.wait().expect("can wait");
            assert_eq!(take(&mut asleep), 7);
        });
        let mut late = bus.publisher(&topic("work"), "late", LANES).expect("made");
        late.send(Priority::Normal, &7_u64.to_le_bytes()).expect("room");
    });
}

#[test]
fn an_observer_can_sleep_too() {
    let (_folder, bus) = bus();
    let mut observer = bus.inbox("observer", Attachment::Observer).expect("made");
    observer.subscribe(&topic("work"), Start::Now).expect("subscribed");
    let mut work = bus.publisher(&topic("work"), "boss", LANES).expect("made");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            observer.wait().expect("can wait");
            assert_eq!(take(&mut observer), 9);
        });
        work.send(Priority::Normal, &9_u64.to_le_bytes()).expect("room");
    });
}

#[test]
fn of_many_publishers_each_is_heard_in_turn_and_by_priority() {
    const PUBLISHERS: u64 = 40;
    let (_folder, bus) = bus();
    let mut inbox = inbox(&bus, "reader", &["work"]);
    let mut publishers: Vec<_> = (0..PUBLISHERS)
        .map(|number| bus.publisher(&topic("work"), &format!("p{number:02}"), LANES).expect("made"))
        .collect();
    for round in 0..3 {
        for (number, publisher) in publishers.iter_mut().enumerate() {
            let value = round << 32 | number as u64;
            publisher.send(Priority::Normal, &value.to_le_bytes()).expect("room");
        }
    }
    publishers[17].send(Priority::Critical, &u64::MAX.to_le_bytes()).expect("room");
    assert!(inbox.wait_timeout(Duration::ZERO).expect("can wait"));
    assert_eq!(take(&mut inbox), u64::MAX, "critical first");
    for round in 0..3 {
        for number in 0..PUBLISHERS {
            assert_eq!(take(&mut inbox), round << 32 | number, "publishers take turns");
        }
    }
    assert!(inbox.receive().expect("mapped").is_none());
    publishers[33].send(Priority::Normal, &5_u64.to_le_bytes()).expect("room");
    assert_eq!(take(&mut inbox), 5, "a dry lane is found again");
    publishers.truncate(3);
    assert!(inbox.receive().expect("mapped").is_none());
    publishers[1].send(Priority::Normal, &6_u64.to_le_bytes()).expect("room");
    assert_eq!(take(&mut inbox), 6, "with few lanes again");
}

#[test]
fn many_publishers_in_threads_lose_nothing() {
    const PUBLISHERS: u64 = 12;
    const MESSAGES: u64 = 2_000;
    let (_folder, bus) = bus();
    let mut inbox = inbox(&bus, "reader", &["work"]);
    std::thread::scope(|scope| {
        for number in 0..PUBLISHERS {
            let mut publisher = bus.publisher(&topic("work"), &format!("p{number:02}"), LANES).expect("made");
            scope.spawn(move || {
                for sequence in 0..MESSAGES {
                    while publisher.send(Priority::Normal, &(number << 32 | sequence).to_le_bytes()).is_err() {
                        std::thread::yield_now();
                    }
                }
            });
        }
        let mut next = [0; PUBLISHERS as usize];
        for _ in 0..PUBLISHERS * MESSAGES {
            inbox.wait().expect("can wait");
            let value = take(&mut inbox);
            let expected = &mut next[(value >> 32) as usize];
            assert_eq!(value & 0xffff_ffff, *expected);
            *expected += 1;
        }
    });
}

#[cfg(unix)]
#[test]
fn the_descriptor_becomes_readable_when_something_arrives() {
    use std::os::fd::AsFd;

    use rustix::event::{PollFd, PollFlags, poll};
    let (_folder, bus) = bus();
    let mut inbox = inbox(&bus, "reader", &["work"]);
    let mut work = bus.publisher(&topic("work"), "boss", LANES).expect("made");
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for value in 0..100_u64 {
                while work.send(Priority::Normal, &value.to_le_bytes()).is_err() {
                    std::thread::yield_now();
                }
            }
        });
        for expected in 0..100 {
            while !inbox.arm().expect("can wait") {
                let descriptor = inbox.descriptor().expect("a pipe");
                poll(&mut [PollFd::new(&descriptor.as_fd(), PollFlags::IN)], None).expect("polls");
            }
            assert_eq!(take(&mut inbox), expected);
        }
    });
}

/// Wakes a thread that sleeps.
struct Unpark(Thread, AtomicBool);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.1.store(true, Ordering::Release);
        self.0.unpark();
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let unpark = Arc::new(Unpark(std::thread::current(), AtomicBool::new(false)));
    let waker = Waker::from(Arc::clone(&unpark));
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
        while !unpark.1.swap(false, Ordering::Acquire) {
            std::thread::park();
        }
    }
}

#[test]
fn a_future_is_woken_when_something_arrives() {
    let (_folder, bus) = bus();
    let mut inbox = inbox(&bus, "reader", &["work"]);
    let mut work = bus.publisher(&topic("work"), "boss", LANES).expect("made");
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for value in 0..100_u64 {
                while work.send(Priority::Normal, &value.to_le_bytes()).is_err() {
                    std::thread::yield_now();
                }
            }
        });
        for expected in 0..100 {
            block_on(inbox.wait_async()).expect("can wait");
            assert_eq!(take(&mut inbox), expected);
        }
    });
}

type Task = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

/// Acts as an executor that is gone: the wake drops the task.
struct DropTask(std::sync::Mutex<Option<Task>>, std::sync::mpsc::Sender<()>);

impl Wake for DropTask {
    fn wake(self: Arc<Self>) {
        drop(self.0.lock().expect("not poisoned").take());
        self.1.send(()).expect("awaited");
    }
}

#[test]
fn an_inbox_may_be_dropped_by_the_waker_that_it_wakes() {
    let (_folder, bus) = bus();
    let mut inbox = inbox(&bus, "reader", &["work"]);
    let mut work = bus.publisher(&topic("work"), "boss", LANES).expect("made");
    let (sender, dropped) = std::sync::mpsc::channel();
    let task = Arc::new(DropTask(std::sync::Mutex::new(None), sender));
    let mut future: Task = Box::pin(async move { inbox.wait_async().await.expect("can wait") });
    let waker = Waker::from(Arc::clone(&task));
    assert!(future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    *task.0.lock().expect("not poisoned") = Some(future);
    work.send(Priority::Normal, &1_u64.to_le_bytes()).expect("room");
    dropped.recv().expect("the waker ends");
    assert!(bus.snapshot().inboxes.is_empty(), "it has left");
}
