//! One worker of a queue: takes the most urgent message that nobody else holds.
//!
//! A worker has an entry in the table of inboxes, without a file: the entry identifies it as an owner of claims, and has a doorbell.
//!
//! # Invariants
//! 1. A worker holds at most one message, represented by a [`Job`]; if a job was forgotten, its message is given back before the next one
//!    is taken.
//! 2. `lanes` is sorted by priority, producer and id.
//!
//! # Failure
//! A message with an invalid record is removed from the queue and counted. A worker that can't map a new lane returns the error at every
//! take until it can.

mod dead;
mod hold;
mod job;
mod lanes;
mod take;
mod wait;

pub use dead::DeadLetter;
pub use hold::JobError;
pub use job::Job;

use std::sync::Arc;
use std::time::Instant;

use super::spec::{QueueError, QueueSpec, find_or_add_queue};
use super::wake::wake_one;
use crate::bell::SLICE;
use crate::claims::{Claim, Owner, Register, inspect};
use crate::control::Abandoned;
use crate::lane::Payload;
use crate::membership::{Bus, Change, Shared, text_fits};
use crate::schedule::Schedule;
use crate::wire::Policy;
use lanes::WorkLane;

/// Why nothing could be taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TakeError {
    /// A new lane could not be mapped; the next call retries.
    #[error("cannot map the lane of producer `{producer}` on queue `{queue}`")]
    Lane {
        /// The queue.
        queue: String,
        /// The lane's producer.
        producer: String,
        /// The system's error.
        source: std::io::Error,
    },
    /// The system can't put the thread to sleep.
    #[error("cannot wait for work")]
    Sleep(#[source] std::io::Error),
    /// Others no longer find the bus: its folder, the runtime folder or the registry was deleted, moved or replaced.
    #[error("bus `{bus}` was removed: its folder was deleted, moved or replaced; open it again")]
    Removed {
        /// The bus.
        bus: String,
    },
    /// This process was forked from the one that opened the bus; only the parent may use its handles.
    #[error("bus `{bus}` was opened before this process was forked; open it here")]
    Forked {
        /// The bus.
        bus: String,
    },
}

/// One of the workers of a queue: takes the most urgent message that nobody else holds. Made by [`Bus::worker`](crate::Bus::worker).
#[derive(Debug)]
pub struct Worker {
    shared: Arc<Shared>,
    /// Index of its entry in the table of inboxes.
    index: usize,
    id: u64,
    owner: Owner,
    /// Index in the table of topics.
    topic: usize,
    queue: String,
    schema_hash: u64,
    deliveries_max: u8,
    /// Producers may sleep until there is room.
    wakes_producers: bool,
    lanes: Vec<WorkLane>,
    schedule: Schedule,
    /// Epoch of the lane table that `lanes` reflects.
    epoch: Option<u64>,
    payload: Payload,
    /// The held message, and its lane's index in `lanes`.
    held: Option<(usize, Claim)>,
    /// Number of takes since the last inspection of the tables.
    takes: u32,
    /// Number of looks that found nothing.
    dry: u64,
    /// Time of the last inspection.
    inspected: Option<Instant>,
    /// Producers check this worker's doorbell.
    rings: bool,
    /// A ring may have been for more than the next message.
    passes_on: bool,
}

impl Worker {
    /// Number of messages taken between two checks for dead holders.
    const TAKES_PER_INSPECTION: u32 = 256;
    /// Maximum number of attempts of one take; another worker won each of them.
    const ATTEMPTS_MAX: usize = 64;

    pub(crate) fn new(bus: &Bus, queue: &QueueSpec<'_>, name: &str) -> Result<Self, QueueError> {
        text_fits(name)?;
        let shared = Arc::clone(bus.shared());
        let change = Change::begin(&shared, bus.lock_timeout())?;
        let control = &shared.control;
        let limit = || QueueError::WorkerLimit { max: control.limits().inboxes };
        let index = control.free_inbox().ok_or_else(limit)?;
        let topic = find_or_add_queue(control, queue)?;
        let id = control.next_id();
        control.add_worker(index, id, shared.slot, name);
        control.subscribe_inbox(index, topic);
        control.bump_epoch();
        drop(change);
        Ok(Self {
            index,
            id,
            owner: Owner::new(index, id),
            topic,
            queue: queue.topic.name.to_owned(),
            schema_hash: queue.topic.schema_hash,
            deliveries_max: queue.deliveries_max,
            wakes_producers: matches!(queue.topic.policy, Policy::Block { .. }),
            lanes: Vec::new(),
            schedule: Schedule::default(),
            epoch: None,
            payload: Payload::default(),
            held: None,
            takes: 0,
            dry: 0,
            inspected: None,
            rings: false,
            passes_on: false,
            shared,
        })
    }

    fn refuse_forked(&self) -> Result<(), TakeError> {
        if self.shared.is_forked() { Err(TakeError::Forked { bus: self.shared.name.clone() }) } else { Ok(()) }
    }

    /// Counts a look that found nothing. Returns an error if the bus was removed: then nothing more comes.
    fn found_nothing(&mut self) -> Result<(), TakeError> {
        self.dry = self.dry.wrapping_add(1);
        if self.shared.is_removed_at(self.dry) {
            return Err(TakeError::Removed { bus: self.shared.name.clone() });
        }
        Ok(())
    }

    /// Inspects all claims: gives back messages of dead holders, and leaves drained lanes. Returns whether a message is free again.
    pub(super) fn inspect(&mut self) -> bool {
        self.takes = 0;
        self.inspected = Some(Instant::now());
        let Self { shared, lanes, deliveries_max, .. } = self;
        let mut register = Register::new(&shared.control, |slot| slot == shared.slot || shared.is_alive(slot));
        let mut free = false;
        for lane in lanes.iter_mut() {
            if inspect(&lane.table, *deliveries_max, &mut register) {
                lane.returned = None;
                free = true;
            }
        }
        self.leave_drained();
        free
    }

    /// Whether the last inspection is long enough ago. A worker that finds nothing to do has the time for it.
    pub(super) fn inspection_is_due(&self) -> bool {
        self.inspected.is_none_or(|last| last.elapsed() >= SLICE)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if self.shared.is_forked() {
            return;
        }
        self.give_back_held();
        // A producer may have rung only this worker. None rings it from here on, as it does not sleep.
        if self.rings && self.something_waits() {
            wake_one(&self.shared, self.topic);
        }
        Change::abandon(&self.shared, [(Abandoned::Inbox(self.index), self.id)]);
    }
}
