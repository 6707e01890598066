//! Sleeps until something arrives: spins briefly, then sleeps on the doorbell.
//!
//! # Invariants
//! 1. Before it sleeps, an inbox has set its bit in the interest mask of every topic that it reads, armed its bell, and checked every lane
//!    once more: `[BELL]`.
//! 2. It checks again after at most 10 ms, whatever happened to the publisher that should have woken it.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::{Inbox, ReceiveError};
use crate::bell;
use crate::layout::inbox::Count;
use crate::sys::{self, BellId, Sleeper};

/// Number of looks before sleeping; adapts to whether spinning pays.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spin {
    /// In `0 ..= MAX`.
    looks: u32,
}

impl Spin {
    const MIN: u32 = 4;
    /// Takes about as long as a sleep and a wake.
    const MAX: u32 = 512;

    fn paid(&mut self) {
        self.looks = (self.looks * 2).min(Self::MAX);
    }

    fn did_not_pay(&mut self) {
        self.looks = (self.looks / 2).max(Self::MIN);
    }
}

impl Default for Spin {
    fn default() -> Self {
        Self { looks: Self::MAX / 4 }
    }
}

impl Inbox {
    /// Sleeps until a message waits.
    ///
    /// ```
    /// # use shm_bus::{Attachment, Bus, Start, TopicSpec, topic, Message};
    /// # #[derive(Clone, Copy, Message)] #[repr(C)] struct Job { number: u64 }
    /// # topic! { Jobs("jobs"): Job, priority = Normal, capacity = 4096; }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let bus = Bus::anonymous()?;
    /// # let mut inbox = bus.inbox("worker", Attachment::Gating)?;
    /// # inbox.subscribe(&TopicSpec::of::<Jobs>(), Start::Now)?;
    /// # let mut jobs = bus.publisher_of::<Jobs>("boss")?;
    /// let boss = std::thread::spawn(move || jobs.send(&Job { number: 7 }));
    /// inbox.wait()?;
    /// let delivery = inbox.receive()?.expect("something waits");
    /// assert_eq!(delivery.messages::<Job>().expect("jobs")[0].number, 7);
    /// # boss.join().expect("ends")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`ReceiveError`].
    pub fn wait(&mut self) -> Result<(), ReceiveError> {
        self.wait_until(None).map(|_| ())
    }

    /// Sleeps until a message waits, at most `timeout`. Returns whether one does.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use shm_bus::{Attachment, Bus};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let bus = Bus::anonymous()?;
    /// # let mut inbox = bus.inbox("ai", Attachment::Gating)?;
    /// # let (mut thoughts, mut dreams) = (0, 0);
    /// if inbox.wait_timeout(Duration::from_millis(2))? {
    ///     thoughts += inbox.drain(|_| ())?;
    /// } else {
    ///     dreams += 1; // nothing to think about
    /// }
    /// # assert_eq!((thoughts, dreams), (0, 1));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`ReceiveError`].
    pub fn wait_timeout(&mut self, timeout: Duration) -> Result<bool, ReceiveError> {
        self.wait_until(Instant::now().checked_add(timeout))
    }

    fn wait_until(&mut self, deadline: Option<Instant>) -> Result<bool, ReceiveError> {
        self.refuse_forked()?;
        self.shared.beat();
        loop {
            if self.something_waits()? || self.spin()? {
                return Ok(true);
            }
            if !self.park(deadline)? {
                return Ok(false);
            }
        }
    }

    /// Whether a message waits. Attaches new lanes, and leaves drained ones.
    pub(super) fn something_waits(&mut self) -> Result<bool, ReceiveError> {
        self.refresh()?;
        let waits = self.any_lane_is_ready();
        if !waits {
            self.leave_drained();
            self.found_nothing()?;
        }
        Ok(waits)
    }

    /// Makes the publishers of all subscribed topics check this inbox's doorbell. After this returns, the caller sees every message that
    /// they committed without checking: `[INTEREST]`.
    pub(super) fn register_interest(&mut self) {
        self.rings = true;
        let topics = self.subscriptions.iter().map(|subscription| self.shared.control.interest(subscription.topic));
        bell::register(topics, self.index);
        if !sys::barrier::heavy() {
            tracing::debug!(
                "no asymmetric fence (membarrier): the first message to a sleeping inbox may arrive 10 ms late"
            );
        }
    }

    /// Whether any lane holds a message or has something to report; checks every lane itself.
    pub(super) fn any_lane_is_ready(&mut self) -> bool {
        let (shared, file) = (&self.shared, &self.file);
        let doorbell = self.ready.as_ref().map(|_| shared.control.doorbell(self.index));
        self.lanes.iter_mut().fold(false, |any, lane| {
            let ready = lane.is_ready(shared, file);
            if ready && let Some(doorbell) = doorbell {
                // The publisher may have been killed or stopped before it set the bit.
                doorbell.raise(lane.index);
            }
            any | ready
        })
    }

    /// Looks for a while. With one processor nothing would arrive meanwhile.
    fn spin(&mut self) -> Result<bool, ReceiveError> {
        if !others_run_meanwhile() {
            return Ok(false);
        }
        for _ in 0..self.spin.looks {
            std::hint::spin_loop();
            if self.something_waits()? {
                self.spin.paid();
                return Ok(true);
            }
        }
        self.spin.did_not_pay();
        Ok(false)
    }

    /// Sleeps until something changes, at most until `deadline`. `false` at the deadline.
    fn park(&mut self, deadline: Option<Instant>) -> Result<bool, ReceiveError> {
        if !self.rings {
            self.register_interest();
        }
        let shared = std::sync::Arc::clone(&self.shared);
        let id = BellId { folder: shared.store.path(), kind: "inbox", index: self.index };
        let sleeper = Sleeper::new(id).map_err(ReceiveError::Sleep)?;
        let bell = shared.control.doorbell(self.index).bell();
        let waited = bell::wait(bell, &sleeper, deadline, || {
            shared.beat();
            shared.control.epoch() != self.epoch || self.any_lane_is_ready() || shared.look_if_removed()
        });
        self.file.add(Count::Sleeps, waited.sleeps);
        // Nobody rings for a lane that appeared or vanished.
        let is_late = waited.late && shared.control.epoch() == self.epoch;
        self.file.add(Count::LateWakes, u64::from(is_late));
        Ok(waited.found)
    }
}

/// Whether there is another processor. Determined once: the system call takes longer than a message.
fn others_run_meanwhile() -> bool {
    static OTHERS: OnceLock<bool> = OnceLock::new();
    *OTHERS.get_or_init(|| !std::thread::available_parallelism().is_ok_and(|processors| processors.get() == 1))
}
