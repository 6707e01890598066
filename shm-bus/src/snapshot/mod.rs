//! The contents of a bus at one moment, for tools. Taken without any lock and without the game's help.
//!
//! # Failure
//! Entries that disappear while the snapshot is taken are left out.

mod look;
mod take;

pub use look::{peek, peek_in};

use std::time::Duration;

use crate::control::{Build, Limits, Process, RegistryTable, Version};
use crate::request::{ClientCounts, ServerCounts};
use crate::topic::Declaration;
use crate::wire::{Policy, Priority};
use crate::work_queue::QueueInfo;

/// The contents of a bus at one moment, for tools. Taken without any lock, by [`Bus::snapshot`](crate::Bus::snapshot), or without attaching
/// by [`peek`](crate::peek).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Snapshot {
    /// The bus's name.
    pub bus: String,
    /// The build that created it, and the format; `None` if these words are corrupt.
    pub creator: Option<Build>,
    /// Its limits.
    pub limits: Limits,
    /// Bytes of all its segments.
    pub bytes: u64,
    /// The process that is changing it at this moment, if any. A process that stays here is stopped.
    pub changing: Option<Process>,
    /// Its participants.
    pub participants: Vec<ParticipantInfo>,
    /// Its topics, sorted by name.
    pub topics: Vec<TopicInfo>,
    /// Its inboxes.
    pub inboxes: Vec<InboxInfo>,
    /// Corrupt entries of the registry, in use but invalid: somebody writes where it must not.
    pub corrupt: Vec<CorruptInfo>,
    /// The work queues among the topics with their workers, sorted by name.
    pub queues: Vec<QueueInfo>,
    /// Names of files that the registry lists but that don't exist: somebody removed them. Processes that have them mapped continue; nobody
    /// else can use them.
    pub missing: Vec<String>,
}

/// A corrupt entry of the registry, in use but invalid. It keeps its index until its owner is dead. If no owner can be determined, it stays
/// until everybody has left who was there when it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CorruptInfo {
    /// Its table.
    pub table: RegistryTable,
    /// Its index, from 0.
    pub index: usize,
    /// The participant slot that it names as its owner.
    pub owner: Option<usize>,
}

/// One attached process or handle.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ParticipantInfo {
    /// Its slot.
    pub slot: usize,
    /// Its id, never reused on this bus.
    pub id: u64,
    /// Its program's name.
    pub name: String,
    /// Its process id, in its own namespace. Its [`id`](Self::id) identifies it.
    pub pid: u32,
    /// Its process, as seen from this process.
    pub process: Process,
    /// Whether it lives, as far as the kernel tells; a stopped process lives.
    pub alive: bool,
    /// Whether its process is stopped, for example by Ctrl-Z; `false` if the system does not tell.
    pub stopped: bool,
    /// Time since it attached, by the system's clock.
    pub age: Duration,
    /// Its heartbeat, which grows while it makes progress; see [`Bus::beat`](crate::Bus::beat).
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
    /// Messages of its lanes that have ended, since its name took its index in the table.
    pub ended: u64,
    /// Whether a publisher or an inbox that is waited for uses it. Observers don't hold a declaration: anybody may declare it differently.
    pub held: bool,
    /// Its publishers' lanes, sorted by priority and publisher.
    pub lanes: Vec<LaneInfo>,
}

/// One lane.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LaneInfo {
    /// Its id, never reused on this bus.
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
    /// Bytes written, with headers and padding.
    pub written: u64,
    /// Messages received by current readers, as of their last cursor publication: when they last found it empty, or at an eighth of its ring.
    pub received: u64,
    /// Messages that current readers lost to overwriting.
    pub lost: u64,
    /// Messages that current readers skipped for newer ones.
    pub conflated: u64,
    /// Messages returned because there was no room, they were too long, or the lane is corrupt.
    pub rejected: u64,
    /// New messages that were dropped because there was no room.
    pub dropped: u64,
    /// Messages returned after waiting for room.
    pub timed_out: u64,
    /// Messages that had to wait for room.
    pub waited: u64,
    /// Number of inboxes that its messages have woken.
    pub wakes: u64,
    /// Most bytes that a gating inbox was seen to be behind.
    pub high_water: u64,
    /// Inboxes that are no longer waited for because their cursor was impossible.
    pub faulty: u64,
    /// Inboxes of its topic that have left it because of an impossible word.
    pub corrupt: u64,
    /// Bytes that the slowest gating inbox has not yet published as read; at most `capacity`.
    pub fill: u64,
    /// Name of that inbox, if it still has something to read.
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
    /// Messages received.
    pub received: u64,
    /// Messages overwritten unread.
    pub lost: u64,
    /// Messages skipped for newer ones.
    pub conflated: u64,
    /// Lanes left because of an impossible word.
    pub corrupt: u64,
    /// Lanes left because the inbox was too slow for them.
    pub evicted: u64,
    /// Number of sleeps.
    pub sleeps: u64,
    /// Number of messages found after a sleep that nobody had ended.
    pub late_wakes: u64,
    /// Messages served before more urgent ones because their level had waited long enough.
    pub starvation: u64,
    /// If it belongs to a client of the service `name`: the outcomes of the client's requests.
    pub client: Option<ClientCounts>,
    /// If it belongs to the server of the service `name`: the outcomes of the requests to it.
    pub server: Option<ServerCounts>,
}

impl From<&Declaration> for TopicInfo {
    /// The topic's declaration, without its users.
    fn from(declaration: &Declaration) -> Self {
        let Declaration { name, type_name, schema, schema_hash, message_size, policy } = declaration.clone();
        Self { name, type_name, schema, schema_hash, message_size, policy, ended: 0, held: false, lanes: Vec::new() }
    }
}
