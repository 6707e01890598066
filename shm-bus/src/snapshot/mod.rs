//! What a bus holds at one moment, for tools. Taken without any lock and without the game's help.
//!
//! # Failure
//! What goes away while the snapshot is taken is left out.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::control::{
    Build, InboxEntry, LANES_MAX, LaneEntry, LaneState, Limits, Process, RegisterTable, SpoiltEntry, TopicEntry,
    Version,
};
use crate::inbox_file::{Count, InboxFile, LaneCount};
use crate::lane::{Cursor, HEAD, OLDEST, Place, SENT, Tally};
use crate::membership::View;
use crate::request::{ClientCounts, ServerCounts, ServiceSpec};
use crate::sync::{AtomicU64, Ordering};
use crate::topic::{Declaration, TopicSpec};
use crate::wire::{Policy, Priority};
use crate::work_queue::QueueInfo;

/// What a bus holds at one moment, for tools. Taken without any lock, by [`Bus::snapshot`](crate::Bus::snapshot), or without taking
/// part by [`peek`](crate::peek).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Snapshot {
    /// The bus's name.
    pub bus: String,
    /// Who made it and in which format; `None` when these words make no sense any more.
    pub creator: Option<Build>,
    /// How much it may hold.
    pub limits: Limits,
    /// Bytes of all its segments.
    pub bytes: u64,
    /// Who is changing it at this moment, if anybody. One that stays is stopped.
    pub changing: Option<Process>,
    /// Who takes part.
    pub participants: Vec<ParticipantInfo>,
    /// Which topics there are, sorted by name.
    pub topics: Vec<TopicInfo>,
    /// Who reads.
    pub inboxes: Vec<InboxInfo>,
    /// Entries of the register that are in use and make no sense: somebody writes where it must not.
    pub spoilt: Vec<SpoiltInfo>,
    /// Which of the topics are work queues, and who works on what, sorted by name.
    pub queues: Vec<QueueInfo>,
    /// Names of files that the register says are there and that are not: somebody removed them. Who has them mapped goes on; nobody else
    /// can use them.
    pub missing: Vec<String>,
}

/// An entry of the register that is in use and makes no sense. It keeps its place until its owner is dead; without one that can be told,
/// until all have left who were there when it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpoiltInfo {
    /// Where it is.
    pub table: RegisterTable,
    /// Which one, from 0.
    pub index: usize,
    /// The participant slot that it names as its owner's.
    pub owner: Option<usize>,
}

/// One attached process or handle.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ParticipantInfo {
    /// Its slot.
    pub slot: usize,
    /// Its id, never given again on this bus.
    pub id: u64,
    /// Its program's name.
    pub name: String,
    /// Its process id, in its own namespace. What tells it from others is its [`id`](Self::id).
    pub pid: u32,
    /// Its process, as one can speak of it here.
    pub process: Process,
    /// Whether it lives, as far as the kernel tells; a stopped one does.
    pub alive: bool,
    /// Whether its process is stopped, as by Ctrl-Z; `false` where the system does not tell.
    pub stopped: bool,
    /// How long ago it attached, by the system's clock.
    pub age: Duration,
    /// Grows while it gets on; see [`Bus::beat`](crate::Bus::beat).
    pub beat: u64,
    /// Version of the format that its build knows.
    pub version: Version,
    /// Features that its build knows.
    pub features: u64,
}

/// One topic.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TopicInfo {
    /// Its name.
    pub name: String,
    /// Name of the type that it carries.
    pub type_name: String,
    /// Schema of that type; see [`schema::Fields`](crate::schema::Fields).
    pub schema: String,
    /// Hash of the schema.
    pub schema_hash: u64,
    /// Bytes of one message.
    pub message_size: u32,
    /// What happens when a lane has no room.
    pub policy: Policy,
    /// Messages of its lanes that have ended, for as long as anybody knows the topic.
    pub ended: u64,
    /// Whether somebody publishes it or is waited for. Observers alone keep no declaration: whoever comes may declare it otherwise.
    pub held: bool,
    /// Who publishes it, sorted by priority and publisher.
    pub lanes: Vec<LaneInfo>,
}

/// One lane.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LaneInfo {
    /// Its id, never given again on this bus.
    pub id: u64,
    /// Its priority.
    pub priority: Priority,
    /// Its publisher's name.
    pub publisher: String,
    /// Its publisher's participant slot.
    pub participant: usize,
    /// Whether its publisher may still send.
    pub open: bool,
    /// Bytes of its ring.
    pub capacity: u64,
    /// Messages sent.
    pub sent: u64,
    /// Bytes written, with headers and filler.
    pub written: u64,
    /// Messages given out by the inboxes that read it now, as they told when they last found it dry, or at an eighth of its ring.
    pub received: u64,
    /// Messages that the inboxes which read it now lost to overwriting.
    pub lost: u64,
    /// Messages that the inboxes which read it now skipped for newer ones.
    pub conflated: u64,
    /// Messages given back because there was no room, or because they were too long.
    pub rejected: u64,
    /// New messages that were dropped for want of room.
    pub dropped: u64,
    /// Messages given back after waiting for room.
    pub timed_out: u64,
    /// Messages that had to wait for room.
    pub waited: u64,
    /// Inboxes that its messages have woken.
    pub wakes: u64,
    /// Most bytes that a gating inbox was seen to be behind.
    pub high_water: u64,
    /// Inboxes that are no longer waited for because their cursor was impossible.
    pub faulty: u64,
    /// Inboxes that read its topic but have left it because of an impossible word.
    pub corrupt: u64,
    /// Bytes that the slowest gating inbox has yet to say it has read; at most `capacity`.
    pub fill: u64,
    /// Name of that inbox, if it has yet to read something.
    pub laggard: Option<String>,
}

/// One inbox.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InboxInfo {
    /// Its name.
    pub name: String,
    /// Its owner's participant slot.
    pub participant: usize,
    /// Whether publishers do not wait for it.
    pub observer: bool,
    /// Names of the topics that it reads.
    pub topics: Vec<String>,
    /// Messages given out.
    pub received: u64,
    /// Messages overwritten unread.
    pub lost: u64,
    /// Messages skipped for newer ones.
    pub conflated: u64,
    /// Lanes left because of an impossible word.
    pub corrupt: u64,
    /// Lanes left because the inbox was too slow for them.
    pub evicted: u64,
    /// Times slept.
    pub sleeps: u64,
    /// Times that something was found after a sleep that nobody had ended.
    pub late_wakes: u64,
    /// Messages served before more urgent ones because their level had waited long enough.
    pub starvation: u64,
    /// If it is a client's of the service `name`: what became of the client's requests.
    pub client: Option<ClientCounts>,
    /// If it is the server's of the service `name`: what became of the requests to it.
    pub server: Option<ServerCounts>,
}

impl From<&Declaration> for TopicInfo {
    /// The topic as it was declared, and nothing of who uses it.
    fn from(declaration: &Declaration) -> Self {
        let Declaration { name, type_name, schema, schema_hash, message_size, policy } = declaration.clone();
        Self { name, type_name, schema, schema_hash, message_size, policy, ended: 0, held: false, lanes: Vec::new() }
    }
}

/// An inbox with its file.
type Open = (InboxEntry, InboxFile);

impl Snapshot {
    pub(crate) fn take(view: View<'_>) -> Self {
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
        // Of a name that is declared twice for a moment, the declaration that counts comes first.
        topics.sort_by_cached_key(|entry| (entry.name.clone(), std::cmp::Reverse(control.rank(entry))));
        let queues = crate::work_queue::queue_infos(view, &topics, &lanes);
        let inbox_infos = inboxes.iter().map(|inbox| inbox_info(inbox, &topics)).collect();
        // Observers alone may still name a former declaration.
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
            spoilt: control.spoilt().map(|entry| spoilt_info(&entry)).collect(),
            queues,
            missing: view.missing_files(),
        }
    }
}

const fn spoilt_info(entry: &SpoiltEntry) -> SpoiltInfo {
    SpoiltInfo { table: entry.table, index: entry.index, owner: entry.owner }
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
        match cursor.place {
            _ if cursor.generation != lane.generation() => head.saturating_sub(oldest),
            Place::At(position) => head.saturating_sub(position),
            Place::Done => 0,
        }
    };
    let gating = inboxes.iter().filter(|(entry, _)| entry.gates(lane.topic));
    let slowest = gating.map(|inbox| (behind(inbox), &inbox.0.name)).max().filter(|(fill, _)| *fill > 0);
    let open = lane.state == LaneState::Open;
    let left = |(entry, inbox): &&Open| {
        let cursor = Cursor::decode(inbox.cursor(lane.index).load(Ordering::Relaxed));
        entry.reads(lane.topic) && cursor == Cursor { generation: lane.generation(), place: Place::Done }
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
        sum((0..LANES_MAX).map(|index| file.lane_count(index, lane_count))).wrapping_add(file.count(count))
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

/// The sum of counters, which may hold anything.
fn sum<'a>(counters: impl Iterator<Item = &'a AtomicU64>) -> u64 {
    counters.fold(0, |sum, counter| sum.wrapping_add(counter.load(Ordering::Relaxed)))
}
