//! The writer of a lane; nothing else writes to it.
//!
//! `begin` makes room and hands out payload words of the ring; `commit` makes them a record. A loan that is begun again or cancelled leaves
//! no trace. `put` does both at once if it only has to fill the next words. [`room`] moves `oldest`.
//!
//! # Invariants
//! Those of the lane, and:
//! 1. Between two calls the commit word at `head` is zero; during a batch, that of its first record is.
//! 2. Everything of a batch is written before its first commit word.
//! 3. Nothing at or past `oldest + capacity` is written before `oldest` has been announced further.
//!
//! # Failure
//! [`Refusal`] leaves lane and loan unchanged.

mod checkpoints;
mod room;

pub(crate) use room::{Gates, Lowest, Refusal};

use super::copy::copy_in;
use super::{Geometry, HEADER_WORDS, Memory, SLOT, extent_of};
use crate::layout::lane::{HEAD, LATEST, SENT, Tally};
use crate::sync::{AtomicU64, Mutation, Ordering, mutated, order_unless};
use crate::wire::{Header, Kind, Priority, commit_word};
use checkpoints::Checkpoints;

/// Properties of a record besides those of its lane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Envelope {
    pub(crate) kind: Kind,
    pub(crate) flags: u8,
    pub(crate) correlation: u64,
}

impl Envelope {
    /// That of a plain message.
    pub(crate) const MESSAGE: Self = Self { kind: Kind::Message, flags: 0, correlation: 0 };
    /// That of the filler at the end of a ring.
    const PAD: Self = Self { kind: Kind::Pad, ..Self::MESSAGE };

    /// Kind and flags in the second word of a header, where the stamp has zeros.
    const fn bits(self) -> u64 {
        (self.kind as u64) << 8 | (self.flags as u64) << 24
    }
}

/// The values that every header of a lane repeats.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamp {
    pub(crate) priority: Priority,
    pub(crate) topic: u32,
    pub(crate) sender: u64,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Writer<M> {
    memory: M,
    geometry: Geometry,
    /// Second word of every header, without the bits of its [`Envelope`].
    what: u64,
    /// Third word of every header.
    sender: u64,
    /// Position of the next record.
    head: u64,
    /// Sequence of the next record.
    sequence: u64,
    /// First intact record, in `head - capacity + 32 ..= head`.
    oldest: u64,
    /// Records can be written up to here without a PAD, a checkpoint or more room: to the end of this lap, to before the next checkpoint,
    /// or to the limit that `oldest` sets, less the zero behind the last record.
    free_until: u64,
    /// Whether readers skip to the newest message and need its position.
    tells_latest: bool,
    checkpoints: Checkpoints,
    /// Bytes of payload on loan at `head`.
    loan: Option<usize>,
    /// Whether commits are held back.
    batching: bool,
    /// Index and value of the commit word that is held back: that of a batch's first record.
    held: Option<(usize, u64)>,
    /// Position of the newest message of a batch.
    held_latest: Option<u64>,
    /// The held-back records became visible before their batch ended.
    shown: bool,
}

impl<M: Memory> Writer<M> {
    /// A writer for a lane that is all zero.
    pub(crate) fn new(memory: M, stamp: Stamp, tells_latest: bool) -> Self {
        let geometry = Geometry::of(&memory);
        let Stamp { priority, topic, sender } = stamp;
        let header =
            Header { length: 0, sequence: 0, kind: Kind::Pad, priority, flags: 0, topic, sender, correlation: 0 };
        let [_, what, sender, _] = header.to_words();
        Self {
            memory,
            geometry,
            what: what ^ Envelope::PAD.bits(),
            sender,
            head: 0,
            sequence: 0,
            oldest: 0,
            free_until: 0,
            tells_latest,
            checkpoints: Checkpoints::of(geometry.capacity),
            loan: None,
            batching: false,
            held: None,
            held_latest: None,
            shown: false,
        }
    }

    pub(crate) const fn geometry(&self) -> Geometry {
        self.geometry
    }

    pub(crate) const fn memory(&self) -> &M {
        &self.memory
    }

    /// Lends room for `len` bytes of payload and returns the index of its first word in the ring.
    ///
    /// Cancels an earlier loan that was not committed.
    #[inline]
    pub(crate) fn begin(&mut self, len: usize, gates: &mut impl Gates) -> Result<usize, Refusal> {
        self.loan = None;
        if len > self.geometry.payload_max() {
            return Err(Refusal::TooLong);
        }
        let record = extent_of(SLOT + len as u64);
        let to_end = self.geometry.capacity - self.geometry.offset(self.head);
        let pad = if record > to_end { to_end } else { 0 };
        let terminator = if mutated(Mutation::RoomWithoutHeader) { 0 } else { SLOT };
        let end = self.head + pad + record + terminator;
        if end > self.oldest + self.geometry.capacity {
            // Making room looks at all records, and readers that wait for the rest of a batch would never make any.
            self.flush();
            self.make_room(end - self.geometry.capacity, gates)?;
        }
        if pad > 0 {
            self.commit_record(pad, Envelope::PAD);
        }
        self.loan = Some(len);
        Ok(self.geometry.word(self.head) + HEADER_WORDS)
    }

    /// Fast path of sending `payload`: succeeds if it needs no PAD and fits into the room that is known to be free; cancels an earlier
    /// loan. If `false`, nothing has happened.
    #[inline(always)]
    pub(crate) fn put(&mut self, payload: &[u8], envelope: Envelope) -> bool {
        let extent = extent_of(SLOT + payload.len() as u64);
        let next = self.head + extent;
        if payload.len() > self.geometry.payload_max() || next > self.free_until {
            return false;
        }
        if !self.batching {
            self.terminate(next);
        }
        let at = self.geometry.word(self.head);
        let Some((header, behind)) = self.memory.ring()[at..].split_first_chunk::<HEADER_WORDS>() else { return false };
        let Some(body) = behind.get(..(extent / 8) as usize - HEADER_WORDS) else { return false };
        self.memory.trace_write(at + 1..at + HEADER_WORDS + body.len());
        copy_in(body, payload);
        let [commit, what, sender, correlation] = header;
        // ORDERING: Relaxed, published by [COMMIT].
        what.store(self.what | envelope.bits(), Ordering::Relaxed);
        sender.store(self.sender, Ordering::Relaxed);
        correlation.store(envelope.correlation, Ordering::Relaxed);
        let (before, sequence) = (self.head, self.sequence);
        (self.head, self.sequence, self.loan) = (next, sequence + 1, None);
        let word = commit_word(SLOT as u32 + payload.len() as u32, sequence as u32);
        if self.batching {
            self.hold_back(at, word);
            self.held_latest = Some(before);
        } else {
            self.reveal(commit, word);
            self.tell_sent(before);
        }
        true
    }

    /// Makes the first `used` bytes of the loan a message. `false` if no loan, or a shorter one, is open.
    #[inline]
    pub(crate) fn commit(&mut self, used: usize, envelope: Envelope) -> bool {
        match self.loan.take() {
            Some(len) if used <= len => {
                self.commit_message(used, envelope);
                true
            }
            _ => false,
        }
    }

    fn commit_message(&mut self, len: usize, envelope: Envelope) {
        let at = self.head;
        self.commit_record(SLOT + len as u64, envelope);
        self.count_message(at);
    }

    /// Counts the record at `at` as a message.
    fn count_message(&mut self, at: u64) {
        self.sequence += 1;
        if self.batching {
            self.held_latest = Some(at);
        } else {
            self.tell_sent(at);
        }
    }

    /// Publishes the position `at` of the newest message, and the number of messages.
    #[inline]
    fn tell_sent(&self, at: u64) {
        if self.tells_latest {
            // ORDERING: [LATEST] Release, pairs with the fence in `Reader::skip_to_latest`: it is committed.
            let order = order_unless(Mutation::RelaxedLatest, Ordering::Release);
            self.memory.header()[LATEST].store(at, order);
        }
        // ORDERING: Relaxed, a figure for tools and for the high half of a joiner's sequence.
        self.memory.header()[SENT].store(self.sequence, Ordering::Relaxed);
    }

    /// Whether the last [`Self::begin`] revealed held-back records of a batch. Resets this.
    pub(crate) const fn take_shown(&mut self) -> bool {
        std::mem::replace(&mut self.shown, false)
    }

    /// Cancels the loan.
    pub(crate) const fn cancel(&mut self) {
        self.loan = None;
    }

    /// Adds `more` to a figure that tools read.
    pub(crate) fn tally(&self, what: Tally, more: u64) {
        let word = &self.memory.header()[what as usize];
        // ORDERING: Relaxed, a figure for tools with a single writer.
        word.store(word.load(Ordering::Relaxed).wrapping_add(more), Ordering::Relaxed);
    }

    /// Holds back everything that is committed from now on, until [`Self::end_batch`]. Readers then see all of it at once, and don't
    /// contend for its cache lines meanwhile.
    pub(crate) const fn begin_batch(&mut self) {
        self.batching = true;
    }

    /// Reveals the held-back records to readers.
    pub(crate) fn end_batch(&mut self) {
        self.batching = false;
        self.flush();
    }

    fn flush(&mut self) {
        self.shown = self.batching && self.held.is_some();
        if let Some((at, word)) = self.held.take() {
            self.terminate(self.head);
            self.reveal(&self.memory.ring()[at], word);
        }
        if let Some(at) = self.held_latest.take() {
            self.tell_sent(at);
        }
    }

    /// Writes header and commit word of the record at `head` and advances.
    fn commit_record(&mut self, length: u64, envelope: Envelope) {
        let ring = self.memory.ring();
        let at = self.geometry.word(self.head);
        let extent = extent_of(length);
        let next = self.head + extent;
        if !self.batching {
            self.terminate(next);
        }
        self.memory.trace_write(at + 1..at + (extent / 8) as usize);
        let values = [self.what | envelope.bits(), self.sender, envelope.correlation];
        for (word, value) in ring[at + 1..].iter().zip(values) {
            // ORDERING: Relaxed, published by [COMMIT].
            word.store(value, Ordering::Relaxed);
        }
        self.head = next;
        self.checkpoints.reach(self.head);
        self.note_free();
        let word = commit_word(length as u32, self.sequence as u32);
        if self.batching {
            self.hold_back(at, word);
        } else {
            self.reveal(&self.memory.ring()[at], word);
        }
    }

    /// Stores the zero at which readers stop, at position `next`. This comes first, as the word may be in a cache line of its own.
    #[inline]
    fn terminate(&self, next: u64) {
        if !mutated(Mutation::NoTerminator) && !mutated(Mutation::LateTerminator) {
            // ORDERING: Relaxed, published by [COMMIT]: whoever sees the revealed record sees the zero behind it.
            self.memory.ring()[self.geometry.word(next)].store(0, Ordering::Relaxed);
        }
    }

    /// Commits the record whose commit word is `commit`, and the records behind it up to `head`.
    #[inline]
    fn reveal(&self, commit: &AtomicU64, word: u64) {
        // ORDERING: [COMMIT] Release, pairs with the fences in `Reader::read_usual` and `Reader::read_any`.
        commit.store(word, order_unless(Mutation::RelaxedCommit, Ordering::Release));
        if mutated(Mutation::LateTerminator) {
            self.memory.ring()[self.geometry.word(self.head)].store(0, Ordering::Relaxed);
        }
        // ORDERING: [HEAD] Release, pairs with the fence in `Reader::head`: what lies below it is committed.
        self.memory.header()[HEAD].store(self.head, Ordering::Release);
    }

    /// Keeps the first record of a batch invisible; the others lie behind it.
    #[inline]
    fn hold_back(&mut self, at: usize, word: u64) {
        if self.held.is_none() {
            self.held = Some((at, word));
            if mutated(Mutation::RevealFirst) {
                self.reveal(&self.memory.ring()[at], word);
            }
        } else {
            // ORDERING: Relaxed, published by the [COMMIT] of the batch's first record.
            self.memory.ring()[at].store(word, Ordering::Relaxed);
        }
    }
}
