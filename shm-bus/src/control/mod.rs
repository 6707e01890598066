//! The bus's registry (control block): the tables of participants, topics, lanes and inboxes.
//!
//! ```text
//! byte 0        4096              12288          176128             208896       217088         221184           237568      245760
//!      | header | participants 64 | topics 128   | lane table 256     | inboxes 64 | doorbells 64 | room bells 256 | attention |
//!      |        | 128 each        | 1280 each    | 128 each           | 128 each   | 64 each      | 64 each        | 128 x 64  |
//! ```
//! Knows neither the lanes' contents nor file locks.
//!
//! # Invariants
//! 1. Entries (and the subscription words of an inbox) change only under `bus.lock`; anybody reads them at any time. Bells, ready bits and
//!    attention masks change at any time, by read-modify-write.
//! 2. An entry's first word is stored last, Release, and is 0 while the entry is free: `[ENTRY]`.
//! 3. Ids come from one counter and are never reused; `epoch` grows after every change.
//! 4. Everything that is read is checked: indices against the tables, lengths against their fields, texts for UTF-8.
//!
//! # Failure
//! Readers treat an entry that fails a check as free; it keeps its place until its owner is dead (`spoilt`).

mod accounts;
mod bells;
mod given_up;
mod handshake;
mod inboxes;
mod lanes;
mod limits;
mod participants;
mod process;
mod spoilt;
mod topics;

pub(crate) use accounts::Ended;
pub(crate) use given_up::GivenUp;
pub(crate) use handshake::RegisterError;
pub use handshake::{Build, Version};
pub(crate) use inboxes::InboxEntry;
pub(crate) use lanes::{LaneEntry, LaneState, NewLane};
pub use limits::Limits;
pub(crate) use participants::NewParticipant;
pub use process::Process;
pub use spoilt::RegisterTable;
pub(crate) use spoilt::SpoiltEntry;
pub(crate) use topics::TopicEntry;

use crate::segment::{PAGE_WORDS, Segment, load_text, store_text};
use crate::sync::{AtomicU64, Ordering, fence};

/// Maximum number of participants of a bus.
pub(crate) const PARTICIPANTS_MAX: usize = 64;
/// Maximum number of topics of a bus.
pub(crate) const TOPICS_MAX: usize = 128;
/// Maximum number of lanes of a bus.
pub(crate) const LANES_MAX: usize = 256;
/// Maximum number of inboxes of a bus.
pub(crate) const INBOXES_MAX: usize = 64;
/// Maximum length of a participant's, publisher's or inbox's name, in bytes.
pub(crate) const NAME_MAX: usize = 64;
/// Maximum length of a topic's name, in bytes.
pub(crate) const TOPIC_NAME_MAX: usize = 96;
/// Maximum length of a message type's name, in bytes.
pub(crate) const TYPE_NAME_MAX: usize = 128;
/// Maximum length of a schema, in bytes.
pub(crate) const SCHEMA_MAX: usize = 1024;

// Words of the header page. Those up to byte 256 belong to `handshake` and are the same in every version.
const EPOCH: usize = 32;
const NEXT_ID: usize = 40;
const HOLDER: usize = 41;
const LIMITS: usize = 48;
const GIVEN_UP: usize = 56;
const INODE: usize = 64;
const STEP: usize = 72;
const STEP_TOTAL: usize = 73;
const FORGOTTEN: usize = 74;

/// A table of entries of the same size.
#[derive(Clone, Copy)]
struct Table {
    /// Words before the first entry.
    start: usize,
    /// Words of one entry.
    stride: usize,
    entries: usize,
}

impl Table {
    const fn after(start: usize, stride_bytes: usize, entries: usize) -> Self {
        Self { start, stride: stride_bytes / 8, entries }
    }

    const fn end(self) -> usize {
        self.start + self.stride * self.entries
    }
}

const PARTICIPANTS: Table = Table::after(PAGE_WORDS, 128, PARTICIPANTS_MAX);
const TOPICS: Table = Table::after(PARTICIPANTS.end(), 1280, TOPICS_MAX);
const LANES: Table = Table::after(TOPICS.end(), 128, LANES_MAX);
const INBOXES: Table = Table::after(LANES.end(), 128, INBOXES_MAX);
const DOORBELLS: Table = Table::after(INBOXES.end(), 64, INBOXES_MAX);
const ROOM_BELLS: Table = Table::after(DOORBELLS.end(), 64, LANES_MAX);
const ATTENTION: Table = Table::after(ROOM_BELLS.end(), 64, TOPICS_MAX);
/// Bytes of the registry.
pub(crate) const BYTES: u64 = ATTENTION.end() as u64 * 8;

const _: () = {
    assert!(PARTICIPANTS.start * 8 == 4096 && TOPICS.start * 8 == 12288);
    assert!(LANES.start * 8 == 176_128 && INBOXES.start * 8 == 208_896 && DOORBELLS.start * 8 == 217_088);
    assert!(ROOM_BELLS.start * 8 == 221_184 && ATTENTION.start * 8 == 237_568 && BYTES == 245_760);
    assert!(BYTES.is_multiple_of(4096));
    assert!(EPOCH * 8 == 256 && NEXT_ID * 8 == 320 && HOLDER * 8 == 328 && LIMITS * 8 == 384 && GIVEN_UP * 8 == 448);
    assert!(INODE * 8 == 512 && STEP * 8 == 576 && STEP_TOTAL * 8 == 584 && FORGOTTEN * 8 == 592);
};

/// The mapped `control` file.
#[derive(Debug)]
pub(crate) struct Control {
    segment: Segment,
}

impl Control {
    /// Creates a registry in `segment`, which is all zero, for `process`, a [`Process::word`]. The caller holds `bus.lock`.
    pub(crate) fn create(segment: Segment, creator: &Build, process: u64, limits: &Limits) -> Self {
        let control = Self { segment };
        // ORDERING: Relaxed, published by [MAGIC].
        control.word(NEXT_ID).store(1, Ordering::Relaxed);
        control.store_limits(limits);
        control.introduce(creator, process);
        control
    }

    /// The registry in `segment`, which [`fits`](Self::fits) has accepted.
    pub(crate) const fn of(segment: Segment) -> Self {
        Self { segment }
    }

    /// Records the inode of the registry's file. Called by its creator.
    pub(crate) fn sign(&self, inode: u64) {
        // ORDERING: Relaxed, written once before the file gets its name.
        self.word(INODE).store(inode, Ordering::Relaxed);
    }

    /// The inode of the file as which the registry was created. A registry with another inode is a copy, in which nobody lives, whatever
    /// its entries say.
    pub(crate) fn inode(&self) -> u64 {
        // ORDERING: Relaxed, as in `sign`.
        self.word(INODE).load(Ordering::Relaxed)
    }

    /// Grows with every change of any entry.
    #[inline]
    pub(crate) fn epoch(&self) -> u64 {
        // ORDERING: [EPOCH] Acquire: the entries that led to this epoch are seen. Pairs with `bump_epoch`.
        self.word(EPOCH).load(Ordering::Acquire)
    }

    /// Announces changed entries. Under `bus.lock`.
    pub(crate) fn bump_epoch(&self) {
        // ORDERING: [EPOCH] Release, pairs with `epoch`.
        self.word(EPOCH).fetch_add(1, Ordering::Release);
    }

    /// A number that was never given out before. Under `bus.lock`.
    pub(crate) fn next_id(&self) -> u64 {
        // ORDERING: Relaxed, `bus.lock` orders its holders.
        self.word(NEXT_ID).fetch_add(1, Ordering::Relaxed)
    }

    /// The holder of `bus.lock`, if it is recorded.
    pub(crate) fn holder(&self) -> Option<Process> {
        // ORDERING: Relaxed, a hint for an error's text.
        let word = self.word(HOLDER).load(Ordering::Relaxed);
        (word != 0).then(|| Process::from_word(word))
    }

    /// Records the holder of `bus.lock`, as [`Process::word`]; 0 when it is released.
    pub(crate) fn set_holder(&self, process: u64) {
        // ORDERING: Relaxed, a hint for an error's text.
        self.word(HOLDER).store(process, Ordering::Relaxed);
    }

    #[inline]
    fn word(&self, index: usize) -> &AtomicU64 {
        &self.segment.words()[index]
    }

    fn entry(&self, table: Table, index: usize) -> &[AtomicU64] {
        assert!(index < table.entries, "indices are checked where they are read");
        let start = table.start + index * table.stride;
        &self.segment.words()[start..start + table.stride]
    }

    /// The result of `parse` for an entry in use, from a moment in which its state did not change.
    fn read<T>(&self, table: Table, index: usize, parse: impl Fn(u64, &[AtomicU64]) -> Option<T>) -> Option<T> {
        /// An entry's states are open, closed, free, another tenant. No legitimate peer changes it more often than this during one look.
        const LOOKS_MAX: usize = 8;
        let entry = self.entry(table, index);
        for _ in 0..LOOKS_MAX {
            // ORDERING: [ENTRY] Acquire, pairs with the Release store in `publish`.
            let state = entry[0].load(Ordering::Acquire);
            if state == 0 {
                return None;
            }
            let parsed = parse(state, entry);
            // ORDERING: [ENTRY] the fields above are loaded before the state is checked again. Freeing and refilling the entry leads to
            // another state, as ids are never reused.
            fence(Ordering::Acquire);
            if entry[0].load(Ordering::Relaxed) == state {
                return parsed;
            }
        }
        None
    }

    /// The first free index below `limit`. Under `bus.lock`.
    fn free_index(&self, table: Table, limit: usize) -> Option<usize> {
        self.free_indices(table, limit).next()
    }

    fn free_indices(&self, table: Table, limit: usize) -> impl Iterator<Item = usize> {
        (0..table.entries.min(limit)).filter(move |index| self.entry(table, *index)[0].load(Ordering::Relaxed) == 0)
    }
}

/// Fills an entry: `fields` from its second word, `text`s from the given words on, then `state`.
fn publish(entry: &[AtomicU64], state: u64, fields: &[u64], texts: &[(usize, usize, &str)]) {
    // ORDERING: Relaxed, published by [ENTRY]; the fence keeps an earlier tenant's readers from mixing the two.
    entry[0].store(0, Ordering::Relaxed);
    fence(Ordering::Release);
    for (word, field) in entry[1..].iter().zip(fields) {
        word.store(*field, Ordering::Relaxed);
    }
    for (start, end, text) in texts {
        store_text(&entry[*start..*end], text);
    }
    // ORDERING: [ENTRY] Release, pairs with the Acquire load in `Control::read`.
    entry[0].store(state, Ordering::Release);
}

fn text(entry: &[AtomicU64], words: (usize, usize), len: u64) -> Option<String> {
    load_text(&entry[words.0..words.1], len).ok()
}

#[inline]
fn load(entry: &[AtomicU64], index: usize) -> u64 {
    // ORDERING: Relaxed, after the Acquire of [ENTRY].
    entry[index].load(Ordering::Relaxed)
}
