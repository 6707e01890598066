//! The model's inbox: what it must receive or count.

use std::collections::BTreeMap;

use shm_bus::wire::Policy;
use shm_bus::{Inbox, ReceiveError, Start};

use crate::lane::{Lane, LaneKey, Seen};
use crate::steps::POLICIES;

/// An inbox's view of a lane, whether or not it ever sees the lane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    /// The first message that the inbox must receive or count, once the model can tell.
    pub(crate) start: Option<u64>,
    /// The next message is this one, or a later one if messages may be lost.
    pub(crate) next: u64,
    /// The inbox joined a running lane at an earlier position than the present, and has read nothing yet: its start, anywhere up to the
    /// lane's messages at that time, is unknown to the model.
    pub(crate) joined: Option<u64>,
    /// Nothing may be lost.
    pub(crate) waited_for: bool,
}

pub(crate) struct ModelInbox {
    pub(crate) inbox: Inbox,
    pub(crate) name: String,
    pub(crate) gating: bool,
    pub(crate) lanes: BTreeMap<LaneKey, Reading>,
    pub(crate) topics: Vec<usize>,
    pub(crate) everything: bool,
    /// By topic: messages received, lost or conflated since it subscribed.
    pub(crate) counted: BTreeMap<usize, u64>,
    pub(crate) received: u64,
    pub(crate) lost: u64,
    pub(crate) conflated: u64,
    pub(crate) evicted: u64,
}

impl ModelInbox {
    pub(crate) fn new(inbox: Inbox, name: String, gating: bool) -> Self {
        let (lanes, topics, everything, counted) = Default::default();
        let (received, lost, conflated, evicted) = Default::default();
        Self { inbox, name, gating, lanes, topics, everything, counted, received, lost, conflated, evicted }
    }

    pub(crate) fn reads(&self, topic: usize) -> bool {
        self.everything || self.topics.contains(&topic)
    }

    pub(crate) fn join(&mut self, index: usize, from: Start, present: &[(LaneKey, Lane)]) {
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
    pub(crate) fn note_missed(&mut self) {
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
    pub(crate) fn has_accounted(&self, lanes: &BTreeMap<LaneKey, Lane>, present: &[(LaneKey, Lane)]) {
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

    pub(crate) fn see(&mut self, lanes: &BTreeMap<LaneKey, Lane>, seen: &Seen) {
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
    pub(crate) fn has_everything(&self, lanes: &BTreeMap<LaneKey, Lane>) {
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

    pub(crate) fn left(&mut self, lanes: &BTreeMap<LaneKey, Lane>, error: ReceiveError) {
        let ReceiveError::Evicted { topic, publisher } = error else { panic!("{error}") };
        assert!(self.gating && topic == "evict");
        assert!(lanes.contains_key(&(publisher, 0)));
        self.evicted += 1;
    }
}
