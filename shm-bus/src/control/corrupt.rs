//! Corrupt entries: they are in use but invalid, because somebody wrote where it must not. Readers ignore them; they keep their index.
//!
//! # Invariants
//! 1. A corrupt entry is freed only if its owner is proven dead, as a live owner still uses the bells and bits of its index. The possible
//!    owner is the participant that the entry names. If it names none, it is any participant that was there when the entry's id was given
//!    out, which was before the entry was written.
//! 2. An id that was never given out proves nothing: the first sweep that finds it gives the entry another one, which leaves it just as
//!    invalid.
//!
//! # Failure
//! An entry that names no owner stays until the last participant has gone that was there when it was found. Valid but false words can't be
//! detected.

use super::{Control, load};
use crate::layout::control::{
    INBOXES, LANES, NEXT_ID, PARTICIPANTS, PARTICIPANTS_MAX, STATE, TOPICS, Table, inbox, lane,
};
use crate::sync::Ordering;

/// A table of the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegistryTable {
    /// The table of participants.
    Participants,
    /// The table of topics.
    Topics,
    /// The table of lanes, each with its publisher.
    Lanes,
    /// The table of inboxes and workers.
    Inboxes,
}

impl RegistryTable {
    const ALL: [Self; 4] = [Self::Participants, Self::Topics, Self::Lanes, Self::Inboxes];

    /// The name for its entries.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Participants => "participants",
            Self::Topics => "topics",
            Self::Lanes => "lanes",
            Self::Inboxes => "inboxes",
        }
    }

    const fn table(self) -> Table {
        match self {
            Self::Participants => PARTICIPANTS,
            Self::Topics => TOPICS,
            Self::Lanes => LANES,
            Self::Inboxes => INBOXES,
        }
    }
}

/// A corrupt entry, which is in use but invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CorruptEntry {
    pub(crate) table: RegistryTable,
    pub(crate) index: usize,
    /// Its id (the upper bits of a lane's first word); perhaps never given out.
    pub(crate) id: u64,
    /// The participant slot that it names as its owner, if such a slot can exist.
    pub(crate) owner: Option<usize>,
}

/// An invalid lane state.
const NO_STATE: u64 = 0;

impl Control {
    /// All corrupt entries.
    pub(crate) fn corrupt(&self) -> impl Iterator<Item = CorruptEntry> {
        let all =
            RegistryTable::ALL.into_iter().flat_map(|table| (0..table.table().entries).map(move |at| (table, at)));
        all.filter_map(|(table, index)| self.corrupt_entry(table, index))
    }

    /// Whether this registry gave out the id. Under `bus.lock`.
    pub(crate) fn was_given(&self, id: u64) -> bool {
        // ORDERING: Relaxed, `bus.lock` orders its holders.
        (1..self.word(NEXT_ID).load(Ordering::Relaxed)).contains(&id)
    }

    /// Gives a corrupt entry without a valid id a new one. Under `bus.lock`.
    pub(crate) fn stamp_corrupt(&self, entry: &CorruptEntry) {
        let id = self.next_id();
        let word = if entry.table == RegistryTable::Lanes { id << 8 | NO_STATE } else { id };
        // ORDERING: Relaxed, only holders of `bus.lock`, which orders them, read such an entry.
        self.entry(entry.table.table(), entry.index)[STATE].store(word, Ordering::Relaxed);
    }

    fn corrupt_entry(&self, table: RegistryTable, index: usize) -> Option<CorruptEntry> {
        let entry = self.entry(table.table(), index);
        let word = load(entry, STATE);
        let makes_sense = || match table {
            RegistryTable::Participants => self.participant(index).is_some(),
            RegistryTable::Topics => self.topic(index).is_some(),
            RegistryTable::Lanes => self.lane(index).is_some(),
            RegistryTable::Inboxes => self.inbox(index).is_some(),
        };
        // Checked again: it may have been freed meanwhile.
        if word == 0 || makes_sense() || load(entry, STATE) != word {
            return None;
        }
        let (id, owner) = match table {
            RegistryTable::Participants => (word, Some(index)),
            RegistryTable::Topics => (word, None),
            RegistryTable::Lanes => (word >> 8, Some((load(entry, lane::OWNER) >> 40 & 0xffff) as usize)),
            RegistryTable::Inboxes => (word, Some((load(entry, inbox::OWNER) & 0xffff_ffff) as usize)),
        };
        Some(CorruptEntry { table, index, id, owner: owner.filter(|slot| *slot < PARTICIPANTS_MAX) })
    }
}
