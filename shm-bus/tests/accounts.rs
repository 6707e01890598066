//! The bus compared with a plain model: whatever is published, subscribed, read and dropped, and in whatever order, each message is either
//! received or counted by its fate.

use std::collections::BTreeMap;

use proptest::prelude::*;
use shm_bus::wire::{Policy, Priority, schema_hash};
use shm_bus::{Attachment, Bus, Inbox, Publisher, ReceiveError, SendError, Start, TopicSpec};

const SCHEMA: &str = "test.Bytes@1 1/1 {value:u8@0}";
const POLICIES: [(&str, Policy); 6] = [
    ("reject", Policy::Reject),
    ("block", Policy::Block { timeout_ms: 0 }),
    ("drop-newest", Policy::DropNewest),
    ("drop-oldest", Policy::DropOldest),
    ("latest", Policy::Latest),
    ("evict", Policy::EvictLaggard),
];
const LANES: &[(Priority, u32)] =
    &[(Priority::Critical, 4096), (Priority::High, 4096), (Priority::Normal, 4096), (Priority::Low, 4096)];
const PUBLISHERS: usize = 4;
const INBOXES: usize = 3;

fn topic(index: usize) -> TopicSpec<'static> {
    let (name, policy) = POLICIES[index];
    let schema_hash = schema_hash(SCHEMA);
    TopicSpec { name, type_name: "test.Bytes", schema: SCHEMA, schema_hash, message_size: 1, policy }
}

#[derive(Clone, Debug)]
enum Step {
    Publisher { place: usize, topic: usize },
    DropPublisher { place: usize },
    Send { place: usize, priority: usize, len: usize, times: usize },
    Batch { place: usize, priority: usize, len: usize, times: usize },
    Inbox { place: usize, observes: bool },
    DropInbox { place: usize },
    Subscribe { place: usize, topic: usize, from: Start },
    SubscribeAll { place: usize, from: Start },
    Unsubscribe { place: usize, topic: usize },
    Receive { place: usize, times: usize },
    Drain { place: usize },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (publisher, inbox, topic, priority) = (0..PUBLISHERS, 0..INBOXES, 0..POLICIES.len(), 0..4_usize);
    let len = prop_oneof![16..64_usize, 16..=992_usize];
    let from = prop_oneof![Just(Start::Now), Just(Start::Earliest), (0..20_u64).prop_map(Start::Last)];
    let sends = (publisher.clone(), priority, len, 1..60_usize);
    let step = prop_oneof![
        2 => (publisher.clone(), topic.clone()).prop_map(|(place, topic)| Step::Publisher { place, topic }),
        1 => publisher.prop_map(|place| Step::DropPublisher { place }),
        6 => sends.clone().prop_map(|(place, priority, len, times)| Step::Send { place, priority, len, times }),
        3 => sends.prop_map(|(place, priority, len, times)| Step::Batch { place, priority, len, times }),
        2 => (inbox.clone(), any::<bool>()).prop_map(|(place, observes)| Step::Inbox { place, observes }),
        1 => inbox.clone().prop_map(|place| Step::DropInbox { place }),
        4 => (inbox.clone(), topic.clone(), from.clone())
            .prop_map(|(place, topic, from)| Step::Subscribe { place, topic, from }),
        1 => (inbox.clone(), from).prop_map(|(place, from)| Step::SubscribeAll { place, from }),
        1 => (inbox.clone(), topic).prop_map(|(place, topic)| Step::Unsubscribe { place, topic }),
        6 => (inbox.clone(), 1..80_usize).prop_map(|(place, times)| Step::Receive { place, times }),
        2 => inbox.prop_map(|place| Step::Drain { place }),
    ];
    proptest::collection::vec(step, 1..80)
}

/// A lane, by its publisher's name and its priority.
type LaneKey = (String, usize);

/// The model's knowledge of a lane.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Lane {
    topic: usize,
    sent: u64,
    rejected: u64,
    dropped: u64,
    timed_out: u64,
}

/// An inbox's view of a lane, whether or not it ever sees the lane.
#[derive(Clone, Copy, Debug)]
struct Reading {
    /// The first message that the inbox must receive or count, once the model can tell.
    start: Option<u64>,
    /// The next message is this one, or a later one if messages may be lost.
    next: u64,
    /// The inbox joined a running lane at an earlier position than the present, and has read nothing yet: its start, anywhere up to the
    /// lane's messages at that time, is unknown to the model.
    joined: Option<u64>,
    /// Nothing may be lost.
    waited_for: bool,
}

struct ModelInbox {
    inbox: Inbox,
    name: String,
    gating: bool,
    lanes: BTreeMap<LaneKey, Reading>,
    topics: Vec<usize>,
    everything: bool,
    /// By topic: messages received, lost or conflated since it subscribed.
    counted: BTreeMap<usize, u64>,
    received: u64,
    lost: u64,
    conflated: u64,
    evicted: u64,
}

struct World {
    bus: Bus,
    named: usize,
    publishers: [Option<(String, usize, Publisher)>; PUBLISHERS],
    inboxes: [Option<ModelInbox>; INBOXES],
    lanes: BTreeMap<LaneKey, Lane>,
}

impl World {
    fn new() -> Self {
        let bus = Bus::anonymous().expect("made");
        Self {
            bus,
            named: 0,
            publishers: [const { None }; PUBLISHERS],
            inboxes: [const { None }; INBOXES],
            lanes: BTreeMap::new(),
        }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Publisher { place, topic } => self.publish(place, topic),
            Step::DropPublisher { place } => self.publishers[place] = None,
            Step::Send { place, priority, len, times } => (0..times).for_each(|_| self.send(place, priority, len)),
            Step::Batch { place, priority, len, times } => self.send_batch(place, priority, len, times),
            Step::Inbox { place, observes } => self.open(place, observes),
            Step::DropInbox { place } => self.inboxes[place] = None,
            Step::Subscribe { place, topic, from } => self.subscribe(place, topic, from),
            Step::SubscribeAll { place, from } => self.subscribe_all(place, from),
            Step::Unsubscribe { place, topic } => self.unsubscribe(place, topic),
            Step::Receive { place, times } => self.receive(place, times),
            Step::Drain { place } => self.drain(place),
        }
    }

    fn name(&mut self) -> String {
        self.named += 1;
        self.named.to_string()
    }

    fn publish(&mut self, place: usize, index: usize) {
        let name = self.name();
        self.publishers[place] = None;
        let publisher = self.bus.publisher(&topic(index), &name, LANES).expect("room");
        for priority in 0..4 {
            let key = (name.clone(), priority);
            self.lanes.insert(key.clone(), Lane { topic: index, ..Lane::default() });
            for inbox in self.inboxes.iter_mut().flatten().filter(|inbox| inbox.reads(index)) {
                let waited_for = inbox.gating && POLICIES[index].1.gates();
                inbox.lanes.insert(key.clone(), Reading { start: Some(0), next: 0, joined: None, waited_for });
            }
        }
        self.publishers[place] = Some((name, index, publisher));
    }

    fn send(&mut self, place: usize, priority: usize, len: usize) {
        let Some((name, index, publisher)) = &mut self.publishers[place] else { return };
        let lane = self.lanes.get_mut(&(name.clone(), priority)).expect("made");
        let dropped = |bus: &Bus| dropped(bus, name, priority);
        let before = if POLICIES[*index].1 == Policy::DropNewest { dropped(&self.bus) } else { 0 };
        match publisher.send(Priority::ALL[priority], &payload(name, priority, lane.sent, len)) {
            Ok(()) if POLICIES[*index].1 == Policy::DropNewest && dropped(&self.bus) > before => lane.dropped += 1,
            Ok(()) => lane.sent += 1,
            Err(SendError::TooLong { .. }) => unreachable!("lengths fit"),
            Err(error) => {
                let waits = |inbox: &ModelInbox| inbox.gating && inbox.topics.contains(index);
                assert!(self.inboxes.iter().flatten().any(waits), "{error} though nobody is waited for");
                match (POLICIES[*index].1, error) {
                    (Policy::Reject, SendError::Full) => lane.rejected += 1,
                    (Policy::Block { .. }, SendError::TimedOut { .. }) => lane.timed_out += 1,
                    (policy, error) => panic!("{error} under {policy:?}"),
                }
            }
        }
    }

    fn send_batch(&mut self, place: usize, priority: usize, len: usize, times: usize) {
        let Some((name, index, publisher)) = &mut self.publishers[place] else { return };
        let lane = self.lanes.get_mut(&(name.clone(), priority)).expect("made");
        if POLICIES[*index].1 == Policy::DropNewest {
            return;
        }
        let payloads: Vec<_> =
            (lane.sent..).take(times).map(|sequence| payload(name, priority, sequence, len)).collect();
        match publisher.send_batch(Priority::ALL[priority], payloads.iter().map(Vec::as_slice)) {
            Ok(sent) => {
                assert_eq!(sent, times);
                lane.sent += sent as u64;
            }
            Err(error) => {
                lane.sent += error.sent as u64;
                match error.source {
                    SendError::Full => lane.rejected += 1,
                    SendError::TimedOut { .. } => lane.timed_out += 1,
                    error => panic!("{error}"),
                }
            }
        }
    }

    fn open(&mut self, place: usize, observes: bool) {
        let name = self.name();
        self.inboxes[place] = None;
        let attachment = if observes { Attachment::Observer } else { Attachment::Gating };
        let inbox = self.bus.inbox(&name, attachment).expect("room");
        let (lanes, topics) = (BTreeMap::new(), Vec::new());
        self.inboxes[place] = Some(ModelInbox {
            inbox,
            name,
            gating: !observes,
            lanes,
            topics,
            everything: false,
            counted: BTreeMap::new(),
            received: 0,
            lost: 0,
            conflated: 0,
            evicted: 0,
        });
    }

    fn subscribe(&mut self, place: usize, index: usize, from: Start) {
        let Some(inbox) = &mut self.inboxes[place] else { return };
        inbox.inbox.subscribe(&topic(index), from).expect("room");
        if !inbox.reads(index) {
            inbox.topics.push(index);
            inbox.join(index, from, &present(&self.bus, &self.lanes));
        }
    }

    fn subscribe_all(&mut self, place: usize, from: Start) {
        let Some(inbox) = &mut self.inboxes[place] else { return };
        let subscribed = inbox.inbox.subscribe_all(from);
        assert_eq!(subscribed.is_err(), inbox.gating);
        if subscribed.is_err() || inbox.everything {
            return;
        }
        let present = present(&self.bus, &self.lanes);
        for index in 0..POLICIES.len() {
            if !inbox.topics.contains(&index) {
                inbox.join(index, from, &present);
            }
        }
        inbox.everything = true;
    }

    fn unsubscribe(&mut self, place: usize, index: usize) {
        let Some(inbox) = &mut self.inboxes[place] else { return };
        inbox.inbox.unsubscribe(topic(index).name).expect("changed");
        if inbox.everything {
            return;
        }
        inbox.note_missed();
        inbox.topics.retain(|topic| *topic != index);
        inbox.counted.remove(&index);
        let lanes = &self.lanes;
        inbox.lanes.retain(|key, _| lanes[key].topic != index);
    }

    fn receive(&mut self, place: usize, times: usize) {
        let Some(inbox) = &mut self.inboxes[place] else { return };
        for _ in 0..times {
            match inbox.inbox.receive() {
                Ok(Some(delivery)) => {
                    let seen = Seen::of(&delivery);
                    inbox.see(&self.lanes, &seen);
                }
                Ok(None) => {
                    inbox.has_everything(&self.lanes);
                    break;
                }
                Err(error) => inbox.left(&self.lanes, error),
            }
        }
    }

    fn drain(&mut self, place: usize) {
        let Some(inbox) = &mut self.inboxes[place] else { return };
        let mut all = Vec::new();
        match inbox.inbox.drain(|delivery| all.push(Seen::of(&delivery))) {
            Ok(count) => assert_eq!(count, all.len()),
            Err(error) => inbox.left(&self.lanes, error),
        }
        let order = |seen: &Seen| (seen.key.1, topic_name(&self.lanes, &seen.key), seen.key.0.clone(), seen.sequence);
        assert!(all.is_sorted_by_key(order), "a drain has one order");
        all.iter().for_each(|seen| inbox.see(&self.lanes, seen));
    }

    /// All inboxes read to the end; then all figures agree.
    fn settle(mut self) {
        // Every call reports one eviction; and an inbox that leaves a lane may end it for others, which then look again.
        for place in [(); 3].iter().flat_map(|()| (0..INBOXES).flat_map(|place| [place; 64])) {
            self.receive(place, usize::MAX);
        }
        let snapshot = self.bus.snapshot();
        let present = present(&self.bus, &self.lanes);
        for inbox in self.inboxes.iter_mut().flatten() {
            inbox.note_missed();
            inbox.has_accounted(&self.lanes, &present);
        }
        for (key, lane) in present {
            let info = snapshot.topics.iter().flat_map(|topic| &topic.lanes);
            let mut info = info.filter(|info| info.publisher == key.0 && info.priority as usize == key.1);
            let Some(info) = info.next() else { continue };
            let found = Lane {
                topic: lane.topic,
                sent: info.sent,
                rejected: info.rejected,
                dropped: info.dropped,
                timed_out: info.timed_out,
            };
            assert_eq!(found, lane, "{key:?}");
            assert_eq!(info.faulty, 0);
        }
        for inbox in self.inboxes.iter().flatten() {
            let info = snapshot.inboxes.iter().find(|info| info.name == inbox.name).expect("it lives");
            assert_eq!(
                (info.received, info.lost, info.conflated, info.evicted, info.corrupt),
                (inbox.received, inbox.lost, inbox.conflated, inbox.evicted, 0)
            );
        }
    }
}

impl ModelInbox {
    fn reads(&self, topic: usize) -> bool {
        self.everything || self.topics.contains(&topic)
    }

    fn join(&mut self, index: usize, from: Start, present: &[(LaneKey, Lane)]) {
        let waited_for = self.gating && POLICIES[index].1.gates();
        for (key, lane) in present.iter().filter(|(_, lane)| lane.topic == index) {
            let next = match from {
                Start::Now => lane.sent,
                Start::Earliest => 0,
                Start::Last(count) => lane.sent.saturating_sub(count),
            };
            let (start, joined) = if from == Start::Now { (Some(next), None) } else { (None, Some(lane.sent)) };
            self.lanes.insert(key.clone(), Reading { start, next, joined, waited_for });
        }
    }

    /// Records what it missed of lanes that it never saw, or has left.
    fn note_missed(&mut self) {
        for missed in self.inbox.take_missed() {
            let name = missed.topic.expect("the table has room");
            let index = POLICIES.iter().position(|(policy, _)| *policy == name).expect("one of them");
            assert!(self.reads(index) && missed.messages > 0);
            assert!(!self.gating || POLICIES[index].1 == Policy::EvictLaggard, "its lanes stay until it has read them");
            self.lost += missed.messages;
            *self.counted.entry(index).or_default() += missed.messages;
        }
    }

    /// Per topic: every message sent since it subscribed is received or counted, including messages of lanes that it never saw, and of
    /// lanes that it was evicted from once these have ended.
    fn has_accounted(&self, lanes: &BTreeMap<LaneKey, Lane>, present: &[(LaneKey, Lane)]) {
        // Minimum and maximum per topic: if it joined a lane at an earlier position and never read it, its start is unknown.
        let mut owed: BTreeMap<usize, (u64, u64)> = BTreeMap::new();
        for (key, reading) in &self.lanes {
            let lane = &lanes[key];
            let was_left = self.gating && POLICIES[lane.topic].1 == Policy::EvictLaggard;
            let end = if was_left && present.iter().any(|(there, _)| there == key) { reading.next } else { lane.sent };
            let owed = owed.entry(lane.topic).or_default();
            let (first, last) =
                reading.start.map_or((reading.next, reading.joined.unwrap_or(0)), |start| (start, start));
            *owed = (owed.0 + end.saturating_sub(last), owed.1 + end - first);
        }
        for (topic, (name, _)) in POLICIES.iter().enumerate() {
            let counted = self.counted.get(&topic).copied().unwrap_or(0);
            let (least, most) = owed.get(&topic).copied().unwrap_or_default();
            assert!((least..=most).contains(&counted), "{name}: {counted} of {least} to {most}");
        }
    }

    fn see(&mut self, lanes: &BTreeMap<LaneKey, Lane>, seen: &Seen) {
        let lane = &lanes[&seen.key];
        let policy = POLICIES[lane.topic].1;
        assert!(self.reads(lane.topic), "not subscribed");
        let reading = self.lanes.get_mut(&seen.key).expect("it was there, or came later");
        if let Some(sent) = reading.joined {
            assert!(seen.sequence >= reading.next && seen.lost <= seen.sequence - reading.next);
            assert!(seen.sequence - seen.lost <= sent, "every message sent since is received or lost");
        } else {
            assert_eq!(seen.sequence, reading.next + seen.lost, "the loss is the gap, and nothing comes twice");
        }
        assert!(!reading.waited_for || seen.lost == 0, "a gating inbox loses nothing");
        assert!(
            policy != Policy::EvictLaggard || seen.lost == 0 || !self.gating,
            "an evicted inbox loses nothing before"
        );
        assert!(seen.sequence < lane.sent);
        (reading.next, reading.joined) = (seen.sequence + 1, None);
        reading.start = reading.start.or(Some(seen.sequence - seen.lost));
        self.received += 1;
        *self.counted.entry(lane.topic).or_default() += 1 + seen.lost;
        *(if policy == Policy::Latest { &mut self.conflated } else { &mut self.lost }) += seen.lost;
    }

    /// Asserts that the inbox reports nothing waiting only when it has everything.
    fn has_everything(&self, lanes: &BTreeMap<LaneKey, Lane>) {
        for (key, reading) in &self.lanes {
            // It leaves a lane that evicts it before it reports that, and an observer may never see a short-lived lane.
            let was_left = self.gating && POLICIES[lanes[key].topic].1 == Policy::EvictLaggard;
            if was_left || !self.gating {
                continue;
            }
            let sent = lanes[key].sent;
            assert!(reading.next == sent || reading.joined == Some(sent), "{key:?}: {reading:?} of {sent}");
        }
    }

    fn left(&mut self, lanes: &BTreeMap<LaneKey, Lane>, error: ReceiveError) {
        let ReceiveError::Evicted { topic, publisher } = error else { panic!("{error}") };
        assert!(self.gating && topic == "evict");
        assert!(lanes.contains_key(&(publisher, 0)));
        self.evicted += 1;
    }
}

/// A delivery, in the model's terms.
#[derive(Debug)]
struct Seen {
    key: LaneKey,
    sequence: u64,
    lost: u64,
}

impl Seen {
    fn of(delivery: &shm_bus::Delivery<'_>) -> Self {
        let key = (delivery.publisher.to_owned(), delivery.priority as usize);
        let expected = payload(&key.0, key.1, delivery.sequence, delivery.payload.len());
        assert_eq!(delivery.payload, expected, "its own bytes");
        Self { key, sequence: delivery.sequence, lost: delivery.lost }
    }
}

/// Bytes that name the sender, the lane and the message's number.
fn payload(publisher: &str, priority: usize, sequence: u64, len: usize) -> Vec<u8> {
    let told = format!("{publisher}/{priority}/{sequence}/");
    told.bytes().cycle().take(len).collect()
}

fn topic_name(lanes: &BTreeMap<LaneKey, Lane>, key: &LaneKey) -> &'static str {
    topic(lanes[key].topic).name
}

fn dropped(bus: &Bus, publisher: &str, priority: usize) -> u64 {
    let snapshot = bus.snapshot();
    let mut lanes = snapshot.topics.iter().flat_map(|topic| &topic.lanes);
    lanes.find(|lane| lane.publisher == publisher && lane.priority as usize == priority).expect("it lives").dropped
}

/// The lanes that the bus still has.
fn present(bus: &Bus, lanes: &BTreeMap<LaneKey, Lane>) -> Vec<(LaneKey, Lane)> {
    let snapshot = bus.snapshot();
    let all = snapshot.topics.iter().flat_map(|topic| &topic.lanes);
    let keys = all.map(|lane| (lane.publisher.clone(), lane.priority as usize));
    keys.map(|key| (key.clone(), lanes[&key].clone())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 4, ..ProptestConfig::default() })]

    #[test]
    fn every_message_is_received_or_counted_by_cause(steps in steps()) {
        let mut world = World::new();
        for step in steps {
            world.take(step);
        }
        world.settle();
    }

    /// Three publishers with a lane at every priority, so that the inbox uses ready bits: then the model knows exactly which messages are
    /// queued.
    #[test]
    fn no_level_and_no_lane_waits_longer_than_its_bound(
        arrivals in proptest::collection::vec((0..3_usize, 0..4_usize, 0..4_usize, 0..12_usize), 1..300),
    ) {
        const K: [usize; 4] = [0, 8, 32, 128];
        let bus = Bus::anonymous().expect("made");
        let mut inbox = bus.inbox("reader", Attachment::Gating).expect("room");
        inbox.subscribe(&topic(0), Start::Now).expect("room");
        let mut publishers: Vec<_> =
            ["0", "1", "2"].iter().map(|name| bus.publisher(&topic(0), name, LANES).expect("room")).collect();
        let (mut queued, mut level_waits, mut lane_waits) = ([[0_usize; 3]; 4], [0; 4], [[0; 3]; 4]);
        for (publisher, level, sends, receives) in arrivals {
            for _ in 0..sends * 4 {
                if publishers[publisher].send(Priority::ALL[level], &[0; 16]).is_ok() {
                    queued[level][publisher] += 1;
                }
            }
            for _ in 0..receives {
                let Some(delivery) = inbox.receive().expect("mapped") else {
                    prop_assert_eq!(queued, [[0; 3]; 4]);
                    break;
                };
                let (served, by) = (delivery.priority as usize, delivery.publisher.parse::<usize>().expect("a number"));
                prop_assert!(queued[served][by] > 0);
                for level in 0..4 {
                    let waits = level != served && queued[level].iter().any(|count| *count > 0);
                    level_waits[level] = if waits { level_waits[level] + 1 } else { 0 };
                    let most = if level == 0 { 3 } else { K[level] + 2 };
                    prop_assert!(level_waits[level] <= most, "level {level} waited {}", level_waits[level]);
                    for lane in 0..3 {
                        let waits = (level, lane) != (served, by) && queued[level][lane] > 0;
                        lane_waits[level][lane] = if waits { lane_waits[level][lane] + 1 } else { 0 };
                        let most = 3 * (most + 1);
                        prop_assert!(lane_waits[level][lane] <= most, "a lane waited {}", lane_waits[level][lane]);
                    }
                }
                queued[served][by] -= 1;
            }
        }
    }
}
