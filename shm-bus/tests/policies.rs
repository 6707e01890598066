//! Messages without room: each policy's promise, and that every message is accounted for.

mod numbers;

use std::sync::atomic::{AtomicBool, Ordering};

use shm_bus::wire::{Policy, Priority};
use shm_bus::{Attachment, Bus, Inbox, LaneInfo, Publisher, ReceiveError, SendError, Start, SubscribeError, TopicSpec};

use numbers::topic_of_numbers;

/// A ring of 128 records of 32 bytes; with a header and 8 bytes of payload, a message takes two.
const LANE: &[(Priority, u32)] = &[(Priority::Normal, 4096)];
/// More messages than the ring holds.
const MANY: u64 = 1000;

const fn numbers(policy: Policy) -> TopicSpec<'static> {
    topic_of_numbers("numbers", policy)
}

struct Game {
    bus: Bus,
    publisher: Publisher,
    inbox: Inbox,
    _folder: tempfile::TempDir,
}

impl Game {
    fn new(policy: Policy) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let bus = Bus::open_in(folder.path(), "game").expect("opens");
        let mut inbox = bus.inbox("reader", Attachment::Gating).expect("made");
        inbox.subscribe(&numbers(policy), Start::Now).expect("subscribed");
        let publisher = bus.publisher(&numbers(policy), "writer", LANE).expect("made");
        Self { bus, publisher, inbox, _folder: folder }
    }

    fn send(&mut self, value: u64) -> Result<(), SendError> {
        self.publisher.send(Priority::Normal, &value.to_le_bytes())
    }

    fn lane(&self) -> LaneInfo {
        let snapshot = self.bus.snapshot();
        snapshot.topics[0].lanes[0].clone()
    }
}

/// The waiting values, each with the number of messages lost before it.
fn drain(inbox: &mut Inbox) -> Vec<(u64, u64)> {
    let mut seen = Vec::new();
    while let Some(delivery) = inbox.receive().expect("lanes can be mapped") {
        let value = u64::from_le_bytes(delivery.payload.try_into().expect("8 bytes"));
        seen.push((value, delivery.lost));
    }
    seen
}

#[test]
fn reject_gives_the_newest_back_and_counts_it() {
    let mut game = Game::new(Policy::Reject);
    let sent = (0..MANY).take_while(|value| game.send(*value).is_ok()).count() as u64;
    assert_eq!(game.send(sent), Err(SendError::Full));
    assert_eq!(drain(&mut game.inbox), (0..sent).map(|value| (value, 0)).collect::<Vec<_>>());
    let lane = game.lane();
    assert_eq!((lane.sent, lane.received, lane.rejected, lane.dropped), (sent, sent, 2, 0));
    assert!(lane.high_water > 4096 / 2, "{} bytes", lane.high_water);
}

#[test]
fn a_sender_gives_up_waiting_for_room_when_it_is_told_to() {
    let mut game = Game::new(Policy::Block { timeout_ms: u32::MAX });
    let room = (game.publisher.payload_max(Priority::Normal) / 8) as u64;
    let bytes = vec![0; 8 * room as usize];
    let mut sent = 0;
    while game.publisher.send_while(Priority::Normal, &bytes, || false).is_ok() {
        sent += 1;
    }
    assert!(sent > 0);
    let lane = game.lane();
    assert_eq!((lane.sent, lane.waited, lane.timed_out, lane.rejected), (sent, 1, 1, 0), "given up once");

    // Room that is made while the sender waits is used.
    let Game { publisher, inbox, .. } = &mut game;
    let mut asked = 0;
    let sent_later = publisher.send_while(Priority::Normal, &bytes, || {
        asked += 1;
        if asked == 3 {
            assert_eq!(inbox.drain(|_| ()).expect("mapped") as u64, sent);
        }
        true
    });
    assert_eq!((sent_later, asked), (Ok(()), 3));
    let lane = game.lane();
    assert_eq!((lane.sent, lane.waited, lane.timed_out), (sent + 1, 2, 1));
}

#[test]
fn drop_newest_succeeds_and_counts_what_it_dropped() {
    let mut game = Game::new(Policy::DropNewest);
    for value in 0..MANY {
        game.send(value).expect("never refused");
    }
    let seen = drain(&mut game.inbox);
    assert_eq!(seen, (0..seen.len() as u64).map(|value| (value, 0)).collect::<Vec<_>>(), "the oldest stay");
    let lane = game.lane();
    assert_eq!((lane.sent + lane.dropped, lane.received, lane.rejected), (MANY, lane.sent, 0));
    assert!(lane.dropped > 0);
}

#[test]
fn drop_oldest_keeps_the_newest_and_the_gap_is_the_loss() {
    let mut game = Game::new(Policy::DropOldest);
    for value in 0..MANY {
        game.send(value).expect("never refused");
    }
    let seen = drain(&mut game.inbox);
    let (first, lost) = seen[0];
    assert_eq!((first, lost), (lost, lost), "everything before the first is lost");
    assert!(first > 0 && seen[1..].iter().all(|(_, lost)| *lost == 0));
    assert_eq!(seen.last().map(|(value, _)| *value), Some(MANY - 1));
    let lane = game.lane();
    assert_eq!((lane.sent, lane.received + lane.lost, lane.conflated), (MANY, MANY, 0));
}

#[test]
fn latest_gives_the_newest_alone_and_counts_the_skipped() {
    let mut game = Game::new(Policy::Latest);
    let mut conflated = 0;
    for round in 1..=5_u64 {
        for value in 0..round * 30 {
            game.send(round << 32 | value).expect("never refused");
        }
        let newest = round << 32 | (round * 30 - 1);
        assert_eq!(drain(&mut game.inbox), [(newest, round * 30 - 1)]);
        conflated += round * 30 - 1;
    }
    let lane = game.lane();
    assert_eq!((lane.received, lane.conflated, lane.lost), (5, conflated, 0));
}

#[test]
fn evict_laggard_has_the_inbox_leave_once_and_say_so() {
    let mut game = Game::new(Policy::EvictLaggard);
    game.send(0).expect("never refused");
    assert_eq!(drain(&mut game.inbox), [(0, 0)], "a reader that keeps up stays");
    for value in 1..MANY {
        game.send(value).expect("never refused");
    }
    let told = (0..3).find_map(|_| game.inbox.receive().map(|delivery| assert!(delivery.is_none())).err());
    match told.expect("it is told") {
        ReceiveError::Evicted { topic, publisher } => {
            assert_eq!((topic.as_str(), publisher.as_str()), ("numbers", "writer"));
        }
        other => panic!("{other}"),
    }
    assert_eq!(drain(&mut game.inbox), [], "told once, then nothing of that lane");
    game.send(MANY).expect("never refused");
    assert_eq!(drain(&mut game.inbox), []);
    assert_eq!(game.bus.snapshot().inboxes[0].evicted, 1);
    game.inbox.unsubscribe("numbers").expect("left");
    game.inbox.subscribe(&numbers(Policy::EvictLaggard), Start::Last(1)).expect("joined again");
    assert_eq!(drain(&mut game.inbox), [(MANY, 0)]);
    game.send(MANY + 1).expect("never refused");
    let seen = game.inbox.subscribe_again(&numbers(Policy::EvictLaggard)).expect("joined again");
    assert_eq!(seen, 1, "what had arrived is read and counted");
    game.send(MANY + 2).expect("never refused");
    assert_eq!(drain(&mut game.inbox), [(MANY + 2, 0)]);
}

#[test]
fn block_waits_until_the_reader_has_made_room() {
    let mut game = Game::new(Policy::Block { timeout_ms: 60_000 });
    std::thread::scope(|scope| {
        let (inbox, publisher) = (&mut game.inbox, &mut game.publisher);
        scope.spawn(move || {
            for value in 0..MANY {
                publisher.send(Priority::Normal, &value.to_le_bytes()).expect("room in time");
            }
        });
        for expected in 0..MANY {
            inbox.wait().expect("something comes");
            let delivery = inbox.receive().expect("mapped").expect("waits");
            assert_eq!(delivery.payload, expected.to_le_bytes());
        }
        assert!(inbox.receive().expect("mapped").is_none());
    });
    let lane = game.lane();
    assert_eq!((lane.sent, lane.received, lane.timed_out), (MANY, MANY, 0));
}

#[test]
fn block_gives_up_when_its_time_is_over_and_counts_it() {
    let mut game = Game::new(Policy::Block { timeout_ms: 1 });
    let sent = (0..MANY).take_while(|value| game.send(*value).is_ok()).count() as u64;
    assert_eq!(game.send(sent), Err(SendError::TimedOut { timeout_ms: 1 }));
    let lane = game.lane();
    assert_eq!((lane.timed_out, lane.waited, lane.rejected), (2, 2, 0));
    drain(&mut game.inbox);
    game.send(sent).expect("there is room again");
}

#[test]
fn pressure_goes_from_nothing_to_full_and_back() {
    let mut game = Game::new(Policy::Reject);
    assert_eq!(game.publisher.pressure(Priority::Normal), 0.0);
    while game.send(1).is_ok() {}
    assert!(game.publisher.pressure(Priority::Normal) > 0.9);
    drain(&mut game.inbox);
    assert_eq!(game.publisher.pressure(Priority::Normal), 0.0);
}

#[test]
fn a_subscriber_with_another_policy_is_refused_with_both() {
    let game = Game::new(Policy::Latest);
    let mut other = game.bus.inbox("other", Attachment::Gating).expect("made");
    match other.subscribe(&numbers(Policy::Reject), Start::Now) {
        Err(SubscribeError::Topic(error)) => {
            assert_eq!(
                error.to_string(),
                "topic `numbers` has the policy Latest on this bus, but Reject was requested"
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_last_n_are_given_to_a_late_joiner() {
    for (wanted, expected) in [(0, 20..20), (3, 17..20), (20, 0..20), (100, 0..20)] {
        let mut game = Game::new(Policy::Reject);
        for value in 0..20 {
            game.send(value).expect("room");
        }
        let mut late = game.bus.inbox("late", Attachment::Gating).expect("made");
        late.subscribe(&numbers(Policy::Reject), Start::Last(wanted)).expect("subscribed");
        assert_eq!(drain(&mut late), expected.map(|value| (value, 0)).collect::<Vec<_>>(), "of the last {wanted}");
        game.send(20).expect("room");
        assert_eq!(drain(&mut late), [(20, 0)]);
    }
}

#[test]
fn a_batch_arrives_in_order_and_says_how_far_it_came() {
    let mut game = Game::new(Policy::Reject);
    let values: Vec<[u8; 8]> = (0..MANY).map(u64::to_le_bytes).collect();
    let payloads = || values.iter().map(<[u8; 8]>::as_slice);
    assert_eq!(game.publisher.send_batch(Priority::Normal, payloads().take(10)), Ok(10));
    let error = game.publisher.send_batch(Priority::Normal, payloads().skip(10)).expect_err("more than the ring holds");
    assert_eq!(error.source, SendError::Full);
    let seen: Vec<u64> = drain(&mut game.inbox).into_iter().map(|(value, _)| value).collect();
    assert_eq!(seen, (0..10 + error.sent as u64).collect::<Vec<_>>());
}

#[test]
fn a_batch_on_a_latest_lane_shows_its_last_message_alone() {
    let mut game = Game::new(Policy::Latest);
    let values: Vec<[u8; 8]> = (0..10).map(u64::to_le_bytes).collect();
    game.send(100).expect("never refused");
    let Game { publisher, inbox, .. } = &mut game;
    let during = values.iter().map(|value| {
        if *value == 9_u64.to_le_bytes() {
            assert_eq!(drain(inbox), [(100, 0)], "nothing of the batch is seen, and it hides nothing");
        }
        value.as_slice()
    });
    assert_eq!(publisher.send_batch(Priority::Normal, during), Ok(10));
    assert_eq!(drain(inbox), [(9, 9)]);
}

#[test]
fn a_batch_that_fits_is_not_seen_before_its_end_over_the_checkpoints_of_the_ring() {
    let mut game = Game::new(Policy::Reject);
    let Game { publisher, inbox, .. } = &mut game;
    // 60 messages of 64 bytes in a ring of 4096: there is room, and the writer passes seven checkpoints.
    let values: Vec<[u8; 8]> = (0..60).map(u64::to_le_bytes).collect();
    let during = values.iter().map(|value| {
        assert_eq!(drain(inbox), [], "a part of a batch is seen");
        value.as_slice()
    });
    assert_eq!(publisher.send_batch(Priority::Normal, during), Ok(60));
    assert_eq!(drain(inbox).len(), 60);
}

#[test]
fn a_batch_that_panics_has_sent_what_it_sent_and_the_publisher_goes_on() {
    let mut game = Game::new(Policy::Reject);
    let Game { publisher, inbox, .. } = &mut game;
    let values: Vec<[u8; 8]> = (0..4).map(u64::to_le_bytes).collect();
    let payloads = values.iter().map(|value| {
        assert!(*value != 3_u64.to_le_bytes(), "no fourth one");
        value.as_slice()
    });
    let batch = std::panic::AssertUnwindSafe(|| publisher.send_batch(Priority::Normal, payloads));
    assert!(std::panic::catch_unwind(batch).is_err());
    assert_eq!(drain(inbox), [(0, 0), (1, 0), (2, 0)]);
    publisher.send(Priority::Normal, &4_u64.to_le_bytes()).expect("room");
    assert_eq!(drain(inbox), [(4, 0)]);
}

#[test]
fn a_batch_longer_than_the_ring_waits_for_a_reader_that_sleeps() {
    let mut game = Game::new(Policy::Block { timeout_ms: 60_000 });
    let values: Vec<[u8; 8]> = (0..MANY).map(u64::to_le_bytes).collect();
    std::thread::scope(|scope| {
        let (inbox, publisher) = (&mut game.inbox, &mut game.publisher);
        scope.spawn(|| {
            assert_eq!(
                publisher.send_batch(Priority::Normal, values.iter().map(<[u8; 8]>::as_slice)),
                Ok(MANY as usize)
            );
        });
        for expected in 0..MANY {
            inbox.wait().expect("something comes");
            let delivery = inbox.receive().expect("mapped").expect("waits");
            assert_eq!(delivery.payload, expected.to_le_bytes());
        }
    });
}

#[test]
fn a_loan_that_wraps_is_no_message_before_it_is_committed() {
    let mut game = Game::new(Policy::Reject);
    for value in 0..60 {
        game.send(value).expect("room");
    }
    drain(&mut game.inbox);
    // 256 bytes are left of this lap: a padding record fills them.
    drop(game.publisher.loan(Priority::Normal, 900).expect("room"));
    assert!(!game.inbox.wait_timeout(std::time::Duration::ZERO).expect("can wait"));
    game.send(60).expect("room");
    assert!(game.inbox.wait_timeout(std::time::Duration::MAX).expect("can wait"));
    assert_eq!(drain(&mut game.inbox), [(60, 0)]);
}

#[test]
fn a_late_joiner_of_a_latest_lane_gets_the_newest_at_once() {
    for wanted in [1, 3, 100] {
        let mut game = Game::new(Policy::Latest);
        for value in 0..10 {
            game.send(value).expect("never refused");
        }
        let mut late = game.bus.inbox("late", Attachment::Gating).expect("made");
        late.subscribe(&numbers(Policy::Latest), Start::Last(wanted)).expect("subscribed");
        assert_eq!(drain(&mut late).iter().map(|(value, _)| *value).collect::<Vec<_>>(), [9], "of the last {wanted}");
    }
}

#[test]
fn what_a_late_joiner_is_overtaken_by_before_its_first_message_is_counted() {
    let starts = [(Start::Now, 100), (Start::Last(3), 97), (Start::Last(0), 100)];
    let observed = (Policy::Reject, Attachment::Observer);
    for (policy, attachment) in [(Policy::DropOldest, Attachment::Gating), observed] {
        for (from, first) in starts {
            let mut game = Game::new(policy);
            for value in 0..100 {
                game.send(value).expect("room");
                drain(&mut game.inbox);
            }
            let mut late = game.bus.inbox("late", attachment).expect("made");
            late.subscribe(&numbers(policy), from).expect("subscribed");
            for value in 100..MANY {
                game.send(value).expect("room");
                drain(&mut game.inbox);
            }
            let seen = drain(&mut late);
            assert_eq!(seen[0].0 - seen[0].1, first, "{policy:?}, {from:?}");
            let snapshot = game.bus.snapshot();
            let info = snapshot.inboxes.iter().find(|info| info.name == "late").expect("it lives");
            assert_eq!(info.received + info.lost, MANY - first, "{policy:?}, {from:?}");
        }
    }
}

#[test]
fn what_a_late_joiner_of_a_latest_lane_skips_before_its_first_message_is_counted() {
    for (from, first) in [(Start::Now, 10), (Start::Earliest, 0), (Start::Last(1), 9), (Start::Last(5), 9)] {
        let mut game = Game::new(Policy::Latest);
        (0..10).for_each(|value| game.send(value).expect("never refused"));
        let mut late = game.bus.inbox("late", Attachment::Gating).expect("made");
        late.subscribe(&numbers(Policy::Latest), from).expect("subscribed");
        (10..MANY).for_each(|value| game.send(value).expect("never refused"));
        assert_eq!(drain(&mut late), [(MANY - 1, MANY - 1 - first)], "{from:?}");
    }
}

/// Signals the end, also when an assertion fails.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_late_joiners_account_begins_where_it_subscribed_while_messages_are_sent() {
    let mut game = Game::new(Policy::DropOldest);
    let (stop, bus) = (AtomicBool::new(false), game.bus.clone());
    std::thread::scope(|scope| {
        let publisher = &mut game.publisher;
        let stop = &stop;
        scope.spawn(move || {
            let batch: Vec<_> = (0..5_u64).map(u64::to_le_bytes).collect();
            while !stop.load(Ordering::Relaxed) {
                publisher.send(Priority::Normal, &[0; 8]).expect("never refused");
                publisher.send_batch(Priority::Normal, batch.iter().map(<[u8; 8]>::as_slice)).expect("never refused");
            }
        });
        let _ends = Ends(stop);
        let sent = || bus.snapshot().topics[0].lanes[0].sent;
        for _ in 0..200 {
            let mut late = bus.inbox("late", Attachment::Observer).expect("made");
            let before = sent();
            late.subscribe(&numbers(Policy::DropOldest), Start::Now).expect("subscribed");
            let after = sent();
            // So that it is overtaken now and then.
            while sent() < after + 200 {}
            let (sequence, lost) = loop {
                if let Some(delivery) = late.receive().expect("mapped") {
                    break (delivery.sequence, delivery.lost);
                }
            };
            // A batch is counted before it is visible.
            assert!(
                (before.saturating_sub(5)..=after).contains(&(sequence - lost)),
                "{before}..{after}: {sequence} - {lost}"
            );
        }
    });
}
