//! The lane table.
//!
//! A lane is **open** while its publisher lives, then **closed** until its readers have drained it; then its entry is free.

use super::{Control, load, publish, text};
use crate::layout::control::lane::{CAPACITY, NAME, NAME_LENGTH, OWNER};
use crate::layout::control::{LANES, LANES_MAX, PARTICIPANTS_MAX, STATE, TOPICS_MAX};
use crate::sync::Ordering;
use crate::wire::Priority;

/// State of a lane's entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LaneState {
    /// Its publisher may send.
    Open = 1,
    /// No more messages will come.
    Closed = 2,
}

/// One lane.
#[derive(Clone, Debug)]
pub(crate) struct LaneEntry {
    /// Index in the lane table; also of its cursor in every inbox file.
    pub(crate) index: usize,
    pub(crate) id: u64,
    pub(crate) state: LaneState,
    pub(crate) topic: usize,
    pub(crate) priority: Priority,
    /// The publisher's participant slot.
    pub(crate) participant: usize,
    /// Bytes of the ring.
    pub(crate) capacity: u64,
    /// For a work queue: maximum number of messages that are sent and not done, a power of two; otherwise 0.
    pub(crate) claims: u64,
    pub(crate) publisher: String,
}

/// Properties of a new lane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewLane<'a> {
    pub(crate) id: u64,
    pub(crate) topic: usize,
    pub(crate) priority: Priority,
    pub(crate) participant: usize,
    pub(crate) capacity: u64,
    pub(crate) claims: u64,
    pub(crate) publisher: &'a str,
}

impl LaneEntry {
    /// Tells this lane from earlier ones at its index.
    pub(crate) const fn generation(&self) -> u16 {
        self.id as u16
    }
}

/// Claims of the largest table: one for each record of the largest ring.
const CLAIMS_MAX: u64 = 1 << 25;

/// The number of claims as eight bits: 1 more than the logarithm; 0 for none.
const fn claims_bits(claims: u64) -> u64 {
    if claims == 0 { 0 } else { claims.ilog2() as u64 + 1 }
}

/// Inverse of [`claims_bits`].
const fn claims_of(bits: u64) -> u64 {
    match bits & 0xff {
        0 => 0,
        bits if bits > 63 => u64::MAX,
        bits => 1 << (bits - 1),
    }
}

impl Control {
    /// The lane at `index`, if there is one.
    pub(crate) fn lane(&self, index: usize) -> Option<LaneEntry> {
        self.read(LANES, index, |word, entry| {
            let state = match word & 0xff {
                1 => LaneState::Open,
                2 => LaneState::Closed,
                _ => return None,
            };
            let what = load(entry, OWNER);
            let topic = (what & 0xffff_ffff) as usize;
            let participant = (what >> 40 & 0xffff) as usize;
            let claims = claims_of(what >> 56);
            if topic >= TOPICS_MAX || participant >= PARTICIPANTS_MAX || claims > CLAIMS_MAX {
                return None;
            }
            Some(LaneEntry {
                index,
                id: word >> 8,
                state,
                topic,
                priority: Priority::from_wire((what >> 32) as u8)?,
                participant,
                capacity: load(entry, CAPACITY),
                claims,
                publisher: text(entry, NAME, load(entry, NAME_LENGTH))?,
            })
        })
    }

    /// All lanes.
    pub(crate) fn lanes(&self) -> impl Iterator<Item = LaneEntry> {
        (0..LANES_MAX).filter_map(|index| self.lane(index))
    }

    /// An index for a new lane. Under `bus.lock`.
    pub(crate) fn free_lane(&self) -> Option<usize> {
        self.free_index(LANES, self.limits().lanes)
    }

    /// Number of lanes that can be added.
    pub(crate) fn free_lanes(&self) -> usize {
        self.free_indices(LANES, self.limits().lanes).count()
    }

    /// Fills the free entry at `index`. Under `bus.lock`; the name fits.
    pub(crate) fn add_lane(&self, index: usize, lane: NewLane<'_>) {
        self.keep_lane(index);
        let what = lane.topic as u64 | (lane.priority as u64) << 32 | (lane.participant as u64) << 40;
        let what = what | claims_bits(lane.claims) << 56;
        let fields = [(OWNER, what), (CAPACITY, lane.capacity), (NAME_LENGTH, lane.publisher.len() as u64)];
        let state = lane.id << 8 | LaneState::Open as u64;
        publish(self.entry(LANES, index), state, &fields, &[(NAME, lane.publisher)]);
    }

    /// Closes the lane: no more messages will come. Under `bus.lock`.
    pub(crate) fn close_lane(&self, lane: &LaneEntry) {
        // ORDERING: [ENTRY] Release: whoever sees the lane closed sees everything that was committed before.
        self.entry(LANES, lane.index)[STATE].store(lane.id << 8 | LaneState::Closed as u64, Ordering::Release);
    }

    /// Frees the entry. Under `bus.lock`.
    pub(crate) fn remove_lane(&self, index: usize) {
        // ORDERING: [ENTRY] a reader of 0 uses nothing that was written before.
        self.entry(LANES, index)[STATE].store(0, Ordering::Release);
    }
}
