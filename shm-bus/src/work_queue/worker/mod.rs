//! One worker of a queue: takes the most urgent message that nobody else holds.
//!
//! A worker is entered in the table of inboxes, without a file: the entry names it as an owner of claims, and has a doorbell.
//!
//! # Invariants
//! 1. A worker holds at most one message, which a [`Job`] stands for; one whose job was forgotten is given back before the next.
//! 2. `lanes` is sorted by priority, producer and id; `levels` are its four stretches.
//!
//! # Failure
//! A message whose record makes no sense is taken out of the queue and counted. A worker that can't map a new lane says so at every
//! take until it can.

mod dead;
mod job;
mod lanes;
mod wait;

pub use dead::DeadLetter;
pub use job::{Job, JobError};
pub(super) use wait::signal;

use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use super::make_place::inspect;
use super::spec::{QueueError, QueueSpec, find_or_add_queue};
use crate::bell::SLICE;
use crate::claims::{self, Claim, Count, Event, Owner, Register, State};
use crate::control::GivenUp;
use crate::inbox::{SkipCredits, bytes_of};
use crate::membership::{Change, Shared, text_fits};
use crate::sys::monotonic_ns;
use crate::wire::{Header, Policy, Priority};
use lanes::WorkLane;
use wait::wake_one;

/// Why nothing could be taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TakeError {
    /// A new lane could not be mapped; tried again at the next call.
    #[error("can't map the lane of producer `{producer}` on queue `{queue}`")]
    Lane {
        /// The queue.
        queue: String,
        /// The lane's producer.
        producer: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The system can't let it sleep.
    #[error("can't wait for work")]
    Sleep(#[source] std::io::Error),
    /// Others no longer find the bus: its folder, the runtime folder or the register was deleted, moved or replaced.
    #[error("bus `{bus}` was removed: its folder was deleted, moved or replaced; open it again")]
    Removed {
        /// The bus.
        bus: String,
    },
    /// This process was forked from the one that opened the bus; only that may use its handles.
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
    levels: [Range<usize>; 4],
    /// For each level, the lane whose turn it is, counted from the level's first.
    turns: [usize; 4],
    credits: SkipCredits,
    /// Epoch of the lane directory that `lanes` reflects.
    epoch: Option<u64>,
    payload: Vec<u64>,
    /// What it holds, and its lane's index in `lanes`.
    held: Option<(usize, Claim)>,
    /// Takes since the tables were last looked through.
    takes: u32,
    /// Looks that found nothing.
    dry: u64,
    /// When that was.
    inspected: Option<Instant>,
    /// Producers look at this worker's doorbell.
    rings: bool,
    /// Somebody may have rung for more than the next message.
    passes_on: bool,
}

impl Worker {
    /// After so many messages taken, it looks whether somebody died who holds some.
    const TAKES_PER_INSPECTION: u32 = 256;
    /// Attempts of one take, each of which another worker won.
    const ATTEMPTS_MAX: usize = 64;

    pub(crate) fn new(shared: Arc<Shared>, queue: &QueueSpec<'_>, name: &str) -> Result<Self, QueueError> {
        text_fits(name)?;
        let change = Change::begin(&shared)?;
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
            levels: [0..0, 0..0, 0..0, 0..0],
            turns: [0; 4],
            credits: SkipCredits::default(),
            epoch: None,
            payload: Vec::new(),
            held: None,
            takes: 0,
            dry: 0,
            inspected: None,
            rings: false,
            passes_on: false,
            shared,
        })
    }

    /// The most urgent message that waits, if any; less urgent ones in between as in [`Inbox::receive`](crate::Inbox::receive). It is
    /// this worker's alone until the job ends.
    ///
    /// # Errors
    /// See [`TakeError`].
    pub fn take(&mut self) -> Result<Option<Job<'_>>, TakeError> {
        self.refuse_forked()?;
        self.give_back_held();
        self.shared.beat();
        self.refresh()?;
        self.takes += 1;
        if self.takes >= Self::TAKES_PER_INSPECTION {
            self.inspect();
        }
        let mut found = self.find();
        if found.is_none() && self.inspection_is_due() && self.inspect() {
            found = self.find();
        }
        if found.is_none() {
            self.found_nothing()?;
        }
        Ok(found.map(|(lane, claim, header)| self.job(lane, claim, header)))
    }

    fn refuse_forked(&self) -> Result<(), TakeError> {
        if self.shared.is_forked() { Err(TakeError::Forked { bus: self.shared.name.clone() }) } else { Ok(()) }
    }

    /// Counts a look that found nothing. Says so if the bus was removed: then nothing more comes.
    fn found_nothing(&mut self) -> Result<(), TakeError> {
        self.dry = self.dry.wrapping_add(1);
        if self.shared.is_removed_at(self.dry) {
            return Err(TakeError::Removed { bus: self.shared.name.clone() });
        }
        Ok(())
    }

    /// Looks through all claims: what the dead hold is given back, drained lanes are left. Whether a message is free again.
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

    /// Whether long enough nothing was looked through. Who finds nothing to do has the time.
    pub(super) fn inspection_is_due(&self) -> bool {
        self.inspected.is_none_or(|last| last.elapsed() >= SLICE)
    }

    /// Claims and reads the next message of the level whose turn it is.
    fn find(&mut self) -> Option<(usize, Claim, Header)> {
        for _ in 0..Self::ATTEMPTS_MAX {
            let waiting = self.waiting();
            let level = self.credits.choose(waiting)?;
            let Some((lane, claim)) = self.claim(level) else { continue };
            self.credits.served(level, waiting);
            if let Some(header) = self.read(lane, &claim) {
                return Some((lane, claim, header));
            }
        }
        None
    }

    fn claim(&mut self, level: Priority) -> Option<(usize, Claim)> {
        let range = self.levels[level as usize].clone();
        let turn = self.turns[level as usize];
        for step in 0..range.len() {
            let at = (turn + step) % range.len();
            if let Some(claim) = self.lanes[range.start + at].claim(self.owner) {
                self.turns[level as usize] = at + 1;
                return Some((range.start + at, claim));
            }
        }
        None
    }

    /// Copies a message that was just claimed; one that makes no sense is done with.
    fn read(&mut self, lane: usize, claim: &Claim) -> Option<Header> {
        let WorkLane { ring, geometry, table, .. } = &self.lanes[lane];
        let what = (claim.sequence, claim.position);
        match claims::read(ring, *geometry, what, &mut self.payload) {
            Ok(header) if table.still_holds(claim) => Some(header),
            Ok(_) => None,
            Err(fault) => {
                tracing::warn!(
                    queue = self.queue,
                    lane = self.lanes[lane].id,
                    sequence = claim.sequence,
                    ?fault,
                    "a message of a work queue can't be read"
                );
                table.release(claim, Event::Finish(self.owner));
                table.add(Count::Corrupt, 1);
                None
            }
        }
    }

    fn job(&mut self, lane: usize, claim: Claim, header: Header) -> Job<'_> {
        let WorkLane { id, priority, table, .. } = &self.lanes[lane];
        let (id, priority) = (*id, *priority);
        table.note_time(&claim, monotonic_ns());
        table.add(Count::Redelivered, (claim.word.deliveries > 1).into());
        self.held = Some((lane, claim));
        if std::mem::take(&mut self.passes_on) && self.something_waits() {
            wake_one(&self.shared, self.topic);
        }
        let len = header.length as usize - crate::wire::HEADER_BYTES;
        let (deliveries, sequence, sender) = (claim.word.deliveries, claim.sequence, header.sender);
        Job { deliveries, priority, lane: id, sequence, sender, len, worker: self, ended: false }
    }

    pub(super) fn payload(&self, len: usize) -> &[u8] {
        &bytes_of(&self.payload)[..len]
    }

    pub(super) const fn schema_hash(&self) -> u64 {
        self.schema_hash
    }

    pub(super) fn held_from(&self) -> &str {
        self.held.as_ref().map_or("", |(lane, _)| &self.lanes[*lane].producer)
    }

    pub(super) fn finish_held(&mut self) -> Result<(), JobError> {
        let (lane, _) = self.release_held(Event::Finish(self.owner)).ok_or_else(|| self.lost())?;
        if self.wakes_producers {
            wait::wake_producer(&self.shared, self.lanes[lane].index);
        }
        Ok(())
    }

    pub(super) fn renew_held(&mut self) -> Result<(), JobError> {
        self.release_held(Event::Renew(self.owner)).ok_or_else(|| self.lost())?;
        wake_one(&self.shared, self.topic);
        Ok(())
    }

    pub(super) fn give_back_held(&mut self) {
        match self.release_held(Event::Return(self.owner, self.deliveries_max)) {
            Some((lane, State::Dead)) => {
                self.lanes[lane].table.add(Count::DeadLetters, 1);
                if self.wakes_producers {
                    // It gives way to a producer that needs its place.
                    wait::wake_producer(&self.shared, self.lanes[lane].index);
                }
            }
            Some(_) => {
                wake_one(&self.shared, self.topic);
            }
            None => {}
        }
    }

    /// Why it no longer holds what it held.
    fn lost(&self) -> JobError {
        if self.shared.is_forked() { JobError::Forked } else { JobError::Lost }
    }

    /// Ends the claim on what it holds; from which lane that was, and what it became.
    fn release_held(&mut self, event: Event) -> Option<(usize, State)> {
        if self.shared.is_forked() {
            return None;
        }
        let (lane, claim) = self.held.take()?;
        Some((lane, self.lanes[lane].table.release(&claim, event)?))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if self.shared.is_forked() {
            return;
        }
        self.give_back_held();
        let control = &self.shared.control;
        if control.inbox(self.index).is_some_and(|entry| entry.id == self.id) {
            control.give_up(GivenUp::Inbox(self.index));
        }
        // Somebody may have rung this worker only.
        if self.rings && self.something_waits() {
            wake_one(&self.shared, self.topic);
        }
        Change::clear_given_up(&self.shared);
    }
}
