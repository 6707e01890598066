//! What the work queues hold at one moment, for tools. Reads only.
//!
//! # Failure
//! What goes away meanwhile is left out; figures of one lane need not belong to one moment.

use std::time::Duration;

use crate::claims::{ClaimWord, Claims, Count, Owner, State, Table, open_table};
use crate::control::{InboxEntry, LaneEntry, LaneState, TopicEntry};
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
    /// Who puts work into it, sorted by priority and producer.
    pub lanes: Vec<QueueLaneInfo>,
    /// Who works on it.
    pub workers: Vec<WorkerInfo>,
}

/// One producer's messages of one priority. Sent ones that neither wait, nor are claimed, nor are dead letters are done.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct QueueLaneInfo {
    /// Its id, never given again on this bus.
    pub id: u64,
    /// Its priority.
    pub priority: Priority,
    /// Its producer's name.
    pub producer: String,
    /// Whether its producer may still send.
    pub open: bool,
    /// Messages that can be under way.
    pub claims: u64,
    /// Messages sent.
    pub sent: u64,
    /// Messages that nobody holds.
    pub waiting: u64,
    /// Of those, messages that were delivered before.
    pub returned: u64,
    /// Messages that somebody holds.
    pub claimed: Vec<ClaimInfo>,
    /// Messages done with; dropped dead letters and unreadable ones among them.
    pub done: u64,
    /// Dead letters that wait to be taken.
    pub dead_letters: u64,
    /// Messages that ever became dead letters.
    pub dead_lettered: u64,
    /// Dead letters dropped because their producer needed the place; those of former lanes that gave way to this one among them.
    pub dead_dropped: u64,
    /// Deliveries of messages that had been delivered before.
    pub redelivered: u64,
    /// Messages taken from workers that had died.
    pub reclaimed: u64,
    /// Messages that could not be read.
    pub corrupt: u64,
}

impl QueueLaneInfo {
    /// Whether it stays only for its dead letters: its producer is gone, and all else is done.
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
    /// Which delivery this is.
    pub deliveries: u8,
    /// Its holder's name; empty when that is gone.
    pub worker: String,
    /// Its holder's participant slot; none when that is gone.
    pub participant: Option<usize>,
    /// Its holder's process id, in its own namespace.
    pub pid: Option<u32>,
    /// How its holder is.
    pub holder: Holder,
    /// For how long.
    pub held: Duration,
}

/// How the holder of a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Holder {
    /// It lives, and as far as the system tells it runs.
    Working,
    /// Its process is stopped. It keeps the message until it goes on or dies. Only Linux tells.
    Stopped,
    /// It died or left: the message will be given to another worker.
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
    /// How its process is.
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
