//! The promises to observers and their limits: every message since the subscription is received or counted, whatever lanes and topics come
//! and go; and no publisher and no gating inbox is refused because of an observer.

use std::sync::atomic::{AtomicBool, Ordering};

use shm_bus::wire::{Policy, Priority, schema_hash};
use shm_bus::{
    Attachment, Bus, Inbox, Publisher, PublisherError, QueueLane, QueueSpec, ReceiveError, Start, SubscribeError,
    TopicError, TopicSpec,
};

const NUMBER: &str = "test.Number@1 8/8 {value:u64@0}";
const PAIR: &str = "test.Pair@1 8/4 {left:u32@0,right:u32@4}";
const LANE: &[(Priority, u32)] = &[(Priority::Normal, 4096)];
const POLICIES: [Policy; 6] = [
    Policy::Reject,
    Policy::Block { timeout_ms: 0 },
    Policy::DropNewest,
    Policy::DropOldest,
    Policy::Latest,
    Policy::EvictLaggard,
];

const fn topic<'a>(name: &'a str, schema: &'a str, policy: Policy) -> TopicSpec<'a> {
    TopicSpec { name, type_name: "test.Any", schema, schema_hash: schema_hash(schema), message_size: 8, policy }
}

const fn numbers(policy: Policy) -> TopicSpec<'static> {
    topic("numbers", NUMBER, policy)
}

fn publisher(bus: &Bus, topic: &TopicSpec<'_>) -> Publisher {
    bus.publisher(topic, "writer", LANE).expect("made")
}

/// Publishes `count` messages in a lane that ends at once.
fn come_and_go(bus: &Bus, topic: &TopicSpec<'_>, count: u64) {
    let mut publisher = publisher(bus, topic);
    (0..count).for_each(|value| publisher.send(Priority::Normal, &value.to_le_bytes()).expect("nobody is waited for"));
}

fn observer(bus: &Bus) -> Inbox {
    bus.inbox("observer", Attachment::Observer).expect("made")
}

/// An observer's results until it has nothing more.
#[derive(Debug, Default, PartialEq, Eq)]
struct Said {
    received: u64,
    /// Lost or conflated, as reported with messages.
    lost: u64,
    missed: Vec<(Option<String>, u64)>,
}

impl Said {
    fn by(inbox: &mut Inbox) -> Self {
        let mut said = Self::default();
        while let Some(delivery) = inbox.receive().expect("nothing to be told") {
            said.received += 1;
            said.lost += delivery.lost;
        }
        said.missed = inbox.take_missed().into_iter().map(|missed| (missed.topic, missed.messages)).collect();
        said
    }

    fn total(&self) -> u64 {
        self.received + self.lost + self.missed.iter().map(|(_, messages)| messages).sum::<u64>()
    }
}

fn missed(topic: &str, messages: u64) -> Said {
    Said { missed: vec![(Some(topic.to_owned()), messages)], ..Said::default() }
}

#[test]
fn a_lane_that_comes_and_goes_between_two_looks_is_counted_under_every_policy() {
    for policy in POLICIES {
        let bus = Bus::anonymous().expect("made");
        let mut observer = observer(&bus);
        observer.subscribe(&numbers(policy), Start::Now).expect("subscribed");
        come_and_go(&bus, &numbers(policy), 1000);
        come_and_go(&bus, &numbers(policy), 50);
        assert_eq!(Said::by(&mut observer), missed("numbers", 1050), "{policy:?}");
        assert_eq!(Said::by(&mut observer), Said::default(), "once");
        let snapshot = bus.snapshot();
        assert_eq!((snapshot.inboxes[0].lost, snapshot.topics[0].ended), (1050, 1050));
    }
}

#[test]
fn what_ended_before_the_subscription_is_not_owed() {
    let bus = Bus::anonymous().expect("made");
    let mut first = observer(&bus);
    first.subscribe(&numbers(Policy::DropOldest), Start::Now).expect("subscribed");
    come_and_go(&bus, &numbers(Policy::DropOldest), 10);
    let mut second = observer(&bus);
    second.subscribe(&numbers(Policy::DropOldest), Start::Earliest).expect("subscribed");
    come_and_go(&bus, &numbers(Policy::DropOldest), 1);
    assert_eq!((Said::by(&mut first), Said::by(&mut second)), (missed("numbers", 11), missed("numbers", 1)));
    first.unsubscribe("numbers").expect("changed");
    come_and_go(&bus, &numbers(Policy::DropOldest), 5);
    first.subscribe(&numbers(Policy::DropOldest), Start::Now).expect("subscribed");
    assert_eq!(Said::by(&mut first), Said::default(), "nor messages sent while it did not read the topic");
}

#[test]
fn a_lane_that_ends_while_it_is_read_is_read_to_its_end_and_counted_once() {
    for policy in POLICIES {
        let bus = Bus::anonymous().expect("made");
        let mut observer = observer(&bus);
        observer.subscribe(&numbers(policy), Start::Now).expect("subscribed");
        let mut publisher = publisher(&bus, &numbers(policy));
        publisher.send(Priority::Normal, &[0; 8]).expect("room");
        assert_eq!(observer.receive().expect("mapped").expect("a message").sequence, 0);
        (0..500).for_each(|_| publisher.send(Priority::Normal, &[0; 8]).expect("nobody is waited for"));
        drop(publisher);
        come_and_go(&bus, &numbers(policy), 7);
        let said = Said::by(&mut observer);
        assert_eq!((said.total(), &said.missed[..]), (507, &[(Some("numbers".to_owned()), 7)][..]), "{policy:?}");
    }
}

#[test]
fn what_is_overwritten_by_a_loan_that_is_taken_back_is_counted_when_the_lane_ends() {
    let bus = Bus::anonymous().expect("made");
    let mut observer = observer(&bus);
    observer.subscribe(&numbers(Policy::DropOldest), Start::Now).expect("subscribed");
    let mut publisher = publisher(&bus, &numbers(Policy::DropOldest));
    // Three of the largest messages fill the ring: every further loan of that size overwrites some of them.
    (0..3).for_each(|_| publisher.send(Priority::Normal, &[0; 992]).expect("sent"));
    drop(publisher.loan(Priority::Normal, 992).expect("room is made"));
    drop(publisher);
    assert_eq!(Said::by(&mut observer).total(), 3);
}

#[test]
fn a_topic_that_appears_is_owed_from_its_first_message_to_who_reads_everything() {
    let bus = Bus::anonymous().expect("made");
    let mut recorder = observer(&bus);
    recorder.subscribe_all(Start::Now).expect("subscribed");
    let mut publisher = publisher(&bus, &numbers(Policy::DropOldest));
    (0..1000_u64).for_each(|value| publisher.send(Priority::Normal, &value.to_le_bytes()).expect("never refused"));
    let said = Said::by(&mut recorder);
    assert_eq!((said.total(), said.missed.len()), (1000, 0), "{said:?}");
    assert!(said.received > 0 && said.lost > 0);
    come_and_go(&bus, &topic("flash", PAIR, Policy::Reject), 9);
    assert_eq!(Said::by(&mut recorder), missed("flash", 9));
    drop(publisher);
    come_and_go(&bus, &topic("flash", PAIR, Policy::Reject), 2);
    come_and_go(&bus, &numbers(Policy::DropOldest), 3);
    let said = Said::by(&mut recorder);
    assert_eq!(said.missed, [(Some("flash".to_owned()), 2), (Some("numbers".to_owned()), 3)]);
}

#[test]
fn who_reads_everything_reads_what_was_there_before_from_where_it_wants() {
    let bus = Bus::anonymous().expect("made");
    let mut publisher = publisher(&bus, &numbers(Policy::Reject));
    (0..5).for_each(|_| publisher.send(Priority::Normal, &[0; 8]).expect("room"));
    let (mut now, mut earliest) = (observer(&bus), observer(&bus));
    now.subscribe_all(Start::Now).expect("subscribed");
    earliest.subscribe_all(Start::Earliest).expect("subscribed");
    earliest.subscribe_all(Start::Earliest).expect("twice is as once");
    publisher.send(Priority::Normal, &[0; 8]).expect("room");
    assert_eq!((Said::by(&mut now).received, Said::by(&mut earliest).received), (1, 6));
    let mut gating = bus.inbox("gating", Attachment::Gating).expect("made");
    assert!(matches!(gating.subscribe_all(Start::Now), Err(SubscribeError::Gating)));
    let names: Vec<_> = bus.snapshot().inboxes.into_iter().map(|inbox| inbox.topics).collect();
    assert_eq!(names, [vec!["numbers"], vec!["numbers"], vec![]]);
}

#[test]
fn who_reads_everything_fills_no_table_and_counts_what_gave_way() {
    let folder = tempfile::tempdir().expect("a folder");
    let bus = Bus::builder("game").folder(folder.path()).topics(3).open().expect("opens");
    let mut recorder = observer(&bus);
    recorder.subscribe_all(Start::Now).expect("subscribed");
    let named = topic("named", NUMBER, Policy::Reject);
    let mut other = observer(&bus);
    other.subscribe(&named, Start::Now).expect("subscribed");
    let (mut sent, mut seen) = (0, Said::default());
    for round in 0..30_u64 {
        come_and_go(&bus, &topic(&format!("t{round}"), NUMBER, Policy::DropOldest), round + 1);
        sent += round + 1;
        if round % 7 == 6 {
            let said = Said::by(&mut recorder);
            assert_eq!(said.total() + seen.total(), sent, "{said:?}");
            seen.missed.extend(said.missed);
        }
    }
    seen.missed.extend(Said::by(&mut recorder).missed);
    assert_eq!(seen.total(), sent);
    assert!(seen.missed.contains(&(Some("t27".to_owned()), 28)), "those that are still there have a name: {seen:?}");
    assert!(seen.missed.iter().any(|(name, _)| name.is_none()), "others do not");
    come_and_go(&bus, &named, 4);
    assert_eq!((Said::by(&mut other), Said::by(&mut recorder)), (missed("named", 4), missed("named", 4)));
}

#[test]
fn lanes_left_as_evicted_are_counted_when_they_end() {
    let bus = Bus::anonymous().expect("made");
    let mut reader = bus.inbox("reader", Attachment::Gating).expect("made");
    reader.subscribe(&numbers(Policy::EvictLaggard), Start::Now).expect("subscribed");
    let mut publisher = publisher(&bus, &numbers(Policy::EvictLaggard));
    publisher.send(Priority::Normal, &[0; 8]).expect("never refused");
    assert!(reader.receive().expect("mapped").is_some());
    (0..500).for_each(|_| publisher.send(Priority::Normal, &[0; 8]).expect("never refused"));
    assert!(matches!(reader.receive(), Ok(None)));
    assert!(matches!(reader.receive(), Err(ReceiveError::Evicted { .. })));
    assert_eq!(Said::by(&mut reader), Said::default(), "the lane stays usable");
    drop(publisher);
    drop(bus.inbox("any change", Attachment::Observer).expect("made"));
    assert_eq!(Said::by(&mut reader), missed("numbers", 500));
}

/// Observers of the numbers after a publisher has left, one for each way to subscribe.
fn bystanders(bus: &Bus) -> [Inbox; 3] {
    let mut inboxes = [(); 3].map(|()| observer(bus));
    let publisher = publisher(bus, &numbers(Policy::Reject));
    inboxes[0].subscribe(&numbers(Policy::Reject), Start::Now).expect("subscribed");
    inboxes[1].subscribe_untyped("numbers", Start::Now).expect("subscribed");
    inboxes[2].subscribe_all(Start::Now).expect("subscribed");
    drop(publisher);
    inboxes
}

/// Topics of the same name with declarations that differ from [`numbers`] with [`Policy::Reject`].
fn others() -> Vec<TopicSpec<'static>> {
    let mut others = vec![topic("numbers", PAIR, Policy::Reject)];
    others.extend(POLICIES[1..].iter().map(|policy| numbers(*policy)));
    others
}

#[test]
fn a_publisher_with_another_declaration_gets_it_and_observers_are_told_and_go_on() {
    for other in others() {
        let bus = Bus::anonymous().expect("made");
        let [mut typed, mut untyped, mut all] = bystanders(&bus);
        let mut publisher = publisher(&bus, &other);
        publisher.send(Priority::Normal, &[7; 8]).expect("room");
        for inbox in [&mut untyped, &mut all] {
            match inbox.receive().expect_err("told first") {
                ReceiveError::Redeclared { was, now } => {
                    assert_eq!((was.spec().schema, was.policy), (NUMBER, Policy::Reject));
                    assert_eq!((now.spec().schema, now.policy), (other.schema, other.policy));
                }
                error => panic!("{error}"),
            }
            let delivery = inbox.receive().expect("told once").expect("the new declaration's first message");
            assert_eq!((delivery.sequence, delivery.lost, delivery.declaration.spec()), (0, 0, other));
            assert_eq!(Said::by(inbox), Said::default());
        }
        let told = typed.receive().expect_err("told").to_string();
        for declaration in [(NUMBER, Policy::Reject), (other.schema, other.policy)] {
            assert!(told.contains(&format!("`{}` with the policy {:?}", declaration.0, declaration.1)), "{told}");
        }
        assert_eq!(Said::by(&mut typed), Said::default(), "it gets nothing that it cannot read");
        let refused = typed.subscribe(&numbers(Policy::Reject), Start::Now).expect_err("held otherwise");
        assert!(matches!(refused, SubscribeError::Topic(TopicError::Schema { .. } | TopicError::Policy { .. })));
        typed.subscribe(&other, Start::Earliest).expect("rejoins by the new one");
        assert_eq!(Said::by(&mut typed).received, 1);
    }
}

#[test]
fn a_gating_reader_with_another_declaration_gets_it_and_is_then_kept() {
    for other in others() {
        let bus = Bus::anonymous().expect("made");
        let [_typed, mut untyped, _all] = bystanders(&bus);
        let mut reader = bus.inbox("game", Attachment::Gating).expect("made");
        reader.subscribe(&other, Start::Now).expect("no publisher and no gating inbox holds another declaration");
        assert!(matches!(untyped.receive(), Err(ReceiveError::Redeclared { .. })));
        let error = bus.publisher(&numbers(Policy::Reject), "writer", LANE).expect_err("a reader holds it");
        assert!(
            matches!(error, PublisherError::Topic(TopicError::Schema { .. } | TopicError::Policy { .. })),
            "{error}"
        );
        come_and_go(&bus, &other, 2);
        assert_eq!(Said::by(&mut reader).total(), 2);
    }
}

#[test]
fn what_comes_and_goes_while_a_declaration_changes_is_counted_by_those_that_it_concerns() {
    let bus = Bus::anonymous().expect("made");
    let [mut typed, mut untyped, mut all] = bystanders(&bus);
    come_and_go(&bus, &numbers(Policy::Reject), 3);
    come_and_go(&bus, &topic("numbers", PAIR, Policy::Latest), 5);
    for inbox in [&mut untyped, &mut all] {
        assert!(matches!(inbox.receive(), Err(ReceiveError::Redeclared { .. })));
        assert_eq!(Said::by(inbox), missed("numbers", 8));
    }
    assert!(matches!(typed.receive(), Err(ReceiveError::Mismatch { .. })));
    assert_eq!(Said::by(&mut typed), missed("numbers", 3), "of its own declaration");
    come_and_go(&bus, &numbers(Policy::Reject), 2);
    assert_eq!(Said::by(&mut typed), missed("numbers", 2), "its declaration is back");
    for inbox in [&mut untyped, &mut all] {
        assert!(matches!(inbox.receive(), Err(ReceiveError::Redeclared { .. })));
        assert_eq!(Said::by(inbox), missed("numbers", 2));
    }
}

#[test]
fn an_observer_waits_for_its_declaration_where_only_observers_have_another() {
    let bus = Bus::anonymous().expect("made");
    let [mut typed, ..] = bystanders(&bus);
    let mut waits = observer(&bus);
    waits.subscribe(&topic("numbers", PAIR, Policy::Reject), Start::Now).expect("it waits");
    come_and_go(&bus, &numbers(Policy::Reject), 2);
    assert_eq!((Said::by(&mut typed), Said::by(&mut waits)), (missed("numbers", 2), Said::default()));
    let mut publisher = publisher(&bus, &topic("numbers", PAIR, Policy::Reject));
    publisher.send(Priority::Normal, &[1; 8]).expect("room");
    assert_eq!(Said::by(&mut waits).received, 1);
    assert!(matches!(typed.receive(), Err(ReceiveError::Mismatch { .. })));
    assert_eq!(Said::by(&mut typed), Said::default());
}

#[test]
fn observers_hold_no_work_queue() {
    let bus = Bus::anonymous().expect("made");
    let queue = |deliveries| QueueSpec::new(numbers(Policy::Reject)).deliveries_max(deliveries);
    let lanes = [QueueLane::new(Priority::Normal, 4096)];
    let producer = bus.work_producer(&queue(3), "boss", &lanes).expect("made");
    let mut looks = observer(&bus);
    looks.subscribe_untyped("numbers", Start::Now).expect("subscribed");
    assert!(bus.publisher(&numbers(Policy::Reject), "writer", LANE).is_err(), "a producer holds the queue");
    drop(producer);
    let mut producer = bus.work_producer(&queue(5), "boss", &lanes).expect("another number of deliveries");
    producer.send(Priority::Normal, &[1; 8]).expect("room");
    assert_eq!(Said::by(&mut looks).received, 1);
    let mut worker = bus.worker(&queue(5), "worker").expect("made");
    worker.take().expect("mapped").expect("a job").done().expect("held");
    drop((worker, producer));
    come_and_go(&bus, &numbers(Policy::Reject), 4);
    assert_eq!(Said::by(&mut looks), missed("numbers", 4), "a plain topic by the queue's name");
    bus.work_producer(&queue(2), "boss", &lanes).expect("a queue again");
}

/// Publishes in 60 short-lived lanes of one topic with changing declarations; returns the number of messages.
fn restless(bus: &Bus, name: &str) -> u64 {
    let mut sent = 0;
    for round in 0..60_u64 {
        let policy = if round % 7 == 6 { Policy::Latest } else { Policy::DropOldest };
        let count = round * 13 % 90;
        come_and_go(bus, &topic(name, if round % 11 == 10 { PAIR } else { NUMBER }, policy), count);
        sent += count;
    }
    sent
}

/// Receives until told to end; returns the numbers of messages received, lost and missed.
fn count(mut inbox: Inbox, ends: &AtomicBool) -> u64 {
    let mut counted = 0;
    loop {
        let is_last = ends.load(Ordering::Acquire);
        match inbox.receive() {
            Ok(Some(delivery)) => counted += 1 + delivery.lost,
            Err(ReceiveError::Redeclared { .. }) => {}
            Err(error) => panic!("{error}"),
            Ok(None) if is_last => break,
            Ok(None) => std::thread::yield_now(),
        }
        counted += inbox.take_missed().iter().map(|missed| missed.messages).sum::<u64>();
    }
    counted + inbox.take_missed().iter().map(|missed| missed.messages).sum::<u64>()
}

#[test]
fn nothing_is_counted_twice_or_not_at_all_while_lanes_topics_and_declarations_come_and_go() {
    let bus = Bus::anonymous().expect("made");
    let [mut all, mut left] = [(); 2].map(|()| observer(&bus));
    all.subscribe_all(Start::Now).expect("subscribed");
    drop(publisher(&bus, &topic("left", NUMBER, Policy::DropOldest)));
    left.subscribe_untyped("left", Start::Now).expect("there");
    let ends = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let counts = [all, left].map(|inbox| scope.spawn(|| count(inbox, &ends)));
        let sent = ["left", "right"].map(|name| scope.spawn(|| restless(&bus.attach_again().expect("room"), name)));
        let sent = sent.map(|thread| thread.join().expect("ends"));
        ends.store(true, Ordering::Release);
        let counts = counts.map(|thread| thread.join().expect("ends"));
        assert_eq!(counts, [sent[0] + sent[1], sent[0]]);
    });
}

#[test]
fn what_gives_way_while_somebody_looks_is_counted_once() {
    let bus = Bus::builder("game").topics(4).open_anonymous().expect("made");
    let mut all = observer(&bus);
    all.subscribe_all(Start::Now).expect("subscribed");
    let ends = AtomicBool::new(false);
    let many = |thread: u64| {
        let bus = bus.attach_again().expect("room");
        let counts = (0..80).map(|round| round * 7 % 50 + 1);
        for (round, count) in (0..80_u64).zip(counts.clone()) {
            come_and_go(&bus, &topic(&format!("{thread}-{}", round % 9), NUMBER, Policy::DropOldest), count);
        }
        counts.sum::<u64>()
    };
    std::thread::scope(|scope| {
        let counted = scope.spawn(|| count(all, &ends));
        let sent = [1, 2].map(|thread| scope.spawn(move || many(thread)));
        let sent: u64 = sent.map(|thread| thread.join().expect("ends")).iter().sum();
        ends.store(true, Ordering::Release);
        assert_eq!(counted.join().expect("ends"), sent);
    });
}
