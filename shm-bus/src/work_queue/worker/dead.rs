//! Dead letters: messages that came back after their last permitted delivery.

use super::job::Job;
use super::lanes::WorkLane;
use super::{TakeError, Worker};
use crate::claims::{self, Event};
use crate::wire::Priority;

/// A dead letter that nobody has taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeadLetter {
    /// Id of its lane.
    pub lane: u64,
    /// Its number in its lane, from 0.
    pub sequence: u64,
    /// Name of its producer.
    pub producer: String,
    /// Priority at which it was sent.
    pub priority: Priority,
    /// Number of its deliveries.
    pub deliveries: u8,
    /// What was sent.
    pub payload: Vec<u8>,
}

impl Worker {
    /// The queue's dead letters, most urgent first. They stay in the queue.
    ///
    /// # Errors
    /// See [`TakeError`].
    pub fn dead_letters(&mut self) -> Result<Vec<DeadLetter>, TakeError> {
        self.refuse_forked()?;
        self.give_back_held();
        self.refresh()?;
        self.inspect();
        let mut letters = Vec::new();
        for lane in &self.lanes {
            for claim in lane.table.dead() {
                let what = (claim.sequence, claim.position);
                let Ok(header) = claims::read(&lane.ring, lane.geometry, what, &mut self.payload) else { continue };
                if !lane.table.still_holds(&claim) {
                    continue;
                }
                let len = header.length as usize - crate::wire::HEADER_BYTES;
                letters.push(DeadLetter {
                    lane: lane.id,
                    sequence: claim.sequence,
                    producer: lane.producer.clone(),
                    priority: lane.priority,
                    deliveries: claim.word.deliveries,
                    payload: crate::inbox::bytes_of(&self.payload)[..len].to_vec(),
                });
            }
        }
        Ok(letters)
    }

    /// Takes the most urgent dead letter, if any. `done` removes it, `renew` puts it back into the queue as new, and giving it back leaves
    /// it a dead letter.
    ///
    /// # Errors
    /// See [`TakeError`].
    pub fn take_dead_letter(&mut self) -> Result<Option<Job<'_>>, TakeError> {
        self.refuse_forked()?;
        self.give_back_held();
        self.refresh()?;
        self.inspect();
        for _ in 0..Self::ATTEMPTS_MAX {
            let owner = self.owner;
            let claimed =
                |(index, lane): (usize, &WorkLane)| Some((index, lane.table.claim_again(Event::ClaimDead(owner))?));
            let Some((lane, claim)) = self.lanes.iter().enumerate().find_map(claimed) else { break };
            if let Some(header) = self.read(lane, &claim) {
                return Ok(Some(self.job(lane, claim, header)));
            }
        }
        Ok(None)
    }
}
