//! Participants' entries:
//!
//! ```text
//! word 0    1                   2             3 .. 11  11        12         13          14            15
//!      | id | pid | namespace   | name length | name   | version | features | start, ms | birth ticks | beat |
//! ```
//! An entry says that somebody took part; whether it still lives is told by its lock file, or by the system's word that no
//! process of this number and birth is there any more.

use super::{Control, PARTICIPANTS, PARTICIPANTS_MAX, Version, load, publish, text};
use crate::sync::{Ordering, fence};
use crate::sys::Birth;

const NAME: (usize, usize) = (3, 11);
const VERSION: usize = 11;
const FEATURES: usize = 12;
const START: usize = 13;
const BIRTH: usize = 14;
const BEAT: usize = 15;

const _: () = assert!(NAME.1 == VERSION && PARTICIPANTS.stride == BEAT + 1, "the entry is full");

/// One attached process or handle.
#[derive(Clone, Debug)]
pub(crate) struct ParticipantEntry {
    pub(crate) slot: usize,
    pub(crate) id: u64,
    pub(crate) pid: u32,
    pub(crate) birth: Birth,
    pub(crate) name: String,
    pub(crate) version: Version,
    /// Features that it knows.
    pub(crate) features: u64,
    /// When it attached, in milliseconds since 1970.
    pub(crate) start_ms: u64,
    pub(crate) beat: u64,
}

/// What a participant says about itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewParticipant<'a> {
    pub(crate) pid: u32,
    pub(crate) birth: Birth,
    pub(crate) name: &'a str,
    pub(crate) start_ms: u64,
}

impl Control {
    /// The entry in `slot`, if it is in use.
    pub(crate) fn participant(&self, slot: usize) -> Option<ParticipantEntry> {
        self.read(PARTICIPANTS, slot, |id, entry| {
            let process = load(entry, 1);
            Some(ParticipantEntry {
                slot,
                id,
                pid: process as u32,
                birth: Birth { namespace: (process >> 32) as u32, ticks: load(entry, BIRTH) },
                name: text(entry, NAME, load(entry, 2))?,
                version: Version::from_word(load(entry, VERSION)),
                features: load(entry, FEATURES),
                start_ms: load(entry, START),
                beat: load(entry, BEAT),
            })
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

    /// Whether any slot is in use. Under `bus.lock`.
    pub(crate) fn has_participants(&self) -> bool {
        (0..PARTICIPANTS_MAX).any(|slot| !self.participant_is_free(slot))
    }

    /// Fills `slot`. Under `bus.lock`; the name fits.
    pub(crate) fn add_participant(&self, slot: usize, new: NewParticipant<'_>) -> u64 {
        let id = self.next_id();
        let entry = self.entry(PARTICIPANTS, slot);
        let process = u64::from(new.pid) | u64::from(new.birth.namespace) << 32;
        // ORDERING: Relaxed, published by [ENTRY]; who still reads the former tenant's entry sees another id afterwards.
        entry[0].store(0, Ordering::Relaxed);
        // ORDERING: [ENTRY] keeps the former tenant's readers from mixing the two, as in `publish`.
        fence(Ordering::Release);
        let features = Version::REQUIRED | Version::OPTIONAL;
        let rest =
            [(VERSION, Version::HERE.to_word()), (FEATURES, features), (START, new.start_ms), (BIRTH, new.birth.ticks)];
        for (word, value) in rest.into_iter().chain([(BEAT, 0)]) {
            entry[word].store(value, Ordering::Relaxed);
        }
        publish(entry, id, &[process, new.name.len() as u64], &[(NAME.0, NAME.1, new.name)]);
        id
    }

    /// Frees `slot`. Under `bus.lock`.
    pub(crate) fn remove_participant(&self, slot: usize) {
        // ORDERING: [ENTRY] nothing was written before it that a reader of 0 uses.
        self.entry(PARTICIPANTS, slot)[0].store(0, Ordering::Release);
    }

    /// Says that the participant in `slot` is getting on. By its owner.
    #[inline]
    pub(crate) fn beat(&self, slot: usize) {
        // ORDERING: Relaxed, a counter that only tools look at; the owner's threads share it.
        self.entry(PARTICIPANTS, slot)[BEAT].fetch_add(1, Ordering::Relaxed);
    }
}
