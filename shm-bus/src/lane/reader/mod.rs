//! One reader of a lane.
//!
//! A **gating** reader is waited for: its cursor bounds the writer. The others ([`Mode`]) are not: they copy first, then check whether the
//! writer has meanwhile overtaken them. If so they discard the copy and go to `oldest`, or leave.
//!
//! # Invariants
//! 1. All accesses to the lane are Relaxed loads: the pages are read-only, and std promises no more for those.
//! 2. A word of the lane is loaded once, checked, then used; indices come from positions modulo the ring.
//! 3. Each call looks at a bounded number of records.
//!
//! This module has the fast path; [`careful`] handles every case, [`lap`] readers that are overtaken, [`join`] readers that join a running
//! lane.
//!
//! # Failure
//! A word that no writer of this protocol leaves is reported as [`Look::Corrupt`]; the caller then stops reading.

mod careful;
mod join;
mod lap;
mod look;

pub use join::Start;
pub(crate) use look::{Fault, Look, Message};

use super::copy::copy_out;
use super::{Cursor, Geometry, HEADER_WORDS, Memory, Mode, Progress, SLOT, extent_of, prefetch};
use crate::layout::lane::{HEAD, OLDEST, SENT};
use crate::sync::{AtomicU64, Mutation, Ordering, fence, fence_unless, order_unless};
use crate::wire::Kind;
use careful::Known;

/// See the module.
#[derive(Debug)]
pub(crate) struct Reader<M> {
    memory: M,
    geometry: Geometry,
    generation: u16,
    mode: Mode,
    /// Position of the next record; a multiple of 32. Jumps end at [`Cursor::POSITION_MAX`] at most; to get beyond it by reading would take
    /// 9 PB.
    position: u64,
    /// The next record's sequence, as far as it is `known`.
    expected: u64,
    known: Known,
    /// Position that the cursor word holds.
    published: u64,
    /// Position from which the cursor is to be published again: `published` plus an eighth of the ring.
    owes_from: u64,
    /// Second word of the last message's header. It passed all checks, and most messages of a lane share it.
    usual: u64,
    /// Payloads shorter than this may take the fast path; 0 while the next record needs the slow path.
    usual_below: u64,
    /// The writer's last known position; lines below it are worth prefetching.
    known_head: u64,
    /// Lines below this position were prefetched.
    asked_for: u64,
    /// Bytes that the last message took, header included.
    usual_extent: u64,
    /// The last message that was read.
    last: Taken,
}

/// The properties of a message that the reader does not store elsewhere.
#[derive(Clone, Copy, Debug, Default)]
struct Taken {
    /// Messages lost directly before it.
    lost: u64,
    /// Bytes of its payload.
    len: usize,
    sender: u64,
    correlation: u64,
}

impl<M: Memory> Reader<M> {
    /// A reader at the lane's first record.
    pub(crate) fn at_start(memory: M, generation: u16, mode: Mode) -> Self {
        let geometry = Geometry::of(&memory);
        Self {
            memory,
            geometry,
            generation,
            mode,
            position: 0,
            expected: 0,
            known: Known::Exactly,
            published: 0,
            owes_from: geometry.capacity / 8,
            usual: 0,
            usual_below: 0,
            usual_extent: SLOT,
            known_head: 0,
            asked_for: 0,
            last: Taken::default(),
        }
    }

    /// Takes the next message and writes its payload to the start of `payload`, which must have room for the longest one.
    #[inline]
    pub(crate) fn read(&mut self, payload: &mut [u64], cursor: &AtomicU64) -> Look {
        if self.read_usual(payload) {
            if self.owes_cursor() {
                self.publish(cursor);
            }
            return Look::Message;
        }
        self.read_any(payload, cursor)
    }

    /// Fast path: the next record resembles the previous one, and is whole. If `false`, nothing has happened.
    #[inline(always)]
    pub(crate) fn read_usual(&mut self, payload: &mut [u64]) -> bool {
        let at = self.geometry.word(self.position);
        let Some((header, behind)) = self.memory.ring()[at..].split_first_chunk::<HEADER_WORDS>() else { return false };
        let [commit, what, sender, correlation] = header;
        // ORDERING: Relaxed as the page is read-only; the fence below makes it an Acquire.
        let commit = commit.load(Ordering::Relaxed);
        if commit == 0 {
            return false;
        }
        // ORDERING: [COMMIT] pairs with the Release store in `Writer::reveal`.
        fence_unless(Mutation::NoCommitFence, Ordering::Acquire);
        // ORDERING: Relaxed, after the fence of [COMMIT].
        let what = what.load(Ordering::Relaxed);
        let (length, sequence) = (commit & u64::from(u32::MAX), self.expected);
        // A length below a header's wraps to a huge number; with `usual_below` 0 no length passes.
        let len = length.wrapping_sub(SLOT);
        if (commit >> 32) as u32 != sequence as u32 || what != self.usual || len >= self.usual_below {
            return false;
        }
        let extent = extent_of(length);
        let body = (extent / 8) as usize - HEADER_WORDS;
        // `get` fails for a record past the ring's end.
        let (Some(from), Some(to)) = (behind.get(..body), payload.get_mut(..body)) else { return false };
        if self.mode == Mode::Gating {
            self.memory.trace_read(at + 1..at + HEADER_WORDS + body);
        }
        copy_out(from, to);
        let (sender, correlation) = (sender.load(Ordering::Relaxed), correlation.load(Ordering::Relaxed));
        if self.is_lapped() {
            return false;
        }
        if extent == self.usual_extent {
            // Not the extent that was read: the next record's position must not wait for this one's length, which may still be in flight
            // from another processor.
            self.position += prefetch::predicted(self.usual_extent);
        } else {
            self.position += extent;
            self.usual_extent = extent;
        }
        self.expected = sequence.wrapping_add(1);
        self.last = Taken { lost: 0, len: len as usize, sender, correlation };
        if self.asked_for < self.known_head && self.asked_for < self.position + prefetch::AHEAD / 2 {
            self.ask_ahead();
        }
        true
    }

    /// Prefetches the lines of the next records, as far as they are known to exist.
    #[inline(never)]
    fn ask_ahead(&mut self) {
        let next = self.asked_for.max(self.position);
        self.asked_for = self.known_head.min(self.position + prefetch::AHEAD);
        prefetch::to_read(self.memory.ring(), self.geometry, next..self.asked_for);
    }

    /// Whether the cursor is due to be published.
    #[inline]
    pub(crate) fn owes_cursor(&self) -> bool {
        self.position >= self.owes_from
    }

    /// Whether the next look finds nothing and changes nothing: the lane is dry, and its writer knows this reader's position.
    #[inline]
    pub(crate) fn rests(&self) -> bool {
        !self.holds() & self.has_told()
    }

    /// Like [`Self::rests`], in fewer steps; may be `false` where that is true.
    #[inline(always)]
    pub(crate) fn is_at_rest(&self) -> bool {
        // A lane that was read dry may not have told its writer yet: the inbox then looks at each lane, which tells it. A reader that is not
        // waited for also has to check whether it was overtaken.
        !self.is_committed() & self.has_told() & (self.mode == Mode::Gating)
    }

    /// Whether the next record's commit word is set.
    #[inline(always)]
    pub(crate) fn is_committed(&self) -> bool {
        // ORDERING: Relaxed, a hint; `read` checks again with the fence.
        self.memory.ring()[self.geometry.word(self.position)].load(Ordering::Relaxed) != 0
    }

    /// Whether the writer knows this reader's position.
    #[inline]
    pub(crate) const fn has_told(&self) -> bool {
        self.published == self.position
    }

    /// Whether a record (or an overtaking) waits. A PAD with nothing behind it does not count: it is written when room is lent, and may
    /// stay alone.
    #[inline]
    pub(crate) fn holds(&self) -> bool {
        let (ring, at) = (self.memory.ring(), self.geometry.word(self.position));
        // ORDERING: Relaxed, a hint; `read` checks again with the fence.
        let commit = ring[at].load(Ordering::Relaxed);
        // The end of the next record is requested together with its beginning, not only after that has arrived.
        if let Some(end) = ring.get(at + (self.usual_extent / 8) as usize - 1) {
            prefetch::line_of(end);
        }
        // ORDERING: Relaxed, a hint, too.
        let is_overtaken = || self.memory.header()[OLDEST].load(Ordering::Relaxed) > self.position;
        (commit != 0 && !self.is_lone_pad(at)) || (self.mode != Mode::Gating && is_overtaken())
    }

    /// Whether there is a PAD at `at` and nothing behind it.
    #[inline]
    fn is_lone_pad(&self, at: usize) -> bool {
        // ORDERING: [COMMIT] as in `read_usual`.
        fence_unless(Mutation::NoCommitFence, Ordering::Acquire);
        let ring = self.memory.ring();
        let [_, kind, ..] = ring[at + 1].load(Ordering::Relaxed).to_le_bytes();
        kind == Kind::Pad as u8 && ring[0].load(Ordering::Relaxed) == 0
    }

    /// Like [`Self::holds`]; if the lane is dry, publishes this reader's position to the writer.
    #[inline]
    pub(crate) fn ready(&mut self, cursor: &AtomicU64) -> bool {
        let holds = self.holds();
        if !holds {
            self.publish_if_moved(cursor);
        }
        holds
    }

    /// The last message that was read.
    #[inline]
    pub(crate) const fn last(&self) -> Message {
        let Taken { lost, len, sender, correlation } = self.last;
        Message { sequence: self.expected.wrapping_sub(1), lost, len, what: self.usual, sender, correlation }
    }

    /// Messages that the writer has sent.
    pub(crate) fn sent(&self) -> u64 {
        // ORDERING: Relaxed, a figure.
        self.memory.header()[SENT].load(Ordering::Relaxed)
    }

    /// The sequence up to which this reader accounts for the lane's messages: read, lost, or sent before it joined.
    pub(crate) fn accounted(&self) -> u64 {
        // One that is waited for loses nothing, and need not know where it joined.
        if self.mode == Mode::Gating && self.known == Known::Nothing { self.sent() } else { self.expected }
    }

    /// Messages that this reader will never see in a dry lane that gets no more messages: no later message reports them.
    pub(crate) fn unread(&self) -> u64 {
        if self.mode == Mode::Gating { 0 } else { self.sent().saturating_sub(self.accounted()) }
    }

    /// Position last published to the writer.
    #[inline]
    pub(crate) const fn published(&self) -> u64 {
        self.published
    }

    /// Position of the next record.
    pub(crate) const fn position(&self) -> u64 {
        self.position
    }

    /// Loads the writer's position, so that the lines below are prefetched.
    pub(crate) fn look_at_head(&mut self) -> u64 {
        self.known_head = self.head();
        self.ask_ahead();
        self.known_head
    }

    /// The writer's position; everything below is committed.
    #[inline]
    pub(crate) fn head(&self) -> u64 {
        let head = self.memory.header()[HEAD].load(Ordering::Relaxed);
        // ORDERING: [HEAD] pairs with the Release store in `Writer::reveal`.
        fence(Ordering::Acquire);
        bounded(head)
    }

    /// Maximum number of records in the ring.
    pub(crate) const fn records_max(&self) -> u64 {
        self.geometry.capacity / SLOT
    }

    /// Maximum length of a payload in bytes.
    pub(crate) const fn payload_max(&self) -> usize {
        self.geometry.payload_max()
    }

    /// Publishes this reader's position to the writer.
    #[inline]
    pub(crate) fn publish(&mut self, cursor: &AtomicU64) {
        let progress = Progress::At(self.position);
        let word = Cursor { generation: self.generation, progress }.encode();
        // ORDERING: [CURSOR] Release: the copies made so far are complete before the writer reuses their memory. Pairs with the SeqCst
        // fence in `Writer::make_room`, after its first look at the cursors.
        cursor.store(word, order_unless(Mutation::RelaxedCursor, Ordering::Release));
        self.published = self.position;
        self.owes_from = self.position + self.geometry.capacity / 8;
        // A model would try this at every step, without effect.
        if !cfg!(loom) {
            self.known_head = self.head();
        }
    }

    /// Like [`Self::publish`], unless the writer already knows the position.
    #[inline]
    pub(crate) fn publish_if_moved(&mut self, cursor: &AtomicU64) {
        if self.published != self.position {
            self.publish(cursor);
        }
    }

    /// Tells the writer that this reader needs nothing more.
    pub(crate) fn publish_done(&self, cursor: &AtomicU64) {
        let word = Cursor { generation: self.generation, progress: Progress::Done }.encode();
        // ORDERING: [CURSOR] as in `publish`.
        cursor.store(word, Ordering::Release);
    }

    #[inline]
    const fn go_to(&mut self, position: u64) -> Result<(), Fault> {
        if position > Cursor::POSITION_MAX || !position.is_multiple_of(SLOT) {
            return Err(Fault::Position(position));
        }
        self.position = position;
        Ok(())
    }
}

/// A position from a peer, forced to be a valid one.
const fn bounded(position: u64) -> u64 {
    let position = if position > Cursor::POSITION_MAX { Cursor::POSITION_MAX } else { position };
    position - position % SLOT
}
