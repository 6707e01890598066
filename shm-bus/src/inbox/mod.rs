//! An inbox: everything that one subsystem reads, most urgent first.
//!
//! | module | role |
//! |---|---|
//! | `attach`, `leave` | which lanes it reads, and leaving them |
//! | `lane` | one attached lane |
//! | `subscription`, `account` | what was missed: lanes that ended unseen, changed declarations |
//! | `polled`, `ready` | finding the lanes with messages: few lanes one by one, many by their ready bits |
//! | `wait`, `notify` | sleeping, a descriptor, a future |
//! | `delivery`, `error` | results |
//!
//! # Invariants
//! 1. `lanes` is sorted by priority, topic, publisher and id.
//! 2. Only the inbox writes the cursor word of each attached lane.
//! 3. `payload` holds the longest message of any attached lane, so receiving never allocates.
//!
//! # Failure
//! A lane with an impossible word is left and counted; the other lanes continue. An inbox that can't map a new lane returns the error at
//! every receive until it can.

mod account;
mod attach;
mod delivery;
mod error;
mod lane;
mod leave;
mod notify;
mod polled;
mod ready;
mod subscription;
mod wait;

pub use account::Missed;
pub use delivery::Delivery;
pub(crate) use delivery::bytes_of;
pub use error::{InboxError, ReceiveError, SubscribeError};

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::control::Abandoned;
use crate::inbox_file::InboxFile;
use crate::lane::{Look, Payload};
use crate::layout::inbox::Count;
use crate::membership::{Bus, Change, Leaving, Shared, text_fits};
use crate::outgoing::wake_for_room;
use crate::schedule::{Levels, Schedule};
use crate::wire::Priority;
use account::{Accounts, LeftLane};
use lane::InLane;
use ready::ReadyBits;
use subscription::Subscription;
use wait::Spin;

/// Whether publishers wait for an inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attachment {
    /// Nothing is overwritten before this inbox has read it, on topics whose [policy](crate::wire::Policy) waits. For the game's own
    /// subsystems.
    Gating,
    /// Never waited for. If it is too slow, it loses messages, which are counted. For tools.
    Observer,
}

/// An inbox: everything that one subsystem reads, that is, the messages of its subscribed topics, most urgent first. Made by
/// [`Bus::inbox`](crate::Bus::inbox).
#[derive(Debug)]
pub struct Inbox {
    shared: Arc<Shared>,
    /// Index of its entry in the registry.
    index: usize,
    id: u64,
    gating: bool,
    /// How long its changes wait for `bus.lock`.
    lock_timeout: Duration,
    file: InboxFile,
    subscriptions: Vec<Subscription>,
    lanes: Vec<InLane>,
    /// With ready bits, its turns are counted by index in the lane table.
    schedule: Schedule,
    /// Position of the lane that gave the last message; after the lanes have changed, that of any lane or none.
    last: usize,
    /// Epoch of the lane table that `lanes` reflects.
    epoch: u64,
    /// Some lane is closed, and is left once it is dry.
    closing: bool,
    /// Lanes that were left but still have an entry.
    left: Vec<LeftLane>,
    accounts: Accounts,
    /// Pending one-time reports: evictions, changed declarations.
    news: VecDeque<ReceiveError>,
    payload: Payload,
    /// Set if there are more lanes than are polled one by one.
    ready: Option<ReadyBits>,
    /// Publishers check this inbox's doorbell.
    rings: bool,
    spin: Spin,
    /// Number of looks that found nothing.
    dry: u64,
    notifier: Option<notify::Notifier>,
}

impl Bus {
    /// Creates an inbox without subscriptions.
    ///
    /// # Errors
    /// See [`InboxError`].
    pub fn inbox(&self, name: &str, attachment: Attachment) -> Result<Inbox, InboxError> {
        Inbox::new(self, name, attachment)
    }
}

impl Inbox {
    fn new(bus: &Bus, name: &str, attachment: Attachment) -> Result<Self, InboxError> {
        text_fits(name)?;
        let (shared, lock_timeout) = (Arc::clone(bus.shared()), bus.lock_timeout());
        let change = Change::begin(&shared, lock_timeout)?;
        let control = &shared.control;
        let index = control.free_inbox().ok_or_else(|| InboxError::Limit { max: control.limits().inboxes })?;
        let id = control.next_id();
        let file = shared.create_inbox(id)?;
        let gating = attachment == Attachment::Gating;
        control.add_inbox(index, id, shared.slot, !gating, name);
        control.bump_epoch();
        let epoch = control.epoch();
        drop(change);
        Ok(Self {
            shared,
            index,
            id,
            gating,
            lock_timeout,
            file,
            subscriptions: Vec::new(),
            lanes: Vec::new(),
            schedule: Schedule::default(),
            last: 0,
            epoch,
            closing: false,
            left: Vec::new(),
            accounts: Accounts::default(),
            news: VecDeque::new(),
            payload: Payload::default(),
            ready: None,
            rings: false,
            spin: Spin::default(),
            dry: 0,
            notifier: None,
        })
    }

    /// Receives the most urgent message, if any waits. Less urgent ones are served in between, which bounds their wait: after 8, 32 or 128
    /// others for High, Normal and Low.
    ///
    /// # Errors
    /// See [`ReceiveError`].
    #[inline(always)]
    pub fn receive(&mut self) -> Result<Option<Delivery<'_>>, ReceiveError> {
        self.refresh()?;
        // Most inboxes read one lane most of the time.
        if let [lane] = &mut self.lanes[..]
            && lane.take_usual(&mut self.payload, &self.shared, &self.file)
        {
            return Ok(self.lanes.first().map(|lane| lane.delivery(&self.payload)));
        }
        match self.next() {
            Some(lane) => Ok(Some(self.lanes[lane].delivery(&self.payload))),
            None => self.found_nothing().map(|()| None),
        }
    }

    /// Counts a look that found nothing. Returns an error if the bus was removed: then nothing more comes.
    #[inline]
    pub(super) fn found_nothing(&mut self) -> Result<(), ReceiveError> {
        self.dry = self.dry.wrapping_add(1);
        if self.shared.is_removed_at(self.dry) { Err(self.removed()) } else { Ok(()) }
    }

    #[cold]
    pub(super) fn removed(&self) -> ReceiveError {
        ReceiveError::Removed { bus: self.shared.name.clone() }
    }

    /// Refuses use in a forked child.
    #[inline]
    pub(crate) fn refuse_forked(&self) -> Result<(), ReceiveError> {
        if self.shared.is_forked() { Err(self.forked()) } else { Ok(()) }
    }

    #[cold]
    fn forked(&self) -> ReceiveError {
        ReceiveError::Forked { bus: self.shared.name.clone() }
    }

    /// Takes the next message and returns its lane.
    #[inline(never)]
    fn next(&mut self) -> Option<usize> {
        let (only, waiting) = match &self.ready {
            Some(bits) => (bits.only_one(self.shared.control.doorbell(self.index)), None),
            None => {
                if let Some(position) = self.take_from_last() {
                    return Some(position);
                }
                let seen = self.look_at_each();
                (seen.only, Some(seen.waiting))
            }
        };
        // In this case no level has to be chosen and no lane's turn to be found.
        if let Some(position) = only
            && let lane = &mut self.lanes[position]
            && lane.take_usual(&mut self.payload, &self.shared, &self.file)
        {
            self.schedule.served_alone(lane.priority);
            self.last = position;
            return Some(position);
        }
        let found = self.most_urgent(waiting);
        match found {
            Some(position) => self.last = position,
            None => {
                self.leave_drained();
                self.look_for_missed();
            }
        }
        found
    }

    /// Passes to `each` all messages that were there when the call began, ordered by priority, topic, publisher and sequence: the same
    /// messages always come in the same order. Returns their number.
    ///
    /// # Errors
    /// See [`ReceiveError`]; then no message was taken.
    pub fn drain(&mut self, mut each: impl FnMut(Delivery<'_>)) -> Result<usize, ReceiveError> {
        self.refresh()?;
        self.shared.beat();
        for lane in &mut self.lanes {
            lane.drain_to = match (lane.closed, lane.reader.rests()) {
                (true, _) => u64::MAX,
                // Loading its head would take that cache line from a busy publisher.
                (false, true) => lane.reader.position(),
                // A publisher that is killed or stopped between its commit and its head leaves a message past the head.
                (false, false) => lane.reader.look_at_head().max(lane.reader.position() + 1),
            };
        }
        let (mut taken, mut ended) = (0, false);
        for lane in &mut self.lanes {
            taken += lane.drain(&mut self.payload, &self.shared, &self.file, &mut each);
            ended |= lane.end.is_some();
            // `each` may have forked, so this may be the child.
            if self.shared.is_forked() {
                return Err(ReceiveError::Forked { bus: self.shared.name.clone() });
            }
        }
        if ended {
            self.leave_ended();
        }
        self.leave_drained();
        if taken == 0 {
            self.found_nothing()?;
        }
        Ok(taken)
    }

    /// Its id, never reused on this bus.
    pub(crate) const fn id(&self) -> u64 {
        self.id
    }

    /// Index of its entry in the registry.
    pub(crate) const fn index(&self) -> usize {
        self.index
    }

    /// Its file, for figures of its user.
    pub(crate) fn shared_file(&self) -> InboxFile {
        self.file.share()
    }

    /// The first `len` bytes of the last received payload.
    #[inline]
    pub(crate) fn last_payload(&self, len: usize) -> &[u8] {
        &bytes_of(&self.payload)[..len]
    }

    /// The next message of the level whose turn it is; `seen` are the levels that hold a message, if they were just determined.
    #[inline]
    fn most_urgent(&mut self, mut seen: Option<Levels>) -> Option<usize> {
        // Each turn without a message leaves a lane or finds one overtaken.
        for _ in 0..=self.lanes.len() {
            let waiting = seen.take().unwrap_or_else(|| self.waiting());
            let level = self.schedule.choose(waiting)?;
            if let Some(found) = self.serve(level) {
                if self.schedule.served(level, waiting) {
                    self.file.add(Count::Starvation, 1);
                }
                return Some(found);
            }
        }
        None
    }

    /// The levels that hold a message.
    #[inline]
    fn waiting(&mut self) -> Levels {
        if self.ready.is_some() {
            return Levels::those(|level| self.level_is_ready(level));
        }
        self.look_at_each().waiting
    }

    /// Takes the next message of `lane`, or leaves the lane if it has ended.
    #[inline]
    fn read_or_end(&mut self, lane: usize) -> Option<usize> {
        match self.lanes[lane].take(&mut self.payload, &self.shared, &self.file) {
            Look::Message => Some(lane),
            Look::Dry => None,
            look => {
                self.end(lane, look);
                None
            }
        }
    }

    /// The next message of `level`, which holds one.
    #[inline]
    fn serve(&mut self, level: Priority) -> Option<usize> {
        if self.ready.is_some() { self.serve_ready(level) } else { self.serve_polled(level) }
    }
}

impl Leaving {
    /// Adds everything that this inbox reads.
    pub fn add_inbox(&mut self, inbox: &Inbox) {
        self.inboxes.push(inbox.id);
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        if self.shared.is_forked() {
            // Its thread and its bell belong to the parent.
            std::mem::forget(self.notifier.take());
            return;
        }
        self.notifier = None;
        for lane in &self.lanes {
            // From here on nobody waits for this inbox, though its entry may stay for a moment.
            lane.reader.publish_done(self.file.cursor(lane.index));
            if lane.wakes_publisher {
                wake_for_room(&self.shared, lane.index);
            }
        }
        Change::abandon(&self.shared, [(Abandoned::Inbox(self.index), self.id)]);
    }
}
