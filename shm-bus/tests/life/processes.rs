//! A bus shared by processes, some of which are stopped or killed.

use shm_bus::wire::Priority;
use shm_bus::{Attachment, Bus, Inbox, OpenError, Publisher, SendError, Start, gc_in, list_in, peek_in};

use super::random::rounds;
use super::support::{LANE, NUMBERS, Other, drain, folder, is_empty};

#[test]
fn messages_cross_processes_and_the_last_one_out_leaves_nothing() {
    let folder = folder();
    let mut other = Other::start(folder.path());
    assert_eq!(other.ask("open"), "done");
    other.ask("publisher");
    let bus = Bus::attach_in(folder.path(), "game").expect("attaches");
    let mut inbox = bus.inbox("parent", Attachment::Gating).expect("made");
    inbox.subscribe_untyped("test/numbers", Start::Now).expect("subscribed");
    for round in 0..100_u64 {
        other.ask("send");
        other.ask("send");
        assert_eq!(drain(&mut inbox).0, [2 * round, 2 * round + 1]);
    }
    other.leave();
    assert_eq!(list_in(folder.path()).expect("listed"), ["game"]);
    drop(inbox);
    drop(bus);
    assert!(is_empty(folder.path()));
}

/// Sends three laps while the child's inbox does nothing; the parent's own inbox keeps reading.
fn three_laps(publisher: &mut Publisher, inbox: &mut Inbox) -> u64 {
    let per_lap = 4096 / 64;
    for number in 0..3 * per_lap {
        publisher.send(Priority::Normal, &u64::to_le_bytes(number)).expect("the child is not waited for");
        assert_eq!(drain(inbox).0, [number]);
    }
    3 * per_lap
}

#[test]
fn a_stopped_observer_is_not_waited_for_and_knows_its_loss_to_the_message() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let mut publisher = bus.publisher(&NUMBERS, "parent", LANE).expect("made");
    let mut inbox = bus.inbox("parent", Attachment::Gating).expect("made");
    inbox.subscribe(&NUMBERS, Start::Now).expect("subscribed");
    let mut other = Other::start(folder.path());
    other.ask("open");
    other.ask("observer");
    other.stop();
    let sent = three_laps(&mut publisher, &mut inbox);
    other.go_on();
    let answer = other.ask("drain");
    let (received, lost) = answer.split_once(' ').expect("two numbers");
    let (received, lost): (u64, u64) = (received.parse().expect("a number"), lost.parse().expect("a number"));
    assert!(received > 0 && lost > 0, "{answer}");
    assert_eq!(received + lost, sent);
    other.leave();
}

#[test]
fn a_killed_observer_changes_nothing_and_is_cleared_away() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let mut publisher = bus.publisher(&NUMBERS, "parent", LANE).expect("made");
    let mut inbox = bus.inbox("parent", Attachment::Gating).expect("made");
    inbox.subscribe(&NUMBERS, Start::Now).expect("subscribed");
    let mut other = Other::start(folder.path());
    other.ask("open");
    other.ask("observer");
    assert_eq!(bus.snapshot().inboxes.len(), 2);
    other.kill();
    three_laps(&mut publisher, &mut inbox);
    let dead = bus.snapshot().participants.iter().filter(|participant| !participant.alive).count();
    assert_eq!(dead, 1, "the kernel tells");
    drop(bus.inbox("any change", Attachment::Observer).expect("made"));
    let snapshot = bus.snapshot();
    assert_eq!((snapshot.participants.len(), snapshot.inboxes.len()), (1, 1));
    drop((publisher, inbox, bus));
    assert!(is_empty(folder.path()));
}

#[test]
fn a_stopped_gating_inbox_is_waited_for_and_a_killed_one_is_not() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let mut publisher = bus.publisher(&NUMBERS, "parent", LANE).expect("made");
    let mut other = Other::start(folder.path());
    other.ask("open");
    other.ask("gating");
    other.stop();
    let mut sent = 0_u64;
    while publisher.send(Priority::Normal, &sent.to_le_bytes()).is_ok() {
        sent += 1;
    }
    for _ in 0..200 {
        assert_eq!(publisher.send(Priority::Normal, &[0; 8]), Err(SendError::Full), "a stopped process lives");
    }
    other.kill();
    // Locks are tested at most every 10 ms.
    let refused = (0_u64..).take_while(|_| publisher.send(Priority::Normal, &[0; 8]).is_err()).count();
    let lane = &bus.snapshot().topics[0].lanes[0];
    assert_eq!((lane.sent, lane.rejected), (sent + 1, 201 + refused as u64));
}

#[test]
fn what_a_killed_publisher_sent_is_read_and_then_its_lane_goes() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let mut inbox = bus.inbox("parent", Attachment::Gating).expect("made");
    inbox.subscribe(&NUMBERS, Start::Now).expect("subscribed");
    let mut other = Other::start(folder.path());
    other.ask("open");
    other.ask("publisher");
    other.ask("send");
    other.ask("send");
    other.kill();
    let second = Bus::attach_in(folder.path(), "game").expect("clears the dead away");
    assert_eq!(drain(&mut inbox).0, [0, 1]);
    let snapshot = second.snapshot();
    assert_eq!((snapshot.participants.len(), snapshot.topics[0].lanes.len()), (2, 0));
}

#[test]
fn who_opens_at_once_meets_on_one_bus() {
    for _ in 0..rounds(20) {
        let folder = folder();
        let mut others: Vec<_> = (0..3).map(|_| Other::start(folder.path())).collect();
        for other in &mut others {
            other.tell("open");
        }
        for other in &mut others {
            assert_eq!(other.hear(), "done");
        }
        for other in &mut others {
            assert_eq!(other.ask("participants"), "3");
        }
        others.into_iter().for_each(Other::leave);
        assert!(is_empty(folder.path()));
    }
}

#[test]
fn a_bus_of_the_dead_is_no_bus_and_is_made_afresh() {
    let folder = folder();
    let mut others: Vec<_> = (0..2).map(|_| Other::start(folder.path())).collect();
    for other in &mut others {
        other.ask("open");
        other.ask("publisher");
        other.ask("gating");
        other.kill();
    }
    assert!(!is_empty(folder.path()), "killed processes leave files behind");
    assert!(list_in(folder.path()).expect("listed").is_empty());
    let corpse = peek_in(folder.path(), "game").expect("still there");
    assert_eq!((corpse.participants.len(), corpse.participants[0].alive), (1, false));
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let snapshot = bus.snapshot();
    assert_eq!((snapshot.participants.len(), snapshot.topics.len(), snapshot.inboxes.len()), (1, 0, 0));
    drop(bus);
    assert!(is_empty(folder.path()));

    let mut other = Other::start(folder.path());
    other.ask("open");
    other.kill();
    assert!(matches!(Bus::attach_in(folder.path(), "game"), Err(OpenError::NotFound { .. })));
    assert!(matches!(peek_in(folder.path(), "game"), Err(OpenError::NotFound { .. })));
    assert!(is_empty(folder.path()));
}

#[test]
fn buses_of_the_dead_are_collected_and_the_living_are_not_touched() {
    let folder = folder();
    let living = Bus::open_in(folder.path(), "living").expect("opens");
    let mut other = Other::start(folder.path());
    for command in ["open", "publisher", "gating", "send"] {
        other.ask(command);
    }
    std::fs::create_dir(folder.path().join("not-ours")).expect("made");
    assert_eq!(gc_in(folder.path()).expect("listed"), [""; 0], "all live");
    other.kill();
    assert_eq!(gc_in(folder.path()).expect("listed"), ["game"]);
    assert_eq!(gc_in(folder.path()).expect("listed"), [""; 0], "once");
    assert!(folder.path().join("not-ours").exists(), "only what was a bus is removed");
    assert_eq!(list_in(folder.path()).expect("listed"), ["living"]);
    assert!(living.inbox("still", Attachment::Gating).is_ok());
}

#[test]
fn opening_a_bus_collects_dead_ones_with_other_names() {
    let folder = folder();
    let mut other = Other::start(folder.path());
    other.ask("open");
    other.kill();
    assert!(folder.path().join("game").exists());
    drop(Bus::open_in(folder.path(), "another").expect("opens"));
    assert!(is_empty(folder.path()));
}

#[test]
fn hundreds_come_and_go_and_nothing_stays() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let publisher = bus.publisher(&NUMBERS, "stays", LANE).expect("made");
    let rounds = |folder: std::path::PathBuf| {
        for round in 0..150 {
            let bus = Bus::attach_in(&folder, "game").expect("attaches");
            let mut inbox = bus.inbox("comes", Attachment::Gating).expect("made");
            inbox.subscribe(&NUMBERS, Start::Earliest).expect("subscribed");
            if round % 3 == 0 {
                drop(bus.publisher(&NUMBERS, "comes", LANE).expect("made"));
            }
        }
    };
    let threads: Vec<_> = (0..3)
        .map(|_| {
            std::thread::spawn({
                let folder = folder.path().to_owned();
                move || rounds(folder)
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().expect("comes and goes"));
    drop(bus.inbox("any change", Attachment::Observer).expect("made"));
    let snapshot = bus.snapshot();
    assert_eq!((snapshot.participants.len(), snapshot.inboxes.len(), snapshot.topics[0].lanes.len()), (1, 0, 1));
    drop((publisher, bus));
    assert!(is_empty(folder.path()));
}

#[test]
fn a_name_is_free_again_the_moment_the_last_one_has_left() {
    let folder = folder();
    let turns = |folder: std::path::PathBuf| {
        for _ in 0..200 {
            let bus = Bus::open_in(&folder, "game").expect("opens");
            assert!(bus.snapshot().participants.iter().any(|participant| participant.alive));
        }
    };
    let threads: Vec<_> = (0..4)
        .map(|_| {
            std::thread::spawn({
                let folder = folder.path().to_owned();
                move || turns(folder)
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().expect("opens and leaves"));
    assert!(is_empty(folder.path()));
}
