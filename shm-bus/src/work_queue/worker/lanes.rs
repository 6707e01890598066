//! The lanes that a worker takes from.

use super::{TakeError, Worker};
use crate::claims::{Claim, ClaimFile, Event, Owner, Table, open_table};
use crate::control::{LaneEntry, LaneState};
use crate::lane::{Geometry, LaneFile};
use crate::membership::Change;
use crate::runtime::Access;
use crate::schedule::Levels;
use crate::wire::Priority;

/// One lane of the queue.
#[derive(Debug)]
pub(super) struct WorkLane {
    pub(super) id: u64,
    /// Index in the lane table.
    pub(super) index: usize,
    pub(super) priority: Priority,
    pub(super) producer: String,
    pub(super) ring: LaneFile,
    pub(super) geometry: Geometry,
    pub(super) table: Table<ClaimFile>,
    /// The table's `returned` when no returned message was left; `None` means to look.
    pub(super) returned: Option<u64>,
    /// No more messages will come.
    pub(super) closed: bool,
    /// Nothing is left; its entry is to be removed.
    drained: bool,
}

impl WorkLane {
    /// Whether a message waits.
    #[inline]
    pub(super) fn waits(&mut self) -> bool {
        self.table.has_fresh() || self.none_returned().is_none()
    }

    /// Takes a message: returned ones first.
    #[inline]
    pub(super) fn claim(&mut self, owner: Owner) -> Option<Claim> {
        if self.none_returned().is_none()
            && let Some(claim) = self.table.claim_again(Event::Claim(owner))
        {
            return Some(claim);
        }
        self.table.claim_fresh(owner)
    }

    /// `Some` if no returned message is free.
    #[inline]
    fn none_returned(&mut self) -> Option<u64> {
        let returned = self.table.returned();
        if self.returned != Some(returned) {
            self.returned = (!self.table.has_returned()).then_some(returned);
        }
        self.returned
    }
}

impl Worker {
    /// The levels that hold a message.
    pub(super) fn waiting(&mut self) -> Levels {
        let Self { lanes, schedule, .. } = self;
        Levels::those(|level| lanes[schedule.lanes(level)].iter_mut().any(WorkLane::waits))
    }

    /// Whether a message waits.
    pub(super) fn something_waits(&mut self) -> bool {
        self.lanes.iter_mut().any(WorkLane::waits)
    }

    /// Adds new lanes, and marks closed and vanished ones.
    #[inline]
    pub(super) fn refresh(&mut self) -> Result<(), TakeError> {
        let epoch = self.shared.control.epoch();
        if self.epoch == Some(epoch) { Ok(()) } else { self.refresh_to(epoch) }
    }

    #[cold]
    fn refresh_to(&mut self, epoch: u64) -> Result<(), TakeError> {
        let entries: Vec<LaneEntry> =
            self.shared.control.lanes().filter(|lane| lane.topic == self.topic && lane.claims > 0).collect();
        // A message that this worker holds keeps its lane's entry, but a bus that is being taken apart may lose the entry.
        self.lanes.retain(|lane| entries.iter().any(|entry| entry.id == lane.id));
        for lane in &mut self.lanes {
            lane.closed = entries.iter().any(|entry| entry.id == lane.id && entry.state == LaneState::Closed);
        }
        let known = self.lanes.len();
        let mut outcome = Ok(());
        for entry in entries {
            if self.lanes[..known].iter().any(|lane| lane.id == entry.id) {
                continue;
            }
            match self.map(&entry) {
                Ok(lane) => self.lanes.push(lane),
                // The lane was drained and removed after the entry was loaded. Entries are removed before their files.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound && !self.shared.names_lane(&entry) => {}
                Err(_) if self.shared.look_at_once() => {
                    outcome = Err(TakeError::Removed { bus: self.shared.name.clone() });
                    break;
                }
                Err(source) => {
                    let (queue, producer) = (self.queue.clone(), entry.publisher);
                    outcome = Err(TakeError::Lane { queue, producer, source });
                    break;
                }
            }
        }
        self.arrange();
        // Dead participants may have been removed.
        self.inspected = None;
        if outcome.is_ok() {
            self.epoch = Some(epoch);
        }
        outcome
    }

    fn map(&self, entry: &LaneEntry) -> std::io::Result<WorkLane> {
        let ring = self.shared.open_lane(entry.id, entry.capacity)?;
        Ok(WorkLane {
            id: entry.id,
            index: entry.index,
            priority: entry.priority,
            producer: entry.publisher.clone(),
            geometry: Geometry::of(&ring),
            ring,
            table: open_table(&self.shared.store, entry, Access::Write)?,
            returned: None,
            closed: entry.state == LaneState::Closed,
            drained: false,
        })
    }

    fn arrange(&mut self) {
        self.lanes.sort_by(|left, right| {
            (left.priority, &left.producer, left.id).cmp(&(right.priority, &right.producer, right.id))
        });
        self.schedule.arrange(&self.lanes, |lane| lane.priority);
    }

    /// Leaves closed lanes whose messages are all done, and has them removed. Call this while nothing is held.
    pub(super) fn leave_drained(&mut self) {
        for lane in self.lanes.iter_mut().filter(|lane| lane.closed) {
            lane.drained = lane.table.is_drained();
        }
        if self.held.is_none() && self.lanes.iter().any(|lane| lane.drained) {
            self.lanes.retain(|lane| !lane.drained);
            self.arrange();
            Change::sweep_if_free(&self.shared);
        }
    }
}
