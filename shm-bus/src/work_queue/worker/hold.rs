//! What a worker holds: the payload of one message, and the claim on it. Knows no jobs, which are built on it.
//!
//! # Failure
//! A peer that breaks the protocol may change the claim. The worker has then lost it, and returns an error.

use super::Worker;
use crate::claims::{Event, State};
use crate::inbox::bytes_of;
use crate::layout::claims::Count;
use crate::outgoing::wake_for_room;
use crate::work_queue::wake::wake_one;

/// Why a job could not be ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// A peer that breaks the protocol has changed its claim; another worker may have the message.
    #[error("the job was taken away by a process that breaks the protocol")]
    Lost,
    /// This process was forked from the one that took the job; only that may end it.
    #[error("the job was taken before this process was forked; only the parent can end it")]
    Forked,
}

impl Worker {
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
            wake_for_room(&self.shared, self.lanes[lane].index);
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
                    // It is dropped when its producer needs the room.
                    wake_for_room(&self.shared, self.lanes[lane].index);
                }
            }
            Some(_) => {
                wake_one(&self.shared, self.topic);
            }
            None => {}
        }
    }

    /// Why the worker no longer holds its message.
    fn lost(&self) -> JobError {
        if self.shared.is_forked() { JobError::Forked } else { JobError::Lost }
    }

    /// Ends the claim on the held message; returns its lane, and the claim's new state.
    fn release_held(&mut self, event: Event) -> Option<(usize, State)> {
        if self.shared.is_forked() {
            return None;
        }
        let (lane, claim) = self.held.take()?;
        Some((lane, self.lanes[lane].table.release(&claim, event)?))
    }
}
