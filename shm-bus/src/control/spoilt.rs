//! Entries that are in use but make no sense: somebody wrote where it must not. Nobody else sees them; they keep their place.
//!
//! # Invariants
//! 1. One is freed only when its owner is proven dead, as that still uses bells and bits of its index. Who may be its owner: the
//!    participant that it names, if it names one, else everybody who took part when its id was given, which was before the entry was made.
//! 2. An id that was never given tells nothing: the first sweep that finds it gives the entry another one, after which it makes as little
//!    sense as before.
//!
//! # Failure
//! One that names no owner stays until the last participant has gone that was there when it was found. Words that make sense but are not
//! true can't be told from true ones.

use super::{Control, INBOXES, LANES, NEXT_ID, PARTICIPANTS, PARTICIPANTS_MAX, TOPICS, Table, load};
use crate::sync::Ordering;

/// A table of the register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegisterTable {
    /// Who takes part.
    Participants,
    /// What is carried.
    Topics,
    /// Who publishes.
    Lanes,
    /// Who reads, and workers.
    Inboxes,
}

impl RegisterTable {
    const ALL: [Self; 4] = [Self::Participants, Self::Topics, Self::Lanes, Self::Inboxes];

    /// What its entries are called.
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

/// An entry that is in use and makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SpoiltEntry {
    pub(crate) table: RegisterTable,
    pub(crate) index: usize,
    /// Its id, of a lane's first word the upper bits; perhaps never given.
    pub(crate) id: u64,
    /// The participant slot that it names as its owner, if there can be such a slot.
    pub(crate) owner: Option<usize>,
}

/// A lane's state that is none.
const NO_STATE: u64 = 0;

impl Control {
    /// All entries that are in use and make no sense.
    pub(crate) fn spoilt(&self) -> impl Iterator<Item = SpoiltEntry> {
        let all =
            RegisterTable::ALL.into_iter().flat_map(|table| (0..table.table().entries).map(move |at| (table, at)));
        all.filter_map(|(table, index)| self.spoilt_entry(table, index))
    }

    /// Whether an entry's id was given by this register. Under `bus.lock`.
    pub(crate) fn was_given(&self, id: u64) -> bool {
        // ORDERING: Relaxed, `bus.lock` orders its holders.
        (1..self.word(NEXT_ID).load(Ordering::Relaxed)).contains(&id)
    }

    /// Gives a spoilt entry an id of now, for want of its own. Under `bus.lock`.
    pub(crate) fn stamp_spoilt(&self, entry: &SpoiltEntry) {
        let id = self.next_id();
        let word = if entry.table == RegisterTable::Lanes { id << 8 | NO_STATE } else { id };
        // ORDERING: Relaxed, nobody reads such an entry but the holders of `bus.lock`, which orders them.
        self.entry(entry.table.table(), entry.index)[0].store(word, Ordering::Relaxed);
    }

    fn spoilt_entry(&self, table: RegisterTable, index: usize) -> Option<SpoiltEntry> {
        let entry = self.entry(table.table(), index);
        let word = load(entry, 0);
        let makes_sense = || match table {
            RegisterTable::Participants => self.participant(index).is_some(),
            RegisterTable::Topics => self.topic(index).is_some(),
            RegisterTable::Lanes => self.lane(index).is_some(),
            RegisterTable::Inboxes => self.inbox(index).is_some(),
        };
        // Looked at again: it may have been freed meanwhile.
        if word == 0 || makes_sense() || load(entry, 0) != word {
            return None;
        }
        let (id, owner) = match table {
            RegisterTable::Participants => (word, Some(index)),
            RegisterTable::Topics => (word, None),
            RegisterTable::Lanes => (word >> 8, Some((load(entry, 1) >> 40 & 0xffff) as usize)),
            RegisterTable::Inboxes => (word, Some((load(entry, 1) & 0xffff_ffff) as usize)),
        };
        Some(SpoiltEntry { table, index, id, owner: owner.filter(|slot| *slot < PARTICIPANTS_MAX) })
    }
}
