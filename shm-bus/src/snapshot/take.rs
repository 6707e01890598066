//! Takes a snapshot from a read-only view of a bus.
//!
//! # Failure
//! Entries that disappear while the snapshot is taken are left out.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{CorruptInfo, InboxInfo, LaneInfo, ParticipantInfo, Snapshot, TopicInfo};
use crate::control::{CorruptEntry, InboxEntry, LaneEntry, LaneState, TopicEntry};
use crate::inbox_file::InboxFile;
use crate::lane::{Cursor, Progress};
use crate::layout::control::LANES_MAX;
use crate::layout::inbox::{Count, LaneCount};
use crate::layout::lane::{HEAD, OLDEST, SENT, Tally};
use crate::membership::View;
use crate::request::{ClientCounts, ServerCounts, ServiceSpec};
use crate::sync::{AtomicU64, Ordering};
use crate::topic::TopicSpec;
use crate::work_queue::queue_infos;

/// An inbox with its file.
type Open = (InboxEntry, InboxFile);

impl Snapshot {
    pub(super) fn take(view: View<'_>) -> Self {
        let control = view.control;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let participants = control.participants().map(|entry| ParticipantInfo {
            slot: entry.slot,
            id: entry.id,
            alive: view.is_alive(entry.slot),
            pid: entry.pid(),
            process: entry.process(),
            name: entry.name,
            stopped: view.is_stopped(entry.slot),
            age: now.saturating_sub(Duration::from_millis(entry.start_ms)),
            beat: entry.beat,
            version: entry.version,
            features: entry.features,
        });
        let participants = participants.collect();
        let inboxes: Vec<Open> = control.inboxes().filter_map(|entry| open_inbox(view, entry)).collect();
        let lanes: Vec<LaneEntry> = control.lanes().collect();
        let mut topics: Vec<TopicEntry> = control.topics().collect();
        // If a name is briefly declared twice, the current declaration comes first.
        topics.sort_by_cached_key(|entry| (entry.name.clone(), std::cmp::Reverse(control.rank(entry))));
        let queues = queue_infos(view, &topics, &lanes);
        let inbox_infos = inboxes.iter().map(|inbox| inbox_info(inbox, &topics)).collect();
        // Only observers may still name a former declaration.
        let is_former = |before: &TopicEntry, topic: &TopicEntry| {
            before.name == topic.name && !lanes.iter().any(|lane| lane.topic == topic.index)
        };
        topics.dedup_by(|topic, before| is_former(before, topic));
        let topics = topics.into_iter().map(|topic| topic_info(view, topic, &lanes, &inboxes)).collect();
        Self {
            bus: view.name.to_owned(),
            creator: control.creator(),
            limits: control.limits(),
            bytes: view.bytes_used(),
            changing: control.holder(),
            participants,
            topics,
            inboxes: inbox_infos,
            corrupt: control.corrupt().map(|entry| corrupt_info(&entry)).collect(),
            queues,
            missing: view.missing_files(),
        }
    }
}

const fn corrupt_info(entry: &CorruptEntry) -> CorruptInfo {
    CorruptInfo { table: entry.table, index: entry.index, owner: entry.owner }
}

fn open_inbox(view: View<'_>, entry: InboxEntry) -> Option<Open> {
    let file = view.peek_inbox(entry.id).ok()?;
    Some((entry, file))
}

fn topic_info(view: View<'_>, topic: TopicEntry, lanes: &[LaneEntry], inboxes: &[Open]) -> TopicInfo {
    let mut lanes: Vec<LaneInfo> = lanes
        .iter()
        .filter(|lane| lane.topic == topic.index)
        .filter_map(|lane| lane_info(view, lane, inboxes))
        .collect();
    lanes.sort_by(|left, right| {
        (left.priority, &left.publisher, left.id).cmp(&(right.priority, &right.publisher, right.id))
    });
    let ended = view.control.ended(topic.index);
    let ended = if ended.account == topic.account { ended.messages } else { 0 };
    let held = view.control.topic_is_held(topic.index);
    let TopicEntry { name, type_name, schema, schema_hash, message_size, policy, .. } = topic;
    TopicInfo { name, type_name, schema, schema_hash, message_size, policy, ended, held, lanes }
}

fn lane_info(view: View<'_>, lane: &LaneEntry, inboxes: &[Open]) -> Option<LaneInfo> {
    let page = view.open_lane_head(lane.id, lane.capacity).ok()?;
    let [oldest, head, sent] = [OLDEST, HEAD, SENT].map(|word| page.word(word));
    let tally = |what: Tally| page.word(what as usize);
    let readers = || {
        inboxes.iter().filter(|(entry, inbox)| {
            entry.reads(lane.topic)
                && Cursor::decode(inbox.cursor(lane.index).load(Ordering::Relaxed)).generation == lane.generation()
        })
    };
    let read = |what| sum(readers().map(|(_, inbox)| inbox.lane_count(lane.index, what)));
    let behind = |(_, inbox): &Open| {
        let cursor = Cursor::decode(inbox.cursor(lane.index).load(Ordering::Relaxed));
        match cursor.progress {
            _ if cursor.generation != lane.generation() => head.saturating_sub(oldest),
            Progress::At(position) => head.saturating_sub(position),
            Progress::Done => 0,
        }
    };
    let gating = inboxes.iter().filter(|(entry, _)| entry.gates(lane.topic));
    let slowest = gating.map(|inbox| (behind(inbox), &inbox.0.name)).max().filter(|(fill, _)| *fill > 0);
    let open = lane.state == LaneState::Open;
    let left = |(entry, inbox): &&Open| {
        let cursor = Cursor::decode(inbox.cursor(lane.index).load(Ordering::Relaxed));
        entry.reads(lane.topic) && cursor == Cursor { generation: lane.generation(), progress: Progress::Done }
    };
    let corrupt = if open { inboxes.iter().filter(left).count() as u64 } else { 0 };
    Some(LaneInfo {
        id: lane.id,
        priority: lane.priority,
        publisher: lane.publisher.clone(),
        participant: lane.participant,
        open,
        capacity: lane.capacity,
        sent,
        written: head,
        received: read(LaneCount::Received),
        lost: read(LaneCount::Lost),
        conflated: read(LaneCount::Conflated),
        rejected: tally(Tally::Rejected),
        dropped: tally(Tally::Dropped),
        timed_out: tally(Tally::TimedOut),
        waited: tally(Tally::Waited),
        wakes: tally(Tally::Wakes),
        high_water: tally(Tally::HighWater),
        faulty: tally(Tally::Faulty),
        corrupt,
        fill: slowest.map_or(0, |(fill, _)| fill.min(lane.capacity)),
        laggard: slowest.map(|(_, name)| name.clone()),
    })
}

fn inbox_info((entry, file): &Open, topics: &[TopicEntry]) -> InboxInfo {
    let total = |lane_count, count| {
        sum((0..LANES_MAX).map(|index| file.lane_count(index, lane_count))).saturating_add(file.count(count))
    };
    let subscribed = topics.iter().filter(|topic| entry.reads(topic.index));
    let service = ServiceSpec::untyped(&entry.name);
    let gates = |spec: &TopicSpec<'_>| topics.iter().any(|topic| entry.gates(topic.index) && topic.name == spec.name);
    InboxInfo {
        name: entry.name.clone(),
        participant: entry.participant,
        observer: entry.observer,
        topics: subscribed.map(|topic| topic.name.clone()).collect(),
        received: total(LaneCount::Received, Count::Received),
        lost: total(LaneCount::Lost, Count::Lost),
        conflated: total(LaneCount::Conflated, Count::Conflated),
        corrupt: file.count(Count::Corrupt),
        evicted: file.count(Count::Evicted),
        sleeps: file.count(Count::Sleeps),
        late_wakes: file.count(Count::LateWakes),
        starvation: file.count(Count::Starvation),
        client: service.responses(entry.id, gates).then(|| ClientCounts::of(file)),
        server: service.requests(gates).then(|| ServerCounts::of(file)),
    }
}

/// The sum of counters, which may have any values.
fn sum<'a>(counters: impl Iterator<Item = &'a AtomicU64>) -> u64 {
    counters.fold(0, |sum, counter| sum.saturating_add(counter.load(Ordering::Relaxed)))
}
