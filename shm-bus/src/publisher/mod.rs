//! The publisher of one topic: a lane for each priority that it declared.
//!
//! | module | role |
//! |---|---|
//! | `create` | its topic, lanes and entries |
//! | `room`, `gates` | a lane without room, and the inboxes that it waits for |
//! | `signal` | signals to inboxes after a commit |
//! | `batch`, `loan` | several messages at once; messages written in place |
//! | `topic_publisher` | a publisher with a message type |
//!
//! # Invariants
//! 1. Only the publisher writes its lanes; every call that writes takes `&mut self`.
//! 2. A loan is ring memory past `head`; no gating reader looks at it before it is committed.
//!
//! # Failure
//! A message without room is treated according to the topic's [`Policy`], and counted. Dropping a publisher closes its lanes; sent messages
//! stay until their readers have drained them.

mod batch;
mod create;
mod gates;
mod loan;
mod room;
mod signal;
mod topic_publisher;

pub use batch::BatchError;
pub use create::PublisherError;
pub use loan::Loan;
pub use topic_publisher::TopicPublisher;

use std::ptr::NonNull;
use std::sync::Arc;
use std::time::Instant;

use crate::lane::{Envelope, Memory, copy_in};
use crate::layout::lane::{SENT, Tally};
use crate::membership::{Change, Leaving, Shared};
use crate::outgoing::{Lanes, OutLane, SendError};
use crate::sync::Ordering;
use crate::wire::{Policy, Priority};
use gates::{GateList, LaneGates};

/// Counts of what a publisher has sent in one lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sent {
    /// The lane's id, never reused on this bus.
    pub lane: u64,
    /// Messages sent.
    pub sent: u64,
    /// Messages returned because there was no room, they were too long, or the lane is corrupt.
    pub rejected: u64,
    /// Messages dropped because there was no room.
    pub dropped: u64,
    /// Messages given up at the deadline.
    pub timed_out: u64,
}

/// Sends bytes on one topic, with a separate lane for each priority that it declared. Made by [`Bus::publisher`](crate::Bus::publisher).
#[derive(Debug)]
pub struct Publisher {
    shared: Arc<Shared>,
    /// Index in the table of topics.
    topic: usize,
    policy: Policy,
    lanes: Lanes<Laggards>,
    /// The lanes, after the bus was removed. They stay mapped: a loan may point into one.
    retired: Lanes<Laggards>,
    gates: GateList,
    /// See [`signal`].
    fenced: bool,
}

/// What one lane knows about the inboxes that it waits for.
#[derive(Debug, Default)]
struct Laggards {
    /// Ids of inboxes whose cursor in this lane was impossible.
    faulty: Vec<u64>,
    /// Time at which the locks of the slow ones were last tested.
    tested: Option<Instant>,
}

/// One priority's lane.
type Lane = OutLane<Laggards>;

impl Publisher {
    /// Sends one message (or several back to back) of `payload`'s bytes. They should be whole messages of the topic's size. This is not
    /// checked; for other lengths [`Delivery::messages`](crate::Delivery::messages) returns `None`. Under [`Policy::DropNewest`] a message
    /// without room is dropped and counted, which is no error.
    ///
    /// # Errors
    /// See [`SendError`]; then nothing was sent.
    #[inline(always)]
    pub fn send(&mut self, priority: Priority, payload: &[u8]) -> Result<(), SendError> {
        self.send_as(priority, Envelope::MESSAGE, payload)
    }

    /// Like [`Self::send`], but gives up a wait for room under [`Policy::Block`] once `goes_on` returns `false`: the message then counts as
    /// timed out. `goes_on` is asked before each sleep and after it; a sleep ends after at most ten milliseconds.
    ///
    /// # Errors
    /// See [`SendError`]; then nothing was sent.
    pub fn send_while(
        &mut self,
        priority: Priority,
        payload: &[u8],
        mut goes_on: impl FnMut() -> bool,
    ) -> Result<(), SendError> {
        self.send_after_making_room(priority, Envelope::MESSAGE, payload, &mut goes_on)
    }

    /// Like [`Self::send`], for another kind.
    #[inline(always)]
    pub(crate) fn send_as(&mut self, priority: Priority, envelope: Envelope, payload: &[u8]) -> Result<(), SendError> {
        if !self.shared.is_forked()
            && let Some(lane) = &mut self.lanes[priority as usize]
            && lane.writer.put(payload, envelope)
        {
            signal::signal(&self.shared, self.topic, lane, self.fenced);
            return Ok(());
        }
        self.send_after_making_room(priority, envelope, payload, &mut || true)
    }

    /// Like [`Self::commit`], for another kind.
    pub(crate) fn commit_as(&mut self, priority: Priority, envelope: Envelope, used: usize) -> Result<(), SendError> {
        if self.shared.is_forked() {
            return Err(SendError::Forked);
        }
        if !self.lane(priority)?.writer.commit(used, envelope) {
            return Err(SendError::NoLoan(used));
        }
        self.signal(priority);
        Ok(())
    }

    /// Counts of what it has sent at `priority` so far, also on a bus that was removed; `None` without such a lane, and in a forked child.
    #[must_use]
    pub fn sent(&self, priority: Priority) -> Option<Sent> {
        if self.shared.is_forked() {
            return None;
        }
        let lane = self.lanes[priority as usize].as_ref().or(self.retired[priority as usize].as_ref())?;
        // ORDERING: Relaxed, this publisher's own stores.
        let figure = |word: usize| lane.writer.memory().header()[word].load(Ordering::Relaxed);
        let [rejected, dropped, timed_out] =
            [Tally::Rejected, Tally::Dropped, Tally::TimedOut].map(|tally| figure(tally as usize));
        Some(Sent { lane: lane.id, sent: figure(SENT), rejected, dropped, timed_out })
    }

    /// Index of its topic in the table of topics.
    pub(crate) const fn topic_index(&self) -> usize {
        self.topic
    }

    /// Lends room for `len` bytes, to be filled and committed (zero-copy). Dropping the loan cancels it.
    ///
    /// The bytes contain remains of earlier messages. On a topic whose policy overwrites, room is made now: the overwritten messages are
    /// lost to laggards even if the loan is cancelled.
    ///
    /// # Errors
    /// See [`SendError`].
    pub fn loan(&mut self, priority: Priority, len: usize) -> Result<Loan<'_>, SendError> {
        let first = self.reserve(priority, len)?;
        Ok(Loan::new(self, priority, first, len))
    }

    /// A loan without a borrow, for callers behind a C ABI: a pointer to `len` bytes, 8-byte aligned, rounded up to whole words. It is
    /// valid until [`Self::commit`], [`Self::cancel`], or another send, loan or begin of the same priority, or until the publisher is
    /// dropped. It must be written as aligned 8-byte words.
    ///
    /// Cancels an earlier loan that was not committed.
    ///
    /// # Errors
    /// See [`SendError`].
    pub fn begin(&mut self, priority: Priority, len: usize) -> Result<NonNull<u64>, SendError> {
        let first = self.reserve(priority, len)?;
        let words = &self.lane(priority)?.writer.memory().ring()[first..];
        Ok(loan::pointer(words))
    }

    /// Sends the first `used` bytes of the loan that [`Self::begin`] opened.
    ///
    /// # Errors
    /// [`SendError::NoLoan`] if no loan, or a shorter one, is open; the loan is cancelled.
    pub fn commit(&mut self, priority: Priority, used: usize) -> Result<(), SendError> {
        self.commit_as(priority, Envelope::MESSAGE, used)
    }

    /// Cancels the open loan, if any.
    pub fn cancel(&mut self, priority: Priority) {
        if let Ok(lane) = self.lane(priority) {
            lane.writer.cancel();
        }
    }

    /// Maximum length of a message at `priority` in bytes; 0 without such a lane.
    #[must_use]
    pub fn payload_max(&self, priority: Priority) -> usize {
        let lane = self.lanes[priority as usize].as_ref().or(self.retired[priority as usize].as_ref());
        lane.map_or(0, |lane| lane.writer.geometry().payload_max())
    }

    /// How full the lane of `priority` is: from 0 (all inboxes have read everything) to 1. Always 0 if nobody is waited for, and 1 if
    /// nothing more can be sent.
    #[must_use]
    pub fn pressure(&mut self, priority: Priority) -> f64 {
        if self.shared.check().is_err() {
            return 1.0;
        }
        let Some(lane) = &mut self.lanes[priority as usize] else { return 0.0 };
        let waits = self.policy.gates();
        let mut gates =
            LaneGates::new(&self.shared, &mut self.gates, lane.index, lane.id as u16, &mut lane.gates.faulty, waits);
        lane.writer.fill(&mut gates) as f64 / lane.writer.geometry().capacity as f64
    }

    /// The topic's policy.
    #[must_use]
    pub const fn policy(&self) -> Policy {
        self.policy
    }

    #[inline]
    fn lane(&mut self, priority: Priority) -> Result<&mut Lane, SendError> {
        let Self { lanes, shared, .. } = self;
        let missing = || if shared.was_removed() { SendError::Removed } else { SendError::NoLane(priority) };
        lanes[priority as usize].as_mut().ok_or_else(missing)
    }

    /// Refuses operations on a removed bus and in a forked child. Retires the lanes of a removed bus, so that no fast path into them is
    /// left.
    #[cold]
    fn refuse_unusable(&mut self) -> Result<(), SendError> {
        if self.shared.is_forked() {
            return Err(SendError::Forked);
        }
        if self.shared.was_removed() {
            for (lane, retired) in self.lanes.iter_mut().zip(&mut self.retired) {
                if let Some(lane) = lane {
                    // Inboxes that have the lane mapped receive what a batch has held back.
                    lane.writer.end_batch();
                }
                *retired = lane.take().or(retired.take());
            }
            return Err(SendError::Removed);
        }
        Ok(())
    }

    /// Writes a message into its lane, or drops it if the policy says so. Notifies nobody.
    #[inline]
    fn write(&mut self, priority: Priority, envelope: Envelope, payload: &[u8]) -> Result<(), SendError> {
        if !self.shared.is_forked()
            && let Some(lane) = &mut self.lanes[priority as usize]
            && lane.writer.put(payload, envelope)
        {
            return Ok(());
        }
        self.write_after_making_room(priority, envelope, payload, &mut || true)
    }

    #[cold]
    fn write_after_making_room(
        &mut self,
        priority: Priority,
        envelope: Envelope,
        payload: &[u8],
        goes_on: &mut dyn FnMut() -> bool,
    ) -> Result<(), SendError> {
        self.refuse_unusable()?;
        match self.reserve_while(priority, payload.len(), goes_on) {
            Ok(first) => {
                if self.lane(priority)?.writer.take_shown() {
                    self.signal(priority);
                }
                let lane = self.lane(priority)?;
                copy_in(&lane.writer.memory().ring()[first..], payload);
                lane.writer.commit(payload.len(), envelope);
                Ok(())
            }
            Err(SendError::Full) if self.policy == Policy::DropNewest => Ok(()),
            Err(error) => Err(error),
        }
    }

    #[cold]
    fn send_after_making_room(
        &mut self,
        priority: Priority,
        envelope: Envelope,
        payload: &[u8],
        goes_on: &mut dyn FnMut() -> bool,
    ) -> Result<(), SendError> {
        self.write_after_making_room(priority, envelope, payload, goes_on)?;
        self.signal(priority);
        Ok(())
    }

    /// Signals the inboxes that asked for it.
    fn signal(&self, priority: Priority) {
        if let Some(lane) = &self.lanes[priority as usize] {
            signal::signal(&self.shared, self.topic, lane, self.fenced);
        }
    }

    #[inline]
    fn reserve(&mut self, priority: Priority, len: usize) -> Result<usize, SendError> {
        self.reserve_while(priority, len, &mut || true)
    }

    #[inline]
    fn reserve_while(
        &mut self,
        priority: Priority,
        len: usize,
        goes_on: &mut dyn FnMut() -> bool,
    ) -> Result<usize, SendError> {
        if self.shared.is_forked() {
            return Err(SendError::Forked);
        }
        self.lane(priority)?;
        self.reserve_now(priority, len).or_else(|refusal| self.refused(priority, len, refusal, goes_on))
    }
}

impl Leaving {
    /// Adds all lanes of this publisher.
    pub fn add_publisher(&mut self, publisher: &Publisher) {
        self.lanes.extend(publisher.lanes.iter().flatten().map(|lane| lane.id));
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        Change::abandon(&self.shared, self.lanes.iter().flatten().map(OutLane::entry));
    }
}
