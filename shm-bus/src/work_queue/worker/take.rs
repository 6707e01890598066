//! Takes the most urgent message that nobody else holds.
//!
//! # Failure
//! A message with an invalid record is removed from the queue and counted.

use super::job::Job;
use super::lanes::WorkLane;
use super::{TakeError, Worker};
use crate::claims::{self, Claim, Event};
use crate::layout::claims::Count;
use crate::sys::monotonic_ns;
use crate::wire::{HEADER_BYTES, Header};
use crate::work_queue::wake::wake_one;

impl Worker {
    /// Takes the most urgent message that waits, if any; less urgent ones are served in between as in
    /// [`Inbox::receive`](crate::Inbox::receive). Nobody else gets the message until the job ends.
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

    /// Claims and reads the next message of the level whose turn it is.
    fn find(&mut self) -> Option<(usize, Claim, Header)> {
        for _ in 0..Self::ATTEMPTS_MAX {
            let waiting = self.waiting();
            let level = self.schedule.choose(waiting)?;
            let Self { schedule, lanes, owner, .. } = self;
            let Some((lane, claim)) = schedule.in_turn(level, |lane| lanes[lane].claim(*owner)) else { continue };
            self.schedule.served(level, waiting);
            if let Some(header) = self.read(lane, &claim) {
                return Some((lane, claim, header));
            }
        }
        None
    }

    /// Copies a message that was just claimed; marks an invalid one as done.
    pub(super) fn read(&mut self, lane: usize, claim: &Claim) -> Option<Header> {
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
                    "a message of a work queue cannot be read"
                );
                table.release(claim, Event::Finish(self.owner));
                table.add(Count::Corrupt, 1);
                None
            }
        }
    }

    pub(super) fn job(&mut self, lane: usize, claim: Claim, header: Header) -> Job<'_> {
        let WorkLane { id, priority, table, .. } = &self.lanes[lane];
        let (id, priority) = (*id, *priority);
        table.note_time(&claim, monotonic_ns());
        table.add(Count::Redelivered, (claim.word.deliveries > 1).into());
        self.held = Some((lane, claim));
        if std::mem::take(&mut self.passes_on) && self.something_waits() {
            wake_one(&self.shared, self.topic);
        }
        let len = header.length as usize - HEADER_BYTES;
        let (deliveries, sequence, sender) = (claim.word.deliveries, claim.sequence, header.sender);
        Job { deliveries, priority, lane: id, sequence, sender, len, worker: self, ended: false }
    }
}
