//! Participants' entries: `id | pid | name length | name (64)`.
//!
//! An entry says that somebody took part; whether it still lives is told by its lock file alone.

use super::{Control, PARTICIPANTS, PARTICIPANTS_MAX, load, publish, text};
use crate::sync::Ordering;

const NAME: (usize, usize) = (3, 11);

/// One attached process or handle.
#[derive(Clone, Debug)]
pub(crate) struct ParticipantEntry {
    pub(crate) slot: usize,
    pub(crate) pid: u32,
    pub(crate) name: String,
}

impl Control {
    /// The entry in `slot`, if it is in use.
    pub(crate) fn participant(&self, slot: usize) -> Option<ParticipantEntry> {
        self.read(PARTICIPANTS, slot, |_, entry| {
            let pid = u32::try_from(load(entry, 1)).ok()?;
            Some(ParticipantEntry { slot, pid, name: text(entry, NAME, load(entry, 2))? })
        })
    }

    /// All entries in use.
    pub(crate) fn participants(&self) -> impl Iterator<Item = ParticipantEntry> {
        (0..PARTICIPANTS_MAX).filter_map(|slot| self.participant(slot))
    }

    /// Whether `slot` is free. Under `bus.lock`.
    pub(crate) fn participant_is_free(&self, slot: usize) -> bool {
        self.entry(PARTICIPANTS, slot)[0].load(Ordering::Relaxed) == 0
    }

    /// Fills `slot`. Under `bus.lock`; the name fits.
    pub(crate) fn add_participant(&self, slot: usize, pid: u32, name: &str) -> u64 {
        let id = self.next_id();
        let fields = [pid.into(), name.len() as u64];
        publish(self.entry(PARTICIPANTS, slot), id, &fields, &[(NAME.0, NAME.1, name)]);
        id
    }

    /// Frees `slot`. Under `bus.lock`.
    pub(crate) fn remove_participant(&self, slot: usize) {
        // ORDERING: [ENTRY] nothing was written before it that a reader of 0 uses.
        self.entry(PARTICIPANTS, slot)[0].store(0, Ordering::Release);
    }
}
