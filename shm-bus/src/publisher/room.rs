//! Handles a lane without room, according to its topic's policy.
//!
//! # Failure
//! Dead inboxes may hold up a lane: they are removed from the gates, and the send is retried.

use std::time::{Duration, Instant};

use super::gates::LaneGates;
use super::{Laggards, Publisher};
use crate::lane::Refusal;
use crate::layout::lane::Tally;
use crate::membership::Change;
use crate::outgoing::{OutLane, SendError, sleep_until_room};
use crate::wire::{Policy, Priority};

impl Publisher {
    /// Minimum interval between two tests of laggards' locks: a test is a system call, while most laggards live and may make room at any
    /// moment.
    const TEST_INTERVAL: Duration = Duration::from_millis(10);

    /// Room for `len` bytes that were just refused. A wait for it ends once `goes_on` returns `false`.
    #[cold]
    pub(super) fn refused(
        &mut self,
        priority: Priority,
        len: usize,
        refusal: Refusal,
        goes_on: &mut dyn FnMut() -> bool,
    ) -> Result<usize, SendError> {
        self.shared.look_if_removed();
        self.refuse_unusable()?;
        let lane = self.lanes[priority as usize].as_mut().ok_or(SendError::NoLane(priority))?;
        if refusal == Refusal::Full {
            let now = Instant::now();
            let test = lane.gates.tested.is_none_or(|tested| now.duration_since(tested) >= Self::TEST_INTERVAL);
            if test {
                lane.gates.tested = Some(now);
            }
            if test && let Some(first) = self.without_the_dead(priority, len) {
                return Ok(first);
            }
            if let Policy::Block { timeout_ms } = self.policy
                && let Some(first) =
                    self.wait_for_room(priority, len, Duration::from_millis(timeout_ms.into()), goes_on)
            {
                return Ok(first);
            }
        }
        // This may have been detected during the wait for room.
        self.refuse_unusable()?;
        let policy = self.policy;
        let lane = self.lane(priority)?;
        Err(lane.refuse(len, refusal, policy, SendError::Full))
    }

    /// Removes dead inboxes from the gates; returns the room that this made, if any.
    fn without_the_dead(&mut self, priority: Priority, len: usize) -> Option<usize> {
        if !self.gates.drop_dead(&self.shared) {
            return None;
        }
        Change::sweep_if_free(&self.shared);
        self.reserve_now(priority, len).ok()
    }

    /// Sleeps until the inboxes have made room, at most `timeout`, and only while `goes_on`. Detects dead ones meanwhile.
    fn wait_for_room(
        &mut self,
        priority: Priority,
        len: usize,
        timeout: Duration,
        goes_on: &mut dyn FnMut() -> bool,
    ) -> Option<usize> {
        let shared = std::sync::Arc::clone(&self.shared);
        let lane = self.lanes[priority as usize].as_ref()?;
        lane.writer.tally(Tally::Waited, 1);
        let index = lane.index;
        // The messages of a batch sent so far become visible now; their reader may sleep, and makes no room before it wakes.
        self.signal(priority);
        let mut first = None;
        sleep_until_room(&shared, index, timeout, || {
            shared.beat();
            first = self.reserve_now(priority, len).ok().or_else(|| self.without_the_dead(priority, len));
            first.is_some() || shared.was_removed() || !goes_on()
        });
        first
    }

    /// Room for `len` bytes, if there is some now.
    #[inline]
    pub(super) fn reserve_now(&mut self, priority: Priority, len: usize) -> Result<usize, Refusal> {
        let Some(lane) = &mut self.lanes[priority as usize] else { return Err(Refusal::Full) };
        let OutLane { writer, index, id, gates: Laggards { faulty, .. } } = lane;
        let mut gates = LaneGates::new(&self.shared, &mut self.gates, *index, *id as u16, faulty, self.policy.gates());
        writer.begin(len, &mut gates)
    }
}
