//! One publisher of one topic: a lane for each priority that it declared.
//!
//! # Invariants
//! 1. A publisher alone writes its lanes; every call that writes takes `&mut self`.
//! 2. A loan is memory of the ring behind `head`, which no gating reader looks at before it is committed.
//!
//! # Failure
//! A message without room is given back as [`SendError::Full`] and counted. Dropping a publisher closes its lanes; what
//! was sent stays until its readers have drained it.

mod create;
mod gates;
mod loan;
mod topic_publisher;

pub use create::PublisherError;
pub use loan::Loan;
pub use topic_publisher::TopicPublisher;

use std::ptr::NonNull;
use std::sync::Arc;

use crate::bus::{Change, Shared};
use crate::lane::{LaneFile, Memory, Refusal, Writer};
use crate::wire::Priority;
use gates::{GateList, LaneGates};

/// Why a message was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// A subscriber has not yet read enough; the message is given back and counted as rejected.
    #[error("the lane is full: a subscriber has not yet read it")]
    Full,
    /// Longer than the lane can ever carry.
    #[error("a message of {len} bytes is longer than the lane's {max}")]
    TooLong {
        /// Bytes that were asked for.
        len: usize,
        /// Bytes that fit.
        max: usize,
    },
    /// The publisher has no lane of this priority.
    #[error("the publisher declared no lane of priority {}", .0.name())]
    NoLane(Priority),
    /// There is no loan, or it is shorter than what was to be committed.
    #[error("no loan of at least {0} bytes is open on this lane")]
    NoLoan(usize),
    /// Somebody else wrote into the lane.
    #[error("the lane was changed by somebody else; make the publisher anew")]
    Corrupt,
}

/// See the module. Made by [`Bus::publisher`](crate::Bus::publisher).
#[derive(Debug)]
pub struct Publisher {
    shared: Arc<Shared>,
    lanes: [Option<OutLane>; 4],
    gates: GateList,
}

/// One priority's lane.
#[derive(Debug)]
struct OutLane {
    /// Index in the lane directory.
    index: usize,
    id: u64,
    writer: Writer<LaneFile>,
    /// Ids of inboxes whose cursor in this lane was impossible.
    faulty: Vec<u64>,
    /// Messages given back since the last one that had room.
    refused_in_a_row: u32,
}

impl Publisher {
    /// Of so many messages given back in a row, one has its laggards' locks tested.
    const REFUSALS_PER_TEST: u32 = 64;

    /// Sends one message (or several back to back) of `payload`'s bytes.
    ///
    /// # Errors
    /// See [`SendError`]; nothing was sent then.
    #[inline]
    pub fn send(&mut self, priority: Priority, payload: &[u8]) -> Result<(), SendError> {
        let first = self.reserve(priority, payload.len())?;
        let lane = self.lane(priority)?;
        loan::copy_in(&lane.writer.memory().ring()[first..], payload);
        lane.writer.commit(payload.len());
        Ok(())
    }

    /// Lends room for `len` bytes, to be filled and committed. Dropping the loan takes it back.
    ///
    /// The bytes hold whatever earlier messages left there.
    ///
    /// # Errors
    /// See [`SendError`].
    pub fn loan(&mut self, priority: Priority, len: usize) -> Result<Loan<'_>, SendError> {
        let first = self.reserve(priority, len)?;
        Ok(Loan::new(&mut self.lane(priority)?.writer, first, len))
    }

    /// The loan without a borrow, for callers behind a C ABI: a pointer to `len` bytes, 8-byte aligned, rounded up to
    /// whole words. It is valid until [`Self::commit`], [`Self::cancel`], or another send, loan or begin of the same
    /// priority, or until the publisher is dropped. It must be written as aligned 8-byte words.
    ///
    /// A loan that was begun before and not committed is taken back.
    ///
    /// # Errors
    /// See [`SendError`].
    pub fn begin(&mut self, priority: Priority, len: usize) -> Result<NonNull<u64>, SendError> {
        let first = self.reserve(priority, len)?;
        let words = &self.lane(priority)?.writer.memory().ring()[first..];
        Ok(loan::pointer(words))
    }

    /// Sends the first `used` bytes of what was begun.
    ///
    /// # Errors
    /// [`SendError::NoLoan`] when nothing, or less, was begun; the loan is taken back.
    pub fn commit(&mut self, priority: Priority, used: usize) -> Result<(), SendError> {
        if self.lane(priority)?.writer.commit(used) { Ok(()) } else { Err(SendError::NoLoan(used)) }
    }

    /// Takes back what was begun, if anything.
    pub fn cancel(&mut self, priority: Priority) {
        if let Ok(lane) = self.lane(priority) {
            lane.writer.cancel();
        }
    }

    /// Bytes of the longest message at `priority`; 0 without such a lane.
    #[must_use]
    pub fn payload_max(&self, priority: Priority) -> usize {
        self.lanes[priority as usize].as_ref().map_or(0, |lane| lane.writer.geometry().payload_max())
    }

    #[inline]
    fn lane(&mut self, priority: Priority) -> Result<&mut OutLane, SendError> {
        self.lanes[priority as usize].as_mut().ok_or(SendError::NoLane(priority))
    }

    #[inline]
    fn reserve(&mut self, priority: Priority, len: usize) -> Result<usize, SendError> {
        let lane = self.lanes[priority as usize].as_mut().ok_or(SendError::NoLane(priority))?;
        let mut gates = LaneGates::new(&self.shared, &mut self.gates, lane.index, lane.id as u16, &mut lane.faulty);
        match lane.writer.begin(len, &mut gates) {
            Ok(first) => {
                lane.refused_in_a_row = 0;
                Ok(first)
            }
            Err(refusal) => self.refused(priority, len, refusal),
        }
    }

    /// A full lane may be held up by the dead: then they are dropped and the lane is tried again.
    #[cold]
    fn refused(&mut self, priority: Priority, len: usize, refusal: Refusal) -> Result<usize, SendError> {
        let lane = self.lanes[priority as usize].as_mut().ok_or(SendError::NoLane(priority))?;
        let unsendable = match refusal {
            Refusal::TooLong => Some(SendError::TooLong { len, max: lane.writer.geometry().payload_max() }),
            Refusal::Corrupt => Some(SendError::Corrupt),
            Refusal::Full => None,
        };
        if let Some(error) = unsendable {
            lane.writer.count_rejected();
            return Err(error);
        }
        let test = lane.refused_in_a_row.is_multiple_of(Self::REFUSALS_PER_TEST);
        lane.refused_in_a_row = lane.refused_in_a_row.wrapping_add(1);
        if test && self.gates.drop_dead(&self.shared) {
            Change::sweep_if_free(&self.shared);
            let mut gates = LaneGates::new(&self.shared, &mut self.gates, lane.index, lane.id as u16, &mut lane.faulty);
            if let Ok(first) = lane.writer.begin(len, &mut gates) {
                lane.refused_in_a_row = 0;
                return Ok(first);
            }
        }
        lane.writer.count_rejected();
        Err(SendError::Full)
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        // Without the lock the lanes are closed when this participant is cleared away.
        let Ok(change) = Change::begin(&self.shared) else { return };
        for lane in self.lanes.iter().flatten() {
            if let Some(entry) = self.shared.control.lane(lane.index).filter(|entry| entry.id == lane.id) {
                self.shared.control.close_lane(&entry);
            }
        }
        self.shared.control.bump_epoch();
        drop(change);
        Change::sweep_if_free(&self.shared);
    }
}
