//! Requests in flight at one client.
//!
//! ```text
//! correlation:  | number, from 1, grows (52 bits) | slot (12 bits) |
//! ```
//!
//! # Invariants
//! 1. A slot is free exactly when its correlation is 0.
//! 2. Slots and their buffers are reused: in the steady state nothing is allocated.

use crate::inbox::bytes_of;
use crate::wire::Status;

/// Stands for one request in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use = "the answer can be read only with its ticket"]
pub struct Ticket(pub(super) u64);

const SLOT_BITS: u32 = 12;
/// Maximum number of requests in flight.
pub(super) const IN_FLIGHT_MAX: usize = 1 << SLOT_BITS;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Pending {
    slots: Vec<Slot>,
    free: Vec<u16>,
    /// Number of the last request.
    number: u64,
}

/// One request.
#[derive(Debug, Default)]
pub(super) struct Slot {
    correlation: u64,
    pub(super) deadline_ns: u64,
    /// Id of the server's inbox when the request was sent.
    pub(super) server: u64,
    /// Set once it is answered.
    pub(super) answer: Option<Status>,
    /// The answer's bytes.
    payload: Words,
}

/// Bytes at an address that is a multiple of 8.
#[derive(Debug, Default)]
struct Words {
    words: Vec<u64>,
    /// At most `8 * words.len()`.
    len: usize,
}

impl Words {
    fn fill(&mut self, bytes: &[u8]) {
        let (whole, rest) = bytes.as_chunks::<8>();
        self.words.clear();
        self.words.extend(whole.iter().map(|bytes| u64::from_ne_bytes(*bytes)));
        if !rest.is_empty() {
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            self.words.push(u64::from_ne_bytes(last));
        }
        self.len = bytes.len();
    }

    fn bytes(&self) -> &[u8] {
        &bytes_of(&self.words)[..self.len]
    }
}

impl Pending {
    /// The ticket for the next request, which is in flight only after [`Self::start`]. `None` if there are too many.
    pub(super) fn next(&mut self) -> Option<Ticket> {
        if self.free.is_empty() && self.slots.len() < IN_FLIGHT_MAX {
            self.free.push(self.slots.len() as u16);
            self.slots.push(Slot::default());
        }
        let slot = *self.free.last()?;
        Some(Ticket((self.number + 1) << SLOT_BITS | u64::from(slot)))
    }

    /// Marks the request of `ticket`, which [`Self::next`] just returned, as in flight.
    pub(super) fn start(&mut self, ticket: Ticket, deadline_ns: u64, server: u64) {
        self.free.pop();
        self.number = ticket.0 >> SLOT_BITS;
        let slot = &mut self.slots[slot_of(ticket.0)];
        slot.correlation = ticket.0;
        slot.deadline_ns = deadline_ns;
        slot.server = server;
        slot.answer = None;
    }

    /// The request of this correlation, if it is in flight.
    #[inline]
    pub(super) fn find(&mut self, correlation: u64) -> Option<&mut Slot> {
        self.slots.get_mut(slot_of(correlation)).filter(|slot| slot.correlation == correlation && correlation != 0)
    }

    /// Ends the request; returns whether it was in flight. Its bytes stay until the next request.
    pub(super) fn finish(&mut self, ticket: Ticket) -> bool {
        let Some(slot) = self.find(ticket.0) else { return false };
        slot.correlation = 0;
        self.free.push(slot_of(ticket.0) as u16);
        true
    }

    /// Keeps an answer until it is polled. `false` if nobody waits for it.
    pub(super) fn keep(&mut self, correlation: u64, status: Status, payload: &[u8]) -> bool {
        match self.find(correlation) {
            Some(slot) if slot.answer.is_none() => {
                slot.answer = Some(status);
                slot.payload.fill(payload);
                true
            }
            _ => false,
        }
    }

    /// The bytes of an answer that was kept.
    pub(super) fn kept(&self, ticket: Ticket) -> &[u8] {
        self.slots[slot_of(ticket.0)].payload.bytes()
    }

    /// Requests in flight.
    pub(super) const fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Gives up requests that nobody has polled since their deadline, and passes each to `expired`.
    #[cold]
    pub(super) fn reclaim(&mut self, now_ns: u64, mut expired: impl FnMut()) {
        for (index, slot) in self.slots.iter_mut().enumerate() {
            if slot.correlation != 0 && slot.deadline_ns <= now_ns {
                slot.correlation = 0;
                self.free.push(index as u16);
                expired();
            }
        }
    }
}

const fn slot_of(correlation: u64) -> usize {
    (correlation & (IN_FLIGHT_MAX as u64 - 1)) as usize
}
