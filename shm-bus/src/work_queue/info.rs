//! Contents of the work queues at one moment, for tools. Only reads.
//!
//! # Failure
//! Entries that disappear meanwhile are left out; figures of one lane need not belong to one moment.

use std::time::Duration;

use crate::claims::{ClaimWord, Claims, Owner, State, Table, open_table};
use crate::control::{InboxEntry, LaneEntry, LaneState, TopicEntry};
use crate::layout::claims::Count;
use crate::membership::View;
use crate::runtime::Access;
use crate::sys::monotonic_ns;
use crate::wire::Priority;

/// One work queue.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct QueueInfo {
    /// Its topic's name.
    pub name: String,
    /// Deliveries after which a message becomes a dead letter.
    pub deliveries_max: u8,
    /// Its producers' lanes, sorted by priority and producer.
    pub lanes: Vec<QueueLaneInfo>,
    /// Its workers.
    pub workers: Vec<WorkerInfo>,
}

/// One producer's messages of one priority. A sent message that neither waits, nor is claimed, nor is a dead letter is done.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct QueueLaneInfo {
    /// Its id, never reused on this bus.
    pub id: u64,
    /// Its priority.
    pub priority: Priority,
    /// Its producer's name.
    pub producer: String,
    /// Whether its producer may still send.
    pub open: bool,
    /// Maximum number of messages that are sent and not done.
    pub claims: u64,
    /// Messages sent.
    pub sent: u64,
    /// Messages that nobody holds.
    pub waiting: u64,
    /// The part of `waiting` that was delivered before.
    pub returned: u64,
    /// Messages that somebody holds.
    pub claimed: Vec<ClaimInfo>,
    /// Messages that are done, including dropped dead letters and unreadable ones.
    pub done: u64,
    /// Dead letters that wait to be taken.
    pub dead_letters: u64,
    /// Messages that ever became dead letters.
    pub dead_lettered: u64,
    /// Dead letters dropped because their producer needed the room, including those of former lanes that were removed for this one.
    pub dead_dropped: u64,
    /// Repeated deliveries.
    pub redelivered: u64,
    /// Messages taken from workers that had died.
    pub reclaimed: u64,
    /// Messages that could not be read.
    pub corrupt: u64,
}

impl QueueLaneInfo {
    /// Whether it stays only for its dead letters: its producer is gone, and everything else is done.
    #[must_use]
    pub fn is_kept_by_dead_letters(&self) -> bool {
        !self.open && self.dead_letters > 0 && self.waiting == 0 && self.claimed.is_empty()
    }
}

/// A message that somebody holds.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClaimInfo {
    /// Its number in its lane.
    pub sequence: u64,
    /// Number of this delivery.
    pub deliveries: u8,
    /// Its holder's name; empty if the holder is gone.
    pub worker: String,
    /// Its holder's participant slot; `None` if the holder is gone.
    pub participant: Option<usize>,
    /// Its holder's process id, in its own namespace.
    pub pid: Option<u32>,
    /// State of its holder.
    pub holder: Holder,
    /// Time since it was taken.
    pub held: Duration,
}

/// State of a message's holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Holder {
    /// It lives and, as far as the system tells, runs.
    Working,
    /// Its process is stopped. It keeps the message until it continues or dies. Only Linux reports this.
    Stopped,
    /// It died or left: another worker will get the message.
    Gone,
}

/// One worker.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WorkerInfo {
    /// Its name.
    pub name: String,
    /// Its owner's participant slot.
    pub participant: usize,
    /// State of its process.
    pub state: Holder,
}

/// All work queues.
pub(crate) fn queue_infos(view: View<'_>, topics: &[TopicEntry], lanes: &[LaneEntry]) -> Vec<QueueInfo> {
    let queues = topics.iter().filter(|topic| topic.deliveries_max > 0);
    queues.map(|topic| queue_info(view, topic, lanes)).collect()
}

fn queue_info(view: View<'_>, topic: &TopicEntry, lanes: &[LaneEntry]) -> QueueInfo {
    let workers: Vec<InboxEntry> =
        view.control.inboxes().filter(|entry| entry.worker && entry.reads(topic.index)).collect();
    let lanes = lanes.iter().filter(|lane| lane.topic == topic.index && lane.claims > 0);
    let mut lanes: Vec<_> = lanes.filter_map(|lane| lane_info(view, lane, &workers)).collect();
    lanes.sort_by(|left, right| {
        (left.priority, &left.producer, left.id).cmp(&(right.priority, &right.producer, right.id))
    });
    let workers = workers.into_iter().map(|entry| WorkerInfo {
        state: state_of(view, entry.participant),
        name: entry.name,
        participant: entry.participant,
    });
    QueueInfo { name: topic.name.clone(), deliveries_max: topic.deliveries_max, lanes, workers: workers.collect() }
}

fn lane_info(view: View<'_>, lane: &LaneEntry, workers: &[InboxEntry]) -> Option<QueueLaneInfo> {
    let table = open_table(view.store, lane, Access::Peek).ok()?;
    let head = view.open_lane_head(lane.id, lane.capacity).ok()?;
    let sent = head.sent();
    let mut words: Vec<_> = table.under_way(sent).collect();
    words.retain(|(_, word)| !matches!(word.state, State::Empty | State::Done));
    let number = |state| words.iter().filter(|(_, word)| word.state == state).count() as u64;
    let held = words.iter().filter(|(_, word)| word.state == State::Claimed);
    let mut claimed: Vec<_> =
        held.map(|(place, word)| claim_info(view, &table, sent, *place, *word, workers)).collect();
    claimed.sort_by_key(|claim| claim.sequence);
    Some(QueueLaneInfo {
        id: lane.id,
        priority: lane.priority,
        producer: lane.publisher.clone(),
        open: lane.state == LaneState::Open,
        claims: lane.claims,
        sent,
        waiting: number(State::Free),
        returned: words.iter().filter(|(_, word)| word.state == State::Free && word.deliveries > 0).count() as u64,
        claimed,
        done: sent.saturating_sub(words.len() as u64),
        dead_letters: number(State::Dead),
        dead_lettered: table.count(Count::DeadLetters),
        dead_dropped: table.count(Count::DeadDropped),
        redelivered: table.count(Count::Redelivered),
        reclaimed: table.count(Count::Reclaimed),
        corrupt: table.count(Count::Corrupt),
    })
}

fn claim_info<C: Claims>(
    view: View<'_>,
    table: &Table<C>,
    sent: u64,
    (low, since): (u64, u64),
    word: ClaimWord,
    workers: &[InboxEntry],
) -> ClaimInfo {
    let owner = workers.iter().find(|entry| Owner::new(entry.index, entry.id) == word.owner);
    let participant = owner.map(|entry| entry.participant);
    // The last sequence before `sent` with these low bits.
    let span = 1 << table.sequence_bits();
    let sequence = sent.saturating_sub(1) / span * span + low;
    ClaimInfo {
        sequence: if sequence >= sent && sequence >= span { sequence - span } else { sequence },
        deliveries: word.deliveries,
        worker: owner.map(|entry| entry.name.clone()).unwrap_or_default(),
        participant,
        pid: participant.and_then(|slot| view.control.participant(slot)).map(|entry| entry.pid()),
        holder: participant.map_or(Holder::Gone, |slot| state_of(view, slot)),
        held: Duration::from_nanos(monotonic_ns().saturating_sub(since)),
    }
}

fn state_of(view: View<'_>, slot: usize) -> Holder {
    match slot {
        _ if !view.is_alive(slot) => Holder::Gone,
        _ if view.is_stopped(slot) => Holder::Stopped,
        _ => Holder::Working,
    }
}
