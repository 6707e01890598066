//! A bus that somebody deletes, moves or replaces while it is alive, and the participants' errors.

use std::path::Path;
use std::time::{Duration, Instant};

use shm_bus::wire::{Policy, Priority};
use shm_bus::{
    Attachment, Bus, ChangeError, Inbox, InboxError, OpenError, Publisher, PublisherError, QueueLane, QueueSpec,
    ReceiveError, SendError, Start, SubscribeError, TakeError, TopicSpec, list_in,
};

use super::support::{LANE, NUMBERS, OVERWRITTEN, alive, drain, folder, gating, is_empty, number};

/// A longer wait means that something hangs.
const HANG: Duration = Duration::from_secs(60);

/// Repeats `attempt` until it succeeds.
fn until<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = attempt() {
            return found;
        }
        assert!(begun.elapsed() < HANG, "it never came to this: {what}");
        std::thread::yield_now();
    }
}

/// Sends until the bus is known to have been removed; returns the messages sent before.
fn send_until_removed(publisher: &mut Publisher) -> u64 {
    let mut sent = 0;
    until("a send fails", || match publisher.send(Priority::Normal, &number(sent)) {
        Ok(()) => {
            sent += 1;
            None
        }
        Err(SendError::Removed) => Some(()),
        Err(SendError::Full) => None,
        Err(error) => panic!("{error}"),
    });
    assert_eq!(publisher.send(Priority::Normal, &number(sent)), Err(SendError::Removed), "from now on");
    sent
}

fn receive_until_removed(inbox: &mut Inbox) -> u64 {
    let mut received = 0;
    until("a receive fails", || match inbox.receive() {
        Ok(Some(_)) => {
            received += 1;
            None
        }
        Ok(None) => None,
        Err(ReceiveError::Removed { bus }) => (bus == "game").then_some(()),
        Err(error) => panic!("{error}"),
    });
    received
}

/// All participants report that the bus was removed by `remove`, and a second bus of its name has nothing to do with them.
fn everybody_says_so(remove: impl Fn(&Path)) {
    let home = folder();
    let runtime = home.path().join("run");
    let bus = Bus::open_in(&runtime, "game").expect("opens");
    // Each finds out on its own.
    let again = || bus.attach_again().expect("attaches");
    let [mut inbox, mut sleeper, mut drainer] = [0; 3].map(|_| gating(&again(), &NUMBERS));
    let mut publisher = again().publisher(&NUMBERS, "writer", LANE).expect("made");
    let mut lossy = again().publisher(&OVERWRITTEN, "lossy", LANE).expect("made");
    let mut lender = again().publisher(&OVERWRITTEN, "lender", LANE).expect("made");
    let queue = QueueSpec::new(TopicSpec { name: "test/work", ..NUMBERS });
    let lanes = [QueueLane::new(Priority::Normal, 4096)];
    let mut producer = again().work_producer(&queue, "boss", &lanes).expect("made");
    let mut worker = again().worker(&queue, "worker").expect("made");
    publisher.send(Priority::Normal, &number(7)).expect("room");
    // A lane that a reader has not mapped is lost with the files.
    assert!([&mut inbox, &mut sleeper, &mut drainer].into_iter().all(|inbox| inbox.arm().expect("mapped")));
    bus.check().expect("in its place");

    remove(&runtime);

    let second = Bus::open_in(&runtime, "game").expect("a second bus of that name");
    assert_eq!(alive(&second.snapshot()), "0:true");
    let sent = 1 + send_until_removed(&mut publisher);
    assert!(send_until_removed(&mut lossy) > 0, "it waits for no inbox, so it fails only when it makes room");
    until("a loan fails", || match lender.loan(Priority::Normal, 8) {
        Ok(loan) => {
            loan.commit();
            None
        }
        Err(error) => (error == SendError::Removed).then_some(()),
    });
    assert_eq!(publisher.pressure(Priority::Normal), 1.0);
    assert!(matches!(publisher.loan(Priority::Normal, 8).map(|_| ()), Err(SendError::Removed)));
    assert_eq!(publisher.send_batch(Priority::Normal, [number(1)]).expect_err("removed").source, SendError::Removed);
    assert_eq!(receive_until_removed(&mut inbox), sent, "messages sent before are received");
    // The other reader has blocked the ring until now; it receives everything, too.
    let mut taken = 0;
    until("a drain fails", || match drainer.drain(|_| ()) {
        Ok(more) => {
            taken += more as u64;
            None
        }
        Err(error) => matches!(error, ReceiveError::Removed { .. }).then_some(()),
    });
    assert_eq!(taken, sent);
    while sleeper.receive().is_ok_and(|delivery| delivery.is_some()) {}
    assert!(matches!(sleeper.wait(), Err(ReceiveError::Removed { .. })), "it does not sleep for ever");
    assert!(matches!(sleeper.wait_timeout(HANG), Err(ReceiveError::Removed { .. })));
    assert!(matches!(sleeper.arm(), Err(ReceiveError::Removed { .. })));
    until("a job cannot be sent", || match producer.send(Priority::Normal, &number(0)) {
        Err(SendError::Removed) => Some(()),
        _ => None,
    });
    while worker.take().is_ok_and(|job| job.is_some_and(|job| job.done().is_ok())) {}
    assert!(matches!(worker.wait(), Err(TakeError::Removed { .. })));
    assert!(matches!(worker.take().map(|_| ()), Err(TakeError::Removed { .. })));
    no_change_is_possible(&bus, &mut inbox);
    assert!(matches!(bus.attach_again(), Err(OpenError::Removed { .. })));
    drop((inbox, sleeper, drainer, publisher, lossy, lender, producer, worker, bus));
    assert_eq!(alive(&second.snapshot()), "0:true", "the second bus is none of their business");
    let mut inbox = gating(&second, &NUMBERS);
    let mut publisher = second.publisher(&NUMBERS, "writer", LANE).expect("made");
    publisher.send(Priority::Normal, &number(3)).expect("room");
    assert_eq!(drain(&mut inbox).0, [3]);
    drop((inbox, publisher, second));
    assert_eq!(list_in(&runtime).expect("listed"), [""; 0]);
    assert!(is_empty(&runtime), "participants of the removed bus leave nothing in the second one's place");
}

fn no_change_is_possible(bus: &Bus, inbox: &mut Inbox) {
    let removed = |error: &ChangeError| matches!(error, ChangeError::Removed { .. });
    assert!(bus.check().is_err_and(|error| removed(&error)));
    assert!(bus.try_snapshot().is_err_and(|error| removed(&error)));
    let publisher = bus.publisher(&NUMBERS, "another", LANE);
    assert!(matches!(publisher, Err(PublisherError::Change(error)) if removed(&error)));
    assert!(matches!(bus.inbox("i", Attachment::Gating), Err(InboxError::Change(error)) if removed(&error)));
    assert!(matches!(inbox.subscribe(&NUMBERS, Start::Now), Err(SubscribeError::Change(error)) if removed(&error)));
    assert!(matches!(inbox.unsubscribe("none"), Err(SubscribeError::Change(error)) if removed(&error)));
}

#[test]
fn everybody_says_that_the_buss_folder_was_deleted() {
    everybody_says_so(|runtime| std::fs::remove_dir_all(runtime.join("game")).expect("removed"));
}

#[test]
fn everybody_says_that_the_register_was_deleted() {
    everybody_says_so(|runtime| std::fs::remove_file(runtime.join("game/control")).expect("removed"));
}

#[test]
fn everybody_says_that_the_register_was_replaced_by_a_copy() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let mut inbox = gating(&bus, &NUMBERS);
    let mut publisher = bus.publisher(&NUMBERS, "writer", LANE).expect("made");
    let (control, copy) = (bus.path().join("control"), bus.path().join("copy"));
    std::fs::copy(&control, &copy).expect("copied");
    std::fs::rename(&copy, &control).expect("moved");
    let sent = send_until_removed(&mut publisher);
    assert_eq!(receive_until_removed(&mut inbox), sent);
    no_change_is_possible(&bus, &mut inbox);
    drop((inbox, publisher, bus));
    drop(Bus::open_in(folder.path(), "game").expect("it has no live participant any more"));
    assert!(is_empty(folder.path()));
}

#[test]
fn everybody_says_that_the_buss_folder_was_moved() {
    everybody_says_so(|runtime| {
        std::fs::rename(runtime.join("game"), runtime.parent().expect("a folder").join("elsewhere")).expect("moved");
    });
}

#[test]
fn everybody_says_that_the_runtime_folder_was_moved_or_deleted() {
    everybody_says_so(|runtime| std::fs::rename(runtime, runtime.with_extension("old")).expect("moved"));
    everybody_says_so(|runtime| std::fs::remove_dir_all(runtime).expect("removed"));
}

#[test]
fn a_bus_that_was_moved_away_and_back_unnoticed_is_the_same() {
    let home = folder();
    let bus = Bus::open_in(home.path().join("run"), "game").expect("opens");
    let (there, away) = (home.path().join("run/game"), home.path().join("away"));
    std::fs::rename(&there, &away).expect("moved");
    std::fs::rename(&away, &there).expect("moved");
    drop(gating(&bus, &NUMBERS));
    bus.check().expect("in its place");
    assert_eq!(list_in(home.path().join("run")).expect("listed"), ["game"]);
}

#[test]
fn sleepers_learn_of_a_removal_that_comes_while_they_sleep() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let blocking = TopicSpec { name: "test/blocking", policy: Policy::Block { timeout_ms: 600_000 }, ..NUMBERS };
    let (mut sleeper, _laggard) = (gating(&bus, &NUMBERS), gating(&bus, &blocking));
    let mut publisher = bus.publisher(&blocking, "writer", LANE).expect("made");
    let queue = QueueSpec::new(TopicSpec { name: "test/work", ..NUMBERS });
    let mut worker = bus.worker(&queue, "worker").expect("made");
    (0..63).for_each(|value| publisher.send(Priority::Normal, &number(value)).expect("room"));
    let sleeping = std::thread::spawn(move || sleeper.wait());
    let blocked = std::thread::spawn(move || publisher.send(Priority::Normal, &number(63)));
    let working = std::thread::spawn(move || worker.wait());
    until("all three sleep", || {
        let snapshot = bus.snapshot();
        let waits = snapshot.topics.iter().flat_map(|topic| &topic.lanes).any(|lane| lane.waited == 1);
        (waits && snapshot.inboxes.iter().any(|inbox| inbox.sleeps == 0)).then_some(())
    });
    std::fs::remove_dir_all(folder.path().join("game")).expect("removed");
    assert!(matches!(sleeping.join().expect("ends"), Err(ReceiveError::Removed { .. })));
    assert_eq!(blocked.join().expect("ends"), Err(SendError::Removed));
    assert!(matches!(working.join().expect("ends"), Err(TakeError::Removed { .. })));
}

#[test]
fn nobody_lives_in_a_copy_of_a_bus() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let _inbox = gating(&bus, &NUMBERS);
    for with_locks in [true, false] {
        let copy = folder.path().join("copy");
        std::fs::create_dir(&copy).expect("made");
        for file in std::fs::read_dir(bus.path()).expect("there").map(|entry| entry.expect("read").path()) {
            if with_locks || !file.to_string_lossy().ends_with("p0.lock") {
                std::fs::copy(&file, copy.join(file.file_name().expect("a name"))).expect("copied");
            }
        }
        assert_eq!(list_in(folder.path()).expect("listed"), ["game"]);
        assert_eq!(shm_bus::gc_in(folder.path()).expect("listed"), ["copy"]);
    }
    bus.check().expect("in its place");
}
