//! A participant that is the only user of a topic may declare it again before it lets go of it, and may then keep the old declaration after
//! all.

use shm_bus::wire::{Policy, Priority, schema_hash};
use shm_bus::{
    Attachment, Bus, Inbox, Leaving, Publisher, PublisherError, QueueSpec, ReceiveError, Start, TopicError, TopicSpec,
};

const OLD: &str = "test.Number@1 8/8 {value:u64@0}";
const NEW: &str = "test.Number@1 8/8 {value:f64@0}";
const LANE: &[(Priority, u32)] = &[(Priority::Normal, 4096)];

const fn topic(schema: &'static str, policy: Policy) -> TopicSpec<'static> {
    TopicSpec {
        name: "numbers",
        type_name: "test.Number",
        schema,
        schema_hash: schema_hash(schema),
        message_size: 8,
        policy,
    }
}

const BEFORE: TopicSpec<'static> = topic(OLD, Policy::Reject);

/// A bus on which only one participant writes and reads a topic.
struct Holder {
    bus: Bus,
    inbox: Inbox,
    publisher: Publisher,
}

impl Holder {
    fn new() -> Self {
        let bus = Bus::anonymous().expect("opens");
        let mut inbox = bus.inbox("holder", Attachment::Gating).expect("room");
        inbox.subscribe(&BEFORE, Start::Now).expect("new");
        let publisher = bus.publisher(&BEFORE, "holder", LANE).expect("the same declaration");
        Self { bus, inbox, publisher }
    }

    fn leaving(&self) -> Leaving {
        let mut leaving = Leaving::default();
        leaving.add_publisher(&self.publisher);
        leaving.add_inbox(&self.inbox);
        leaving
    }

    /// Publishes and reads the topic with a new declaration, beside the present one.
    fn declare(&mut self, topic: &TopicSpec<'_>) -> Result<Publisher, PublisherError> {
        let leaving = self.leaving();
        let publisher = self.bus.publisher_in_place_of(topic, "holder", LANE, &leaving)?;
        self.inbox
            .subscribe_in_place_of(topic, Start::Now, &leaving)
            .expect("a topic that can be published can be read");
        Ok(publisher)
    }

    /// The received messages, each with the hash of its schema.
    fn received(&mut self) -> Vec<(u64, Vec<u8>)> {
        let mut received = Vec::new();
        self.inbox.drain(|delivery| received.push((delivery.schema_hash, delivery.payload.to_vec()))).expect("read");
        received
    }

    /// Schemas and policies of the bus's topics.
    fn declared(&self) -> Vec<(String, Policy)> {
        self.bus.snapshot().topics.into_iter().map(|topic| (topic.schema, topic.policy)).collect()
    }
}

fn send(publisher: &mut Publisher, text: &[u8; 8]) {
    publisher.send(Priority::Normal, text).expect("room");
}

#[test]
fn a_topic_is_declared_anew_and_the_old_declaration_goes_with_its_last_end() {
    for after in [topic(NEW, Policy::Reject), topic(OLD, Policy::DropOldest), topic(NEW, Policy::Latest)] {
        let mut holder = Holder::new();
        send(&mut holder.publisher, b"received");
        assert_eq!(holder.received().len(), 1);
        send(&mut holder.publisher, b"given up");
        let mut new = holder.declare(&after).expect("nobody else uses it");
        send(&mut new, b"after it");
        assert_eq!(holder.declared().len(), 2);
        assert_eq!(holder.inbox.unsubscribe_from(&BEFORE).expect("subscribed"), 1);
        holder.publisher = new;
        assert_eq!(holder.declared(), [(after.schema.to_owned(), after.policy)]);
        assert_eq!(holder.received(), [(after.schema_hash, b"after it".to_vec())]);
        holder.bus.publisher(&after, "another", LANE).expect("others agree with it");
        holder.bus.publisher(&BEFORE, "another", LANE).expect_err("and not with the old one");
    }
}

#[test]
fn who_thinks_better_of_it_goes_on_as_before() {
    let mut holder = Holder::new();
    send(&mut holder.publisher, b"before  ");
    let after = topic(NEW, Policy::Reject);
    let new = holder.declare(&after).expect("nobody else uses it");
    assert_eq!(holder.inbox.unsubscribe_from(&after).expect("subscribed"), 0);
    drop(new);
    assert_eq!(holder.declared(), [(OLD.to_owned(), Policy::Reject)]);
    send(&mut holder.publisher, b"after it");
    let received = [b"before  ", b"after it"].map(|text| (BEFORE.schema_hash, text.to_vec()));
    assert_eq!(holder.received(), received);
}

#[test]
fn what_others_use_is_refused_with_both_declarations() {
    let refused = |holder: &mut Holder, after: &TopicSpec<'_>| {
        let error = holder.declare(after).expect_err("somebody else uses it").to_string();
        assert_eq!(holder.declared().len(), 1);
        error
    };
    let (schema, policy) = (topic(NEW, Policy::Reject), topic(OLD, Policy::DropNewest));
    let mut holder = Holder::new();
    let other = holder.bus.publisher(&BEFORE, "other", LANE).expect("the same declaration");
    let error = refused(&mut holder, &schema);
    assert!(error.contains(OLD) && error.contains(NEW), "{error}");
    drop(other);
    let mut other = holder.bus.inbox("other", Attachment::Gating).expect("room");
    other.subscribe(&BEFORE, Start::Now).expect("the same declaration");
    let error = refused(&mut holder, &policy);
    assert!(error.contains("Reject") && error.contains("DropNewest"), "{error}");
    drop(other);
    let mut observer = holder.bus.inbox("observer", Attachment::Observer).expect("room");
    observer.subscribe(&BEFORE, Start::Now).expect("the same declaration");
    holder.declare(&schema).expect("an observer holds nothing");
}

#[test]
fn who_gives_up_nothing_of_a_topic_can_t_declare_it_anew() {
    let holder = Holder::new();
    let mut elsewhere = holder.bus.inbox("elsewhere", Attachment::Gating).expect("room");
    let mut leaving = Leaving::default();
    leaving.add_inbox(&elsewhere);
    let after = topic(NEW, Policy::Reject);
    holder.bus.publisher_in_place_of(&after, "other", LANE, &leaving).expect_err("the holder uses it");
    elsewhere.subscribe_in_place_of(&after, Start::Now, &leaving).expect_err("the holder uses it");
    assert_eq!(holder.declared(), [(OLD.to_owned(), Policy::Reject)]);
}

#[test]
fn work_that_is_not_done_holds_its_topic() {
    let bus = Bus::anonymous().expect("opens");
    let queue = QueueSpec { topic: BEFORE, deliveries_max: 3 };
    let worker = bus.worker(&queue, "worker").expect("new");
    let mut leaving = Leaving::default();
    leaving.add_inbox(&bus.inbox("other", Attachment::Gating).expect("room"));
    let refused = bus.publisher_in_place_of(&topic(NEW, Policy::Reject), "other", LANE, &leaving);
    assert!(matches!(refused, Err(PublisherError::Topic(TopicError::Schema { .. }))), "{refused:?}");
    drop(worker);
}

/// Receives everything; returns the schema hashes of the messages, and how many were missed. New declarations are reported in between.
fn read_all(inbox: &mut Inbox, told: &mut Vec<String>) -> (Vec<u64>, u64) {
    let mut hashes = Vec::new();
    loop {
        match inbox.receive() {
            Ok(Some(delivery)) => hashes.push(delivery.schema_hash),
            Ok(None) => break,
            Err(news @ (ReceiveError::Redeclared { .. } | ReceiveError::Mismatch { .. })) => {
                told.push(news.to_string())
            }
            Err(error) => panic!("{error}"),
        }
    }
    (hashes, inbox.take_missed().iter().map(|missed| missed.messages).sum())
}

#[test]
fn observers_follow_to_the_new_declaration_and_account_for_both() {
    let after = topic(NEW, Policy::Reject);
    let mut holder = Holder::new();
    let observer = |name: &str| holder.bus.inbox(name, Attachment::Observer).expect("room");
    let (mut untyped, mut typed, mut all) = (observer("untyped"), observer("typed"), observer("all"));
    untyped.subscribe_untyped("numbers", Start::Now).expect("declared");
    typed.subscribe(&BEFORE, Start::Now).expect("declared");
    all.subscribe_all(Start::Now).expect("an observer");
    let (mut told, mut told_typed) = (Vec::new(), Vec::new());

    send(&mut holder.publisher, b"received");
    let mut new = holder.declare(&after).expect("nobody else holds it");
    send(&mut new, b"new one.");
    // The former publisher and its reader leave, as at the end of a swap.
    let Holder { bus, mut inbox, publisher } = holder;
    drop(publisher);
    inbox.unsubscribe_from(&BEFORE).expect("the bus is there");
    send(&mut new, b"new two.");

    let (old_hash, new_hash) = (schema_hash(OLD), schema_hash(NEW));
    let (hashes, missed) = read_all(&mut untyped, &mut told);
    let of_old = hashes.iter().filter(|hash| **hash == old_hash).count() as u64;
    assert_eq!(of_old + missed, 1, "received or counted");
    assert_eq!(hashes.iter().filter(|hash| **hash == new_hash).count(), 2);
    assert!(told[..] == told[..1] && told[0].contains(NEW), "{told:?}");
    let (hashes, missed) = read_all(&mut typed, &mut told_typed);
    assert_eq!(hashes.len() as u64 + missed, 1, "nothing that it cannot read");
    assert!(told_typed.len() == 1 && told_typed[0].contains("subscribe again"), "{told_typed:?}");
    let (hashes, missed) = read_all(&mut all, &mut Vec::new());
    assert_eq!(hashes.len() as u64 + missed, 3);

    // The former declaration goes when no inbox reads it any more.
    for _ in 0..3 {
        drop(bus.inbox("a change", Attachment::Gating).expect("room"));
        for inbox in [&mut untyped, &mut typed, &mut all] {
            read_all(inbox, &mut told);
        }
    }
    drop(all);
    drop(bus.inbox("a change", Attachment::Gating).expect("room"));
    let topics = bus.snapshot().topics;
    assert_eq!(topics.iter().map(|topic| &topic.schema[..]).collect::<Vec<_>>(), [NEW]);
    assert_eq!(bus.snapshot().inboxes.iter().map(|inbox| inbox.topics.len()).collect::<Vec<_>>(), [1, 1, 1]);
}

/// Observers of each kind, subscribed to the topic's present declaration.
fn observers(bus: &Bus) -> [Inbox; 3] {
    let observer = |name: &str| bus.inbox(name, Attachment::Observer).expect("room");
    let (mut untyped, mut typed, mut all) = (observer("untyped"), observer("typed"), observer("all"));
    untyped.subscribe_untyped("numbers", Start::Now).expect("declared");
    typed.subscribe(&BEFORE, Start::Now).expect("declared");
    all.subscribe_all(Start::Now).expect("an observer");
    [untyped, typed, all]
}

/// Each observer receives `text`, sent by `publisher`, and so does one that subscribes now.
fn all_hear(bus: &Bus, observers: &mut [Inbox], publisher: &mut Publisher, what: &str) {
    let mut late = bus.inbox("late", Attachment::Observer).expect("room");
    late.subscribe_untyped("numbers", Start::Now).expect("declared");
    for observer in observers.iter_mut() {
        read_all(observer, &mut Vec::new());
    }
    send(publisher, b"a number");
    for (number, observer) in observers.iter_mut().chain([&mut late]).enumerate() {
        assert_eq!(read_all(observer, &mut Vec::new()), (vec![BEFORE.schema_hash], 0), "observer {number}, {what}");
    }
}

#[test]
fn observers_go_on_with_a_declaration_that_was_thought_better_of() {
    for followed in [false, true] {
        let mut holder = Holder::new();
        let mut observers = observers(&holder.bus);
        let after = topic(NEW, Policy::Reject);
        let new = holder.declare(&after).expect("nobody else holds it");
        if followed {
            observers.iter_mut().for_each(|observer| drop(read_all(observer, &mut Vec::new())));
        }
        assert_eq!(holder.inbox.unsubscribe_from(&after).expect("subscribed"), 0);
        drop(new);
        for round in 0..3 {
            all_hear(&holder.bus, &mut observers, &mut holder.publisher, &format!("round {round}"));
            drop(holder.bus.inbox("a change", Attachment::Gating).expect("room"));
        }
        assert_eq!(holder.bus.snapshot().topics[0].schema, OLD, "the declaration that is held comes first");
    }
}

#[test]
fn observers_follow_a_declaration_that_comes_back() {
    let after = topic(NEW, Policy::Reject);
    for rounds_between in 0..4 {
        let mut holder = Holder::new();
        let mut observers = observers(&holder.bus);
        let new = holder.declare(&after).expect("nobody else holds it");
        holder.inbox.unsubscribe_from(&BEFORE).expect("subscribed");
        holder.publisher = new;
        for _ in 0..rounds_between {
            observers.iter_mut().for_each(|observer| drop(read_all(observer, &mut Vec::new())));
            drop(holder.bus.inbox("a change", Attachment::Gating).expect("room"));
        }
        let again = holder.declare(&BEFORE).expect("nobody else holds it");
        holder.inbox.unsubscribe_from(&after).expect("subscribed");
        holder.publisher = again;
        for round in 0..3 {
            let what = format!("{rounds_between} rounds between, round {round}");
            all_hear(&holder.bus, &mut observers, &mut holder.publisher, &what);
            drop(holder.bus.inbox("a change", Attachment::Gating).expect("room"));
        }
    }
}
