//! What a bus holds at one moment, for tools. Taken without any lock and without the game's help.
//!
//! # Failure
//! What goes away while the snapshot is taken is left out.

mod look;
mod take;

pub use look::{peek, peek_in};

use std::time::Duration;

use crate::control::{Build, Limits, Process, RegisterTable, Version};
use crate::request::{ClientCounts, ServerCounts};
use crate::topic::Declaration;
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
