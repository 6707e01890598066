//! The bus's registry (control block): the tables of participants, topics, lanes and inboxes. Its words are in
//! [`layout`](crate::layout::control).
//!
//! Knows neither the lanes' contents nor file locks.
//!
//! | module | role |
//! |---|---|
//! | `handshake`, `limits`, `process` | words of the header |
//! | `participants`, `topics`, `lanes`, `inboxes` | the tables |
//! | `accounts` | messages of lanes that have ended |
//! | `bells` | bells and interest masks |
//! | `abandoned`, `corrupt` | abandoned and corrupt entries |
//!
//! # Invariants
//! 1. Entries (and the subscription words of an inbox) change only under `bus.lock`; anybody reads them at any time. Bells, ready bits and
//!    interest masks change at any time, by read-modify-write.
//! 2. An entry's first word is stored last, Release, and is 0 while the entry is free: `[ENTRY]`.
//! 3. Ids come from one counter and are never reused; `epoch` grows after every change.
//! 4. Everything that is read is checked: indices against the tables, lengths against their fields, texts for UTF-8.
//!
//! # Failure
//! Readers treat an entry that fails a check as free; it keeps its index until its owner is dead (`corrupt`).

mod abandoned;
mod accounts;
mod bells;
mod corrupt;
mod handshake;
mod inboxes;
mod lanes;
mod limits;
mod participants;
mod process;
mod topics;

pub(crate) use abandoned::Abandoned;
pub(crate) use accounts::Ended;
pub(crate) use corrupt::CorruptEntry;
pub use corrupt::RegistryTable;
pub(crate) use handshake::RegistryError;
pub use handshake::{Build, Version};
pub(crate) use inboxes::InboxEntry;
pub(crate) use lanes::{LaneEntry, LaneState, NewLane};
pub use limits::Limits;
pub(crate) use participants::NewParticipant;
pub use process::Process;
pub(crate) use topics::TopicEntry;

use std::ops::Range;

use crate::layout::control::{EPOCH, HOLDER, INODE, NEXT_ID, STATE, Table};
use crate::segment::{Segment, load_text, store_text};
use crate::sync::{AtomicU64, Ordering, fence};

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
            let state = entry[STATE].load(Ordering::Acquire);
            if state == 0 {
                return None;
            }
            let parsed = parse(state, entry);
            // ORDERING: [ENTRY] the fields above are loaded before the state is checked again. Freeing and refilling the entry leads to
            // another state, as ids are never reused.
            fence(Ordering::Acquire);
            if entry[STATE].load(Ordering::Relaxed) == state {
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
        (0..table.entries.min(limit)).filter(move |index| self.entry(table, *index)[STATE].load(Ordering::Relaxed) == 0)
    }
}

/// Fills an entry: `fields` and `texts` in the given words, then `state`.
fn publish(entry: &[AtomicU64], state: u64, fields: &[(usize, u64)], texts: &[(Range<usize>, &str)]) {
    // ORDERING: Relaxed, published by [ENTRY]; the fence keeps an earlier tenant's readers from mixing the two.
    entry[STATE].store(0, Ordering::Relaxed);
    fence(Ordering::Release);
    for (word, field) in fields {
        entry[*word].store(*field, Ordering::Relaxed);
    }
    for (words, text) in texts {
        store_text(&entry[words.clone()], text);
    }
    // ORDERING: [ENTRY] Release, pairs with the Acquire load in `Control::read`.
    entry[STATE].store(state, Ordering::Release);
}

fn text(entry: &[AtomicU64], words: Range<usize>, len: u64) -> Option<String> {
    load_text(&entry[words], len).ok()
}

#[inline]
fn load(entry: &[AtomicU64], index: usize) -> u64 {
    // ORDERING: Relaxed, after the Acquire of [ENTRY].
    entry[index].load(Ordering::Relaxed)
}
