//! One reader's way through a lane.
//!
//! A **gating** reader is waited for: its cursor bounds the writer. The others ([`Mode`]) are not: they copy first, then ask
//! whether the writer has meanwhile passed them, and if so throw the copy away and go to `oldest`, or leave.
//!
//! # Invariants
//! 1. Of the lane, only Relaxed loads are made: the pages are read-only, and std promises no more for those.
//! 2. A word of the lane is loaded once, checked, then used; indices come from positions modulo the ring.
//! 3. Each call looks at a bounded number of records.
//!
//! # Failure
//! A word that no writer of this protocol leaves is reported as [`Look::Corrupt`]; the caller reads no further.

use super::copy::copy_out;
use super::{
    Cursor, Geometry, HEAD, HEADER_WORDS, LATEST, Memory, Mode, OLDEST, Place, SENT, SLOT, extent_of, prefetch,
};
use crate::sync::{AtomicU64, Mutation, Ordering, fence, fence_unless, mutated, order_unless};
use crate::wire::{Header, HeaderError, Kind};

/// Where a subscription begins in lanes that are already there. Lanes that appear later are read from their start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With what is sent from now on.
    Now,
    /// With the oldest message that is still there.
    Earliest,
    /// With the last so many messages of each lane, as far as they are still there.
    Last(u64),
}

/// What [`Reader::read`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Nothing new.
    Dry,
    /// A message, of which the payload was copied; [`Reader::last`] tells the rest.
    Message,
    /// An impossible word; read no further.
    Corrupt(Fault),
    /// Overtaken on a lane that evicts; read no further.
    Evicted,
}

/// One message's particulars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) sequence: u64,
    /// Messages of this lane that were overwritten unread just before this one.
    pub(crate) lost: u64,
    /// Bytes of payload.
    pub(crate) len: usize,
    /// Second word of its header.
    what: u64,
    pub(crate) sender: u64,
    pub(crate) correlation: u64,
}

impl Message {
    /// What it is; its header was checked.
    pub(crate) const fn kind(self) -> Kind {
        match Kind::from_wire((self.what >> 8) as u8) {
            Some(kind) => kind,
            None => Kind::Message,
        }
    }

    /// Its flags.
    pub(crate) const fn flags(self) -> u8 {
        (self.what >> 24) as u8
    }
}

/// What was impossible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Header(HeaderError),
    Extent(u32),
    Sequence { expected: u64, found: u32 },
    PadShort(u32),
    Position(u64),
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Reader<M> {
    memory: M,
    geometry: Geometry,
    generation: u16,
    mode: Mode,
    /// Of the next record; a multiple of 32. Jumps end at [`Cursor::POSITION_MAX`] at most; reading on from there would take 9 PB.
    position: u64,
    /// What is `known` of the next record's sequence.
    expected: u64,
    known: Known,
    /// Position that the cursor word holds.
    published: u64,
    /// From which position on the writer has to be told anew: `published` and an eighth of the ring.
    owes_from: u64,
    /// Second word of the header of the last message, which passed all checks and which most messages of a lane share.
    usual: u64,
    /// Payloads shorter than this may come as usual; 0 while the next record needs a closer look.
    usual_below: u64,
    /// Where the writer was seen to be; what lies below is worth asking for ahead.
    known_head: u64,
    /// Lines below this position were asked for ahead.
    asked_for: u64,
    /// Bytes that the last message took, header included.
    usual_extent: u64,
    /// Of the last message that was read: messages lost before it, bytes of its payload, sender and correlation id.
    last: (u64, usize, u64, u64),
}

impl<M: Memory> Reader<M> {
    /// Looks taken in one call: a PAD, a record, and a few overtakings.
    const LOOKS_MAX: usize = 8;
    /// Attempts of [`Self::settle`]; two suffice once the writer sees the subscription.
    const SETTLE_MAX: usize = 64;

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
            last: (0, 0, 0, 0),
        }
    }

    /// A reader for a lane that already runs; first half of joining. The caller then makes the subscription visible and
    /// calls [`Self::settle`].
    pub(crate) fn joining(memory: M, generation: u16, mode: Mode, from: Start, cursor: &AtomicU64) -> Self {
        let mut reader = Self::at_start(memory, generation, mode);
        let start = match from {
            Start::Now | Start::Last(0) => reader.head(),
            Start::Earliest | Start::Last(_) => reader.oldest(),
        };
        if start != 0 {
            reader.position = start;
            reader.forget();
        }
        reader.publish(cursor);
        reader
    }

    /// Second half of joining: goes forward until the writer can no longer overwrite what is next.
    pub(crate) fn settle(&mut self, cursor: &AtomicU64) -> Result<(), Fault> {
        for _ in 0..Self::SETTLE_MAX {
            // ORDERING: [JOIN] SeqCst, pairs with the fence in `Writer::make_room`.
            fence_unless(Mutation::NoJoinFence, Ordering::SeqCst);
            let oldest = self.oldest();
            if oldest > self.position {
                self.go_to(oldest)?;
                self.forget();
                self.publish(cursor);
            } else if self.mode == Mode::Gating || self.note_start() {
                return Ok(());
            }
        }
        Err(Fault::Position(self.position))
    }

    /// Goes to the newest message of a lane whose readers skip to it; those before it are not this reader's.
    pub(crate) fn start_at_latest(&mut self) -> Result<(), Fault> {
        self.skip_to_latest()?;
        self.forget();
        if !self.note_start() {
            self.expected = self.sent();
        }
        Ok(())
    }

    /// Notes which record comes next, so that what is overtaken of it and of those behind it counts as lost, also before the first one
    /// is read. `false` when the writer passed it meanwhile: then what was noted means nothing.
    fn note_start(&mut self) -> bool {
        // What is counted as sent, but not yet there, was being sent while this reader joined.
        self.expected = self.next_sequence().unwrap_or_else(|| self.sent());
        !self.is_lapped()
    }

    /// Takes the next message; its payload fills `payload` from the start, which must hold the longest one.
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

    /// The usual case in few steps: the next record is like the one before it, and whole. Else nothing has happened.
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
        // ORDERING: [COMMIT] pairs with the Release store in `Writer::commit_record`.
        fence_unless(Mutation::NoCommitFence, Ordering::Acquire);
        // ORDERING: Relaxed, after the fence of [COMMIT].
        let what = what.load(Ordering::Relaxed);
        let (length, sequence) = (commit & u64::from(u32::MAX), self.expected);
        // That of no message is below 0; of a length below a header's, the difference is huge.
        let len = length.wrapping_sub(SLOT);
        if (commit >> 32) as u32 != sequence as u32 || what != self.usual || len >= self.usual_below {
            return false;
        }
        let extent = extent_of(length);
        let body = (extent / 8) as usize - HEADER_WORDS;
        // One past the ring's end is not there.
        let (Some(from), Some(to)) = (behind.get(..body), payload.get_mut(..body)) else { return false };
        if self.mode == Mode::Gating {
            self.memory.trace_read(at + 1..at + HEADER_WORDS + body);
        }
        if self.asked_for < self.known_head && self.asked_for < self.position + prefetch::AHEAD / 2 {
            let next = self.asked_for.max(self.position);
            self.asked_for = self.known_head.min(self.position + prefetch::AHEAD);
            prefetch::to_read(self.memory.ring(), self.geometry, next..self.asked_for);
        }
        copy_out(from, to);
        let (sender, correlation) = (sender.load(Ordering::Relaxed), correlation.load(Ordering::Relaxed));
        if self.is_lapped() {
            return false;
        }
        if extent == self.usual_extent {
            // Not the extent that was read: where the next record lies must not wait for this one's length, which may still be on
            // its way from another processor. The optimizer would see that both are the same.
            self.position += std::hint::black_box(self.usual_extent);
        } else {
            self.position += extent;
            self.usual_extent = extent;
        }
        self.expected = sequence.wrapping_add(1);
        self.last = (0, len as usize, sender, correlation);
        true
    }

    /// Whether it is time to tell the writer how far this reader has come.
    #[inline]
    pub(crate) fn owes_cursor(&self) -> bool {
        self.position >= self.owes_from
    }

    /// As [`Self::read`], whatever comes next.
    #[cold]
    pub(crate) fn read_any(&mut self, payload: &mut [u64], cursor: &AtomicU64) -> Look {
        for _ in 0..Self::LOOKS_MAX {
            if self.mode == Mode::Latest
                && let Err(fault) = self.skip_to_latest()
            {
                return Look::Corrupt(fault);
            }
            let at = self.geometry.word(self.position);
            // ORDERING: Relaxed as the page is read-only; the fence below makes it an Acquire.
            let commit = self.memory.ring()[at].load(Ordering::Relaxed);
            if commit == 0 {
                match self.lapped() {
                    Lap::Ahead => continue,
                    Lap::No => {
                        self.publish_if_moved(cursor);
                        return Look::Dry;
                    }
                    Lap::End(look) => return look,
                }
            }
            // ORDERING: [COMMIT] pairs with the Release store in `Writer::commit_record`.
            fence_unless(Mutation::NoCommitFence, Ordering::Acquire);
            let length = commit as u32;
            let extent = self.geometry.extent(self.position, length);
            let rest = extent.map_or([0; 3], |extent| self.copy(at, extent, payload));
            match self.lapped() {
                Lap::Ahead => continue,
                Lap::No => {}
                Lap::End(look) => return look,
            }
            let Some(extent) = extent else { return Look::Corrupt(Fault::Extent(length)) };
            match self.accept([commit, rest[0], rest[1], rest[2]], extent) {
                Ok(true) => {
                    if self.owes_cursor() {
                        self.publish(cursor);
                    }
                    return Look::Message;
                }
                Ok(false) => {}
                Err(fault) => return Look::Corrupt(fault),
            }
        }
        Look::Dry
    }

    /// Whether the next look finds nothing and changes nothing: the lane is dry, and its writer knows how far this reader has come.
    #[inline]
    pub(crate) fn rests(&self) -> bool {
        !self.holds() & self.has_told()
    }

    /// Whether the writer knows how far this reader has come.
    #[inline]
    pub(crate) const fn has_told(&self) -> bool {
        self.published == self.position
    }

    /// Whether a record (or an overtaking) waits. No record is a PAD with nothing behind it: that comes when room is lent, and may
    /// stay alone.
    #[inline]
    pub(crate) fn holds(&self) -> bool {
        let (ring, at) = (self.memory.ring(), self.geometry.word(self.position));
        // ORDERING: Relaxed, a hint; `read` looks again with the fence.
        let commit = ring[at].load(Ordering::Relaxed);
        // The end of the next record is asked for together with its beginning, and not only after that has come.
        if let Some(end) = ring.get(at + (self.usual_extent / 8) as usize - 1) {
            std::hint::black_box(end.load(Ordering::Relaxed));
        }
        // ORDERING: Relaxed, a hint, too.
        let is_overtaken = || self.memory.header()[OLDEST].load(Ordering::Relaxed) > self.position;
        (commit != 0 && !self.is_lone_pad(at)) || (self.mode != Mode::Gating && is_overtaken())
    }

    /// Whether what lies at `at` is a PAD behind which nothing came.
    #[inline]
    fn is_lone_pad(&self, at: usize) -> bool {
        // ORDERING: [COMMIT] as in `read_usual`.
        fence_unless(Mutation::NoCommitFence, Ordering::Acquire);
        let ring = self.memory.ring();
        let [_, kind, ..] = ring[at + 1].load(Ordering::Relaxed).to_le_bytes();
        kind == Kind::Pad as u8 && ring[0].load(Ordering::Relaxed) == 0
    }

    /// As [`Self::holds`]; a dry lane's writer is told how far this reader has come.
    #[inline]
    pub(crate) fn ready(&mut self, cursor: &AtomicU64) -> bool {
        let holds = self.holds();
        if !holds {
            self.publish_if_moved(cursor);
        }
        holds
    }

    /// Sequence of the next record, as far as can be told without taking it; `None` when none is there.
    pub(crate) fn next_sequence(&self) -> Option<u64> {
        if self.known == Known::Exactly {
            return Some(self.expected);
        }
        // ORDERING: Relaxed, a look that is checked when the record is read.
        let commit = self.memory.ring()[self.geometry.word(self.position)].load(Ordering::Relaxed);
        (commit != 0).then(|| nearest((commit >> 32) as u32, self.sent()))
    }

    /// The last message that was read.
    #[inline]
    pub(crate) const fn last(&self) -> Message {
        let (lost, len, sender, correlation) = self.last;
        Message { sequence: self.expected.wrapping_sub(1), lost, len, what: self.usual, sender, correlation }
    }

    /// Messages that the writer has sent.
    pub(crate) fn sent(&self) -> u64 {
        // ORDERING: Relaxed, a figure.
        self.memory.header()[SENT].load(Ordering::Relaxed)
    }

    /// Position that the writer was told last.
    #[inline]
    pub(crate) const fn published(&self) -> u64 {
        self.published
    }

    /// Position of the next record.
    pub(crate) const fn position(&self) -> u64 {
        self.position
    }

    /// The writer's position, which is worth knowing before much is read.
    pub(crate) fn look_at_head(&mut self) -> u64 {
        self.known_head = self.head();
        self.known_head
    }

    /// The writer's position; everything below is committed.
    #[inline]
    pub(crate) fn head(&self) -> u64 {
        let head = self.memory.header()[HEAD].load(Ordering::Relaxed);
        // ORDERING: [HEAD] pairs with the Release store in `Writer::commit_record`.
        fence(Ordering::Acquire);
        bounded(head)
    }

    /// Records that the ring holds at most.
    pub(crate) const fn records_max(&self) -> u64 {
        self.geometry.capacity / SLOT
    }

    /// Bytes of the longest payload.
    pub(crate) const fn payload_max(&self) -> usize {
        self.geometry.payload_max()
    }

    /// Tells the writer how far this reader has come.
    #[inline]
    pub(crate) fn publish(&mut self, cursor: &AtomicU64) {
        let place = Place::At(self.position);
        let word = Cursor { generation: self.generation, place }.encode();
        // ORDERING: [CURSOR] Release: the copies made so far are done before the writer reuses their place. Pairs with the
        // Acquire load of the writer's gates.
        cursor.store(word, order_unless(Mutation::RelaxedCursor, Ordering::Release));
        self.published = self.position;
        self.owes_from = self.position + self.geometry.capacity / 8;
        // A model would try it at every moment, to no effect.
        if !cfg!(loom) {
            self.known_head = self.head();
        }
    }

    /// As [`Self::publish`], unless the writer knows already.
    #[inline]
    pub(crate) fn publish_if_moved(&mut self, cursor: &AtomicU64) {
        if self.published != self.position {
            self.publish(cursor);
        }
    }

    /// Tells the writer that this reader wants nothing more.
    pub(crate) fn publish_done(&self, cursor: &AtomicU64) {
        let word = Cursor { generation: self.generation, place: Place::Done }.encode();
        // ORDERING: [CURSOR] as in `publish`.
        cursor.store(word, Ordering::Release);
    }

    fn oldest(&self) -> u64 {
        let oldest = self.memory.header()[OLDEST].load(Ordering::Relaxed);
        // ORDERING: [LAP] what lies from `oldest` on was written before the announcement that is seen here.
        fence(Ordering::Acquire);
        bounded(oldest)
    }

    /// Copies a record's payload and gives the rest of its header, whatever they are; nothing is checked but that a record
    /// of this extent can be here.
    #[inline]
    fn copy(&self, at: usize, extent: u64, payload: &mut [u64]) -> [u64; 3] {
        let record = &self.memory.ring()[at..at + (extent / 8) as usize];
        if self.mode == Mode::Gating {
            self.memory.trace_read(at + 1..at + record.len());
        }
        let (header, body) = record.split_at(HEADER_WORDS);
        // ORDERING: Relaxed, after the fence of [COMMIT].
        let rest = [1, 2, 3].map(|index: usize| header[index].load(Ordering::Relaxed));
        let [_, kind, ..] = rest[0].to_le_bytes();
        if kind != Kind::Pad as u8 {
            copy_out(body, &mut payload[..body.len()]);
        }
        rest
    }

    /// Checks an intact record and moves past it; `false` for a PAD.
    fn accept(&mut self, words: [u64; 4], extent: u64) -> Result<bool, Fault> {
        let header = Header::from_words(words).map_err(Fault::Header)?;
        let sequence = self.sequence_of(header.sequence)?;
        match header.kind {
            Kind::Pad => {
                if self.geometry.offset(self.position) + extent != self.geometry.capacity {
                    return Err(Fault::PadShort(header.length));
                }
                self.go_to(self.position + extent)?;
                Ok(false)
            }
            Kind::Message | Kind::Request | Kind::Response | Kind::Cancel => {
                self.go_to(self.position + extent)?;
                let lost = if self.known == Known::Nothing { 0 } else { sequence.saturating_sub(self.expected) };
                (self.expected, self.known) = (sequence.wrapping_add(1), Known::Exactly);
                let Header { sender, correlation, .. } = header;
                let len = header.length as usize - SLOT as usize;
                self.usual = words[1];
                // On a lane whose readers skip, every message is looked for anew.
                self.usual_below = if self.mode == Mode::Latest { 0 } else { self.geometry.payload_max() as u64 + 1 };
                self.last = (lost, len, sender, correlation);
                Ok(true)
            }
        }
    }

    /// The whole sequence whose low half is `low`.
    #[inline]
    fn sequence_of(&self, low: u32) -> Result<u64, Fault> {
        let ahead = low.wrapping_sub(self.expected as u32);
        match self.known {
            Known::Exactly if ahead == 0 => Ok(self.expected),
            Known::Exactly => Err(Fault::Sequence { expected: self.expected, found: low }),
            Known::AtLeast => Ok(self.expected.wrapping_add(ahead.into())),
            // Only the high half is taken from it.
            Known::Nothing | Known::Start => Ok(nearest(low, self.sent())),
        }
    }

    /// The next record's sequence is found out from the record.
    const fn forget(&mut self) {
        self.known = Known::Nothing;
        // No record is the usual one until one has been checked.
        self.usual_below = 0;
    }

    /// The next record's sequence may be ahead of what is expected.
    const fn skip(&mut self) {
        self.known = match self.known {
            Known::Exactly | Known::AtLeast => Known::AtLeast,
            Known::Nothing | Known::Start => Known::Start,
        };
        self.usual_below = 0;
    }

    /// For those who are not waited for: whether the writer has passed the position.
    #[inline]
    fn is_lapped(&self) -> bool {
        if self.mode == Mode::Gating || mutated(Mutation::NoLapCheck) {
            return false;
        }
        // ORDERING: [LAP] as in `lapped`.
        fence_unless(Mutation::NoLapFence, Ordering::Acquire);
        self.memory.header()[OLDEST].load(Ordering::Relaxed) > self.position
    }

    /// For those who are not waited for: whether the writer has passed the position; then goes to `oldest`.
    fn lapped(&mut self) -> Lap {
        if self.mode == Mode::Gating || mutated(Mutation::NoLapCheck) {
            return Lap::No;
        }
        // ORDERING: [LAP] pairs with the fence in `Writer::make_room`: if any word copied above was already of a later
        // lap, the announcement that allowed it is seen now.
        fence_unless(Mutation::NoLapFence, Ordering::Acquire);
        let oldest = self.memory.header()[OLDEST].load(Ordering::Relaxed);
        if oldest <= self.position {
            return Lap::No;
        }
        // ORDERING: [LAP] what lies from `oldest` on was written before the announcement that is seen here: no commit word of an earlier
        // lap is seen there.
        fence(Ordering::Acquire);
        if self.mode == Mode::Evictable {
            return Lap::End(Look::Evicted);
        }
        self.skip();
        self.go_to(oldest).map_or_else(|fault| Lap::End(Look::Corrupt(fault)), |()| Lap::Ahead)
    }

    /// Goes forward to the newest message, if it is further.
    #[inline]
    fn skip_to_latest(&mut self) -> Result<(), Fault> {
        let latest = self.memory.header()[LATEST].load(Ordering::Relaxed);
        // ORDERING: [LATEST] pairs with the Release store in `Writer::tell_latest`: the message there is committed.
        fence_unless(Mutation::NoLatestFence, Ordering::Acquire);
        if latest > self.position {
            self.skip();
            self.go_to(latest)?;
        }
        Ok(())
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

/// What is known of the next record's sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// It is `expected`.
    Exactly,
    /// It is `expected`, or later by what was lost.
    AtLeast,
    /// Where this reader joined, `expected` or so; the record tells.
    Nothing,
    /// As `Nothing`, and this reader was overtaken since: what it lost counts from `expected`.
    Start,
}

/// What a look at `oldest` found.
enum Lap {
    /// The writer has not passed the position.
    No,
    /// It has; the reader stands at `oldest` now.
    Ahead,
    /// The lane is not read any further.
    End(Look),
}

/// A position from a peer, forced to be one.
const fn bounded(position: u64) -> u64 {
    let position = if position > Cursor::POSITION_MAX { Cursor::POSITION_MAX } else { position };
    position - position % SLOT
}

/// The number closest to `near` whose low half is `low`.
const fn nearest(low: u32, near: u64) -> u64 {
    let ahead = low.wrapping_sub(near as u32) as i32;
    near.wrapping_add(ahead as i64 as u64)
}
