//! The producer of a work queue: a lane with a claim table for each priority that it declared.
//!
//! # Invariants
//! 1. A message becomes free for workers after its record is committed; a producer killed in between has not sent it.
//!
//! # Failure
//! A message without room is treated according to the topic's [`Policy`], and counted. Dropping a producer closes its lanes; its messages
//! are still processed while somebody is on the bus.

use std::sync::Arc;
use std::time::Duration;

use super::reclaim::{Resources, count_dropped, reclaim};
use super::spec::{QueueError, QueueLane, QueueSpec, find_or_add_queue};
use super::wake::signal;
use crate::claims::{ClaimFile, ClaimGates, ClaimWord, Outstanding, Table, Vacancy};
use crate::control::NewLane;
use crate::lane::{Envelope, Memory, Refusal, copy_in};
use crate::layout;
use crate::layout::claims::Count;
use crate::layout::lane::{HEAD, Tally};
use crate::membership::{Bus, Change, Shared, text_fits};
use crate::outgoing::{Lanes, OutLane, SendError, are_lanes, make_each, sleep_until_room};
use crate::runtime::claims_name;
use crate::sync::Ordering;
use crate::wire::{Policy, Priority};

/// Sends messages to a work queue, with a separate lane for each priority that it declared. Made by
/// [`Bus::work_producer`](crate::Bus::work_producer).
#[derive(Debug)]
pub struct WorkProducer {
    shared: Arc<Shared>,
    /// Index in the table of topics.
    topic: usize,
    policy: Policy,
    lanes: Lanes<Undone>,
    /// Number of calls of [`Self::send`].
    sends: u64,
}

/// What one lane waits for: messages that are not done.
#[derive(Debug)]
struct Undone {
    table: Table<ClaimFile>,
    outstanding: Outstanding,
}

/// One priority's lane.
type Lane = OutLane<Undone>;

/// Room for one message.
#[derive(Clone, Copy, Debug)]
struct Room {
    /// Index of the ring's word at which the payload begins.
    first: usize,
    /// The present word of the message's claim.
    vacant: ClaimWord,
}

impl WorkProducer {
    pub(crate) fn new(bus: &Bus, queue: &QueueSpec<'_>, name: &str, lanes: &[QueueLane]) -> Result<Self, QueueError> {
        text_fits(name)?;
        lanes.iter().try_for_each(|lane| lane.check())?;
        if !are_lanes(lanes.iter().map(|lane| lane.priority)) {
            return Err(QueueError::Lanes);
        }
        let shared = Arc::clone(bus.shared());
        let change = Change::begin(&shared, bus.lock_timeout())?;
        let topic = find_or_add_queue(&shared.control, queue)?;
        let dropped = reclaim(&shared, topic, resources_of(lanes));
        let wanted = lanes.iter().map(|lane| (lane.priority, *lane));
        let made = make_each(&shared, wanted, |_, lane| make_lane(&shared, topic, name, lane));
        count_dropped(&shared, topic, dropped);
        let made = made?;
        shared.control.bump_epoch();
        drop(change);
        Ok(Self { shared, topic, policy: queue.topic.policy, lanes: made, sends: 0 })
    }

    /// Sends one message to the queue. Under [`Policy::DropNewest`] a message without room is dropped and counted, which is no error. Once
    /// this returns `Ok`, the message outlives this process as long as somebody is on the bus: the last participant to leave removes the
    /// bus with its undone work.
    ///
    /// # Errors
    /// See [`SendError`]; then nothing was sent.
    pub fn send(&mut self, priority: Priority, payload: &[u8]) -> Result<(), SendError> {
        if self.shared.is_forked() {
            return Err(SendError::Forked);
        }
        self.sends = self.sends.wrapping_add(1);
        if self.shared.is_removed_at(self.sends) {
            return Err(SendError::Removed);
        }
        let lane = self.lanes[priority as usize].as_mut().ok_or(SendError::NoLane(priority))?;
        let room = lane.reserve(payload.len()).or_else(|refusal| self.refused(priority, payload.len(), refusal));
        let room = match room {
            Err(SendError::QueueFull { .. }) if self.policy == Policy::DropNewest => return Ok(()),
            room => room?,
        };
        let lane = self.lanes[priority as usize].as_mut().ok_or(SendError::NoLane(priority))?;
        lane.send(room, payload)?;
        if signal(&self.shared, self.topic, Some(lane.index)) {
            lane.writer.tally(Tally::Wakes, 1);
        }
        Ok(())
    }

    /// Maximum length of a message at `priority` in bytes; 0 without such a lane.
    #[must_use]
    pub fn payload_max(&self, priority: Priority) -> usize {
        self.lanes[priority as usize].as_ref().map_or(0, |lane| lane.writer.geometry().payload_max())
    }

    /// How full the lane of `priority` is, from 0 (everything is done) to 1: by its bytes or its claims, whichever is scarcer. 1 if nothing
    /// more can be sent.
    #[must_use]
    pub fn pressure(&mut self, priority: Priority) -> f64 {
        if self.shared.check().is_err() {
            return 1.0;
        }
        let Some(OutLane { writer, gates: Undone { table, outstanding }, .. }) = &mut self.lanes[priority as usize]
        else {
            return 0.0;
        };
        let bytes = writer.fill(&mut ClaimGates { table, outstanding }) as f64 / writer.geometry().capacity as f64;
        let claims = (outstanding.next() - outstanding.tail()) as f64 / table.len() as f64;
        bytes.max(claims)
    }

    /// Room for `len` bytes that were just refused.
    #[cold]
    fn refused(&mut self, priority: Priority, len: usize, refusal: Refusal) -> Result<Room, SendError> {
        if self.shared.look_if_removed() {
            return Err(SendError::Removed);
        }
        let lane = self.lanes[priority as usize].as_mut().ok_or(SendError::NoLane(priority))?;
        if refusal == Refusal::Full
            && let Policy::Block { timeout_ms } = self.policy
        {
            if let Some(room) = lane.wait(&self.shared, len, Duration::from_millis(timeout_ms.into())) {
                return Ok(room);
            }
            if self.shared.was_removed() {
                return Err(SendError::Removed);
            }
        }
        let (outstanding, capacity) = (lane.gates.table.len(), lane.writer.geometry().capacity);
        Err(lane.refuse(len, refusal, self.policy, SendError::QueueFull { outstanding, capacity }))
    }
}

/// Resources that `lanes` need.
fn resources_of(lanes: &[QueueLane]) -> Resources {
    let bytes =
        lanes.iter().map(|lane| layout::lane::bytes(lane.capacity.into()) + layout::claims::bytes(lane.claims()));
    Resources { lanes: lanes.len(), bytes: bytes.sum() }
}

/// Creates one lane's files and entry. Under `bus.lock`.
fn make_lane(shared: &Shared, topic: usize, publisher: &str, lane: QueueLane) -> Result<Lane, QueueError> {
    let control = &shared.control;
    let limit = || QueueError::LaneLimit { max: control.limits().lanes };
    let index = control.free_lane().ok_or_else(limit)?;
    let (id, capacity, claims, priority) = (control.next_id(), lane.capacity.into(), lane.claims(), lane.priority);
    let undone = Undone { table: Table::new(shared.create_claims(id, claims)?), outstanding: Outstanding::new(claims) };
    let new = NewLane { id, topic, priority, participant: shared.slot, capacity, claims, publisher };
    OutLane::create(shared, index, new, false, undone).map_err(|error| {
        let _ = shared.store.remove(&claims_name(id));
        error.into()
    })
}

impl Lane {
    /// A claim and room for `len` bytes, if available now. Drops dead letters to make room.
    fn reserve(&mut self, len: usize) -> Result<Room, Refusal> {
        let Self { writer, gates: Undone { table, outstanding }, .. } = self;
        // Each round that continues has dropped a dead letter.
        for _ in 0..=table.len() {
            let sequence = outstanding.next();
            let vacant = match table.vacancy(sequence) {
                Vacancy::Vacant(word) => word,
                Vacancy::Dead if drop_dead(table, sequence.wrapping_sub(table.len())) => continue,
                Vacancy::Dead | Vacancy::Taken => return Err(Refusal::Full),
            };
            match writer.begin(len, &mut ClaimGates { table, outstanding }) {
                Ok(first) => return Ok(Room { first, vacant }),
                Err(Refusal::Full) if drop_dead(table, outstanding.tail()) => {}
                Err(refusal) => return Err(refusal),
            }
        }
        Err(Refusal::Full)
    }

    fn send(&mut self, room: Room, payload: &[u8]) -> Result<(), SendError> {
        copy_in(&self.writer.memory().ring()[room.first..], payload);
        // ORDERING: Relaxed, this writer's own store.
        let position = self.writer.memory().header()[HEAD].load(Ordering::Relaxed);
        // `reserve` has begun a loan of this length, so only a damaged lane could refuse it.
        if !self.writer.commit(payload.len(), Envelope::MESSAGE) {
            return Err(SendError::Corrupt);
        }
        let Undone { table, outstanding } = &mut self.gates;
        let sequence = outstanding.next();
        outstanding.push(position);
        if table.publish(sequence, room.vacant, position) { Ok(()) } else { Err(SendError::Corrupt) }
    }

    /// Sleeps until workers have made room, at most `timeout`.
    fn wait(&mut self, shared: &Shared, len: usize, timeout: Duration) -> Option<Room> {
        self.writer.tally(Tally::Waited, 1);
        let mut room = None;
        sleep_until_room(shared, self.index, timeout, || {
            room = self.reserve(len).ok();
            room.is_some() || shared.look_if_removed()
        });
        room
    }
}

/// Drops the dead letter `sequence`, if it is one.
fn drop_dead(table: &Table<ClaimFile>, sequence: u64) -> bool {
    let dropped = table.expire(sequence);
    table.add(Count::DeadDropped, dropped.into());
    dropped
}

impl Drop for WorkProducer {
    fn drop(&mut self) {
        Change::abandon(&self.shared, self.lanes.iter().flatten().map(OutLane::entry));
    }
}
