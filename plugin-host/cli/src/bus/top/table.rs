//! Changes of a bus between two snapshots. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use shm_bus::wire::Priority;
use shm_bus::{InboxInfo, LaneInfo, ParticipantInfo, Process, Snapshot};

use super::change::Change;
use super::listen::GapsByTopic;
use super::queue::QueueRow;
use crate::bus::observe::gaps::Gaps;
use crate::bus::observe::progress::hangs;
use crate::output::figures::{per_second, sum};

/// See the module.
pub(super) struct Table {
    pub(super) bus: String,
    pub(super) time: Duration,
    pub(super) topics: Vec<TopicRow>,
    pub(super) participants: Vec<ParticipantRow>,
    pub(super) inboxes: Vec<InboxRow>,
    pub(super) queues: Vec<QueueRow>,
    /// Whether gaps were measured.
    pub(super) with_gaps: bool,
}

/// One topic and priority: the sum of its publishers.
#[derive(Default)]
pub(super) struct TopicRow {
    pub(super) topic: String,
    pub(super) priority: &'static str,
    pub(super) publishers: usize,
    pub(super) rate: f64,
    pub(super) bytes_rate: f64,
    /// Fill level of the fullest lane, from 0 to 1.
    pub(super) fill: f64,
    /// The inbox that holds up that lane.
    pub(super) laggard: Option<String>,
    /// Messages in the interval, and since the lanes were created.
    pub(super) rejected: Change,
    pub(super) dropped: Change,
    pub(super) timed_out: Change,
    pub(super) lost: Change,
    pub(super) conflated: Change,
    pub(super) gaps: Option<Gaps>,
}

/// One participant.
pub(super) struct ParticipantRow {
    pub(super) name: String,
    pub(super) process: Process,
    /// Whether it is this command itself.
    pub(super) is_own: bool,
    pub(super) state: &'static str,
    pub(super) age: Duration,
    /// Heartbeats per second.
    pub(super) beat: Change,
}

/// One inbox.
pub(super) struct InboxRow {
    pub(super) name: String,
    pub(super) observer: bool,
    pub(super) topics: usize,
    pub(super) received: Change,
    pub(super) lost: Change,
    pub(super) sleeps: Change,
    pub(super) late_wakes: Change,
}

impl Table {
    /// `own` is the id of this command's participant.
    pub(super) fn between(
        before: &Snapshot,
        now: &Snapshot,
        time: Duration,
        own: Option<u64>,
        gaps: Option<GapsByTopic>,
    ) -> Self {
        let lanes_before: BTreeMap<u64, &LaneInfo> =
            before.topics.iter().flat_map(|topic| &topic.lanes).map(|lane| (lane.id, lane)).collect();
        let mut topics = Vec::new();
        for topic in &now.topics {
            for priority in Priority::ALL {
                let lanes: Vec<&LaneInfo> = topic.lanes.iter().filter(|lane| lane.priority == priority).collect();
                if !lanes.is_empty() {
                    let mut row = topic_row(&topic.name, priority, &lanes, &lanes_before, time);
                    row.gaps = gaps.as_ref().and_then(|gaps| gaps.get(&(topic.name.clone(), priority)).cloned());
                    topics.push(row);
                }
            }
        }
        Self {
            bus: now.bus.clone(),
            time,
            topics,
            participants: now
                .participants
                .iter()
                .map(|participant| participant_row(participant, before, now, time, own))
                .collect(),
            inboxes: now.inboxes.iter().map(|inbox| inbox_row(inbox, before, time)).collect(),
            queues: QueueRow::all(before, now, time),
            with_gaps: gaps.is_some(),
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let topics = self.topics.iter().map(TopicRow::to_json).collect::<Vec<_>>();
        let participants = self.participants.iter().map(|row| {
            json!({
                "name": row.name, "pid": row.process.pid, "pid_is_local": row.process.is_local, "state": row.state, "age_s": row.age.as_secs_f64(),
                "beats": row.beat.total, "beats_per_s": row.beat.rate, "this": row.is_own,
            })
        });
        let inboxes = self.inboxes.iter().map(|row| {
            json!({
                "name": row.name, "observer": row.observer, "topics": row.topics,
                "received": row.received.total, "received_per_s": row.received.rate, "lost": row.lost.total,
                "sleeps": row.sleeps.total, "late_wakes": row.late_wakes.total,
            })
        });
        json!({
            "bus": self.bus, "seconds": self.time.as_secs_f64(), "topics": topics,
            "participants": participants.collect::<Vec<_>>(), "inboxes": inboxes.collect::<Vec<_>>(),
            "queues": self.queues.iter().map(QueueRow::to_json).collect::<Vec<_>>(),
        })
    }
}

impl TopicRow {
    /// Messages per second that were not sent or not read.
    pub(super) fn dropped_rate(&self) -> f64 {
        self.rejected.rate + self.dropped.rate + self.timed_out.rate
    }

    fn to_json(&self) -> Value {
        json!({
            "topic": self.topic, "priority": self.priority, "publishers": self.publishers, "rate_hz": self.rate,
            "bytes_per_s": self.bytes_rate, "fill": self.fill, "laggard": self.laggard,
            "dropped_per_s": self.dropped_rate(), "rejected": self.rejected.total, "dropped_newest": self.dropped.total,
            "timed_out": self.timed_out.total, "lost": self.lost.total, "conflated": self.conflated.total,
            "gap_ms": self.gaps.as_ref().map(Gaps::to_json),
        })
    }
}

fn topic_row(
    topic: &str,
    priority: Priority,
    lanes: &[&LaneInfo],
    before: &BTreeMap<u64, &LaneInfo>,
    time: Duration,
) -> TopicRow {
    let change = |field: fn(&LaneInfo) -> u64| {
        let grown = |lane: &&LaneInfo| field(lane).saturating_sub(before.get(&lane.id).map_or(0, |lane| field(lane)));
        Change {
            rate: per_second(sum(lanes.iter().map(grown)), time),
            total: sum(lanes.iter().map(|lane| field(lane))),
        }
    };
    let share = |lane: &LaneInfo| if lane.capacity == 0 { 0.0 } else { lane.fill as f64 / lane.capacity as f64 };
    let fullest = lanes.iter().max_by(|left, right| share(left).total_cmp(&share(right)));
    TopicRow {
        topic: topic.to_owned(),
        priority: priority.name(),
        publishers: lanes.iter().filter(|lane| lane.open).count(),
        rate: change(|lane| lane.sent).rate,
        bytes_rate: change(|lane| lane.written).rate,
        fill: fullest.map_or(0.0, |lane| share(lane)),
        laggard: fullest.and_then(|lane| lane.laggard.clone()),
        rejected: change(|lane| lane.rejected),
        dropped: change(|lane| lane.dropped),
        timed_out: change(|lane| lane.timed_out),
        lost: change(|lane| lane.lost),
        conflated: change(|lane| lane.conflated),
        gaps: None,
    }
}

fn participant_row(
    participant: &ParticipantInfo,
    before: &Snapshot,
    now: &Snapshot,
    time: Duration,
    own: Option<u64>,
) -> ParticipantRow {
    let earlier = before.participants.iter().find(|earlier| earlier.id == participant.id);
    let grown = participant.beat.saturating_sub(earlier.map_or(0, |earlier| earlier.beat));
    let is_own = own == Some(participant.id);
    let state = match participant {
        // It takes snapshots, and has no heartbeat.
        _ if is_own => "alive",
        participant if !participant.alive => "dead",
        participant if participant.stopped => "stopped",
        participant if hangs(participant, before, now) => "hanging",
        _ => "alive",
    };
    let (name, process, age) = (participant.name.clone(), participant.process, participant.age);
    let beat = Change { rate: per_second(grown, time), total: participant.beat };
    ParticipantRow { name, process, is_own, state, age, beat }
}

fn inbox_row(inbox: &InboxInfo, before: &Snapshot, time: Duration) -> InboxRow {
    let same = |earlier: &&InboxInfo| earlier.name == inbox.name && earlier.participant == inbox.participant;
    let earlier = before.inboxes.iter().find(same);
    let change = |field: fn(&InboxInfo) -> u64| Change {
        rate: per_second(field(inbox).saturating_sub(earlier.map_or(0, field)), time),
        total: field(inbox),
    };
    InboxRow {
        name: inbox.name.clone(),
        observer: inbox.observer,
        topics: inbox.topics.len(),
        received: change(|inbox| inbox.received),
        lost: change(|inbox| inbox.lost),
        sleeps: change(|inbox| inbox.sleeps),
        late_wakes: change(|inbox| inbox.late_wakes),
    }
}
