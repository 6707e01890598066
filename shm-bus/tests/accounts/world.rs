//! Carries out the steps on a bus, and compares it with the model after each of them.

use std::collections::BTreeMap;

use shm_bus::wire::{Policy, Priority};
use shm_bus::{Attachment, Bus, Publisher, SendError, Start};

use crate::inbox::{ModelInbox, Reading};
use crate::lane::{Lane, LaneKey, Seen, payload, present};
use crate::steps::{INBOXES, LANES, POLICIES, PUBLISHERS, Step, topic};

pub(crate) struct World {
    bus: Bus,
    named: usize,
    publishers: [Option<(String, usize, Publisher)>; PUBLISHERS],
    inboxes: [Option<ModelInbox>; INBOXES],
    lanes: BTreeMap<LaneKey, Lane>,
}

impl World {
    pub(crate) fn new() -> Self {
        let bus = Bus::anonymous().expect("made");
        Self {
            bus,
            named: 0,
            publishers: [const { None }; PUBLISHERS],
            inboxes: [const { None }; INBOXES],
            lanes: BTreeMap::new(),
        }
    }

    pub(crate) fn take(&mut self, step: Step) {
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
        self.inboxes[place] = Some(ModelInbox::new(inbox, name, !observes));
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
    pub(crate) fn settle(mut self) {
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

fn topic_name(lanes: &BTreeMap<LaneKey, Lane>, key: &LaneKey) -> &'static str {
    topic(lanes[key].topic).name
}

fn dropped(bus: &Bus, publisher: &str, priority: usize) -> u64 {
    let snapshot = bus.snapshot();
    let mut lanes = snapshot.topics.iter().flat_map(|topic| &topic.lanes);
    lanes.find(|lane| lane.publisher == publisher && lane.priority as usize == priority).expect("it lives").dropped
}
