//! Participants' entries:
//!
//! ```text
//! word 0    1                   2             3 .. 11  11        12         13          14            15
//!      | id | pid | namespace   | name length | name   | version | features | start, ms | birth ticks | beat |
//! ```
//! The register's header has three more words for each slot: the time namespace of the birth, who has left, and a **seal**, which
//! tells an entry that a participant wrote from nonsense that somebody has scribbled there.
//!
//! An entry says that somebody took part. Whether it still lives is told by its lock file, by the system's word that no process of
//! this number and birth is there any more, or by the participant itself, when it leaves.

use super::{Control, PARTICIPANTS, PARTICIPANTS_MAX, Process, Version, load, publish, text};
use crate::sync::{Ordering, fence};
use crate::sys::Birth;

const NAME: (usize, usize) = (3, 11);
const VERSION: usize = 11;
const FEATURES: usize = 12;
const START: usize = 13;
const BIRTH: usize = 14;
const BEAT: usize = 15;

/// Words of the header from which on there is one for each slot: the greatest id that has left it, or was proven dead.
const LEFT: usize = 128;
/// As [`LEFT`]: the time namespace of the participant's birth.
const TIME_NAMESPACE: usize = LEFT + PARTICIPANTS_MAX;
/// As [`LEFT`]: the participant's [`seal`].
const SEAL: usize = TIME_NAMESPACE + PARTICIPANTS_MAX;

const _: () = {
    assert!(NAME.1 == VERSION && PARTICIPANTS.stride == BEAT + 1, "the entry is full");
    assert!(LEFT * 8 == 1024 && TIME_NAMESPACE * 8 == 1536 && SEAL * 8 == 2048);
    assert!(SEAL + PARTICIPANTS_MAX <= PARTICIPANTS.start);
};

/// One attached process or handle.
#[derive(Clone, Debug)]
pub(crate) struct ParticipantEntry {
    pub(crate) slot: usize,
    pub(crate) id: u64,
    /// See [`Process`].
    pub(crate) process: u64,
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
    /// Of [`Control::next_id`]: its lock is signed with it before.
    pub(crate) id: u64,
    /// See [`Process`].
    pub(crate) process: u64,
    pub(crate) birth: Birth,
    pub(crate) name: &'a str,
    pub(crate) start_ms: u64,
}

/// The seal of an entry with this id. No word that is scribbled by chance.
const fn seal(id: u64) -> u64 {
    id.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ u64::from_le_bytes(*b"HFSEAL\0\0")
}

impl ParticipantEntry {
    /// Its process id, in its own namespace.
    pub(crate) const fn pid(&self) -> u32 {
        self.process as u32
    }

    pub(crate) fn process(&self) -> Process {
        Process::from_word(self.process)
    }
}

impl Control {
    /// The entry in `slot`, if it is in use.
    pub(crate) fn participant(&self, slot: usize) -> Option<ParticipantEntry> {
        self.read(PARTICIPANTS, slot, |id, entry| {
            let process = load(entry, 1);
            let version = Version::from_word(load(entry, VERSION));
            // Format 1.0 has none.
            let sealed = load(&self.segment.words()[SEAL..], slot) == seal(id);
            let time_namespace = if sealed { load(&self.segment.words()[TIME_NAMESPACE..], slot) } else { 0 };
            Some(ParticipantEntry {
                slot,
                id,
                process,
                birth: Birth {
                    pid_namespace: (process >> 32) as u32,
                    time_namespace: time_namespace as u32,
                    ticks: load(entry, BIRTH),
                },
                name: text(entry, NAME, load(entry, 2))?,
                version,
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
        self.participant_id(slot) == 0
    }

    /// Id of the participant in `slot`, whatever else its entry holds; 0 while it is free.
    pub(crate) fn participant_id(&self, slot: usize) -> u64 {
        self.entry(PARTICIPANTS, slot)[0].load(Ordering::Relaxed)
    }

    /// Whether `slot` is in use by somebody who wrote its entry in good order.
    pub(crate) fn is_sealed(&self, slot: usize) -> bool {
        let id = self.participant_id(slot);
        id != 0 && load(&self.segment.words()[SEAL..], slot) == seal(id)
    }

    /// Says that the participant `id` has left `slot`. By itself, after it let go of its lock.
    pub(crate) fn leave(&self, slot: usize, id: u64) {
        // ORDERING: Relaxed, `give_up` follows, and who sees its mark sees this. The greatest id stays: ids are never used again.
        self.word(LEFT + slot).fetch_max(id, Ordering::Relaxed);
    }

    /// Notes that the participant in `slot` was proven dead. Under `bus.lock`.
    pub(crate) fn bury(&self, slot: usize) {
        self.leave(slot, self.participant_id(slot));
    }

    /// Whether the participant in `slot` has said that it left, or was proven dead.
    pub(crate) fn has_left(&self, slot: usize) -> bool {
        let id = self.participant_id(slot);
        // ORDERING: Relaxed, as in `leave`.
        id != 0 && self.word(LEFT + slot).load(Ordering::Relaxed) >= id
    }

    /// Whether any slot is in use. Under `bus.lock`.
    pub(crate) fn has_participants(&self) -> bool {
        (0..PARTICIPANTS_MAX).any(|slot| !self.participant_is_free(slot))
    }

    /// Fills `slot`. Under `bus.lock`; the name fits.
    pub(crate) fn add_participant(&self, slot: usize, new: NewParticipant<'_>) {
        let id = new.id;
        let entry = self.entry(PARTICIPANTS, slot);
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
        self.word(TIME_NAMESPACE + slot).store(new.birth.time_namespace.into(), Ordering::Relaxed);
        self.word(SEAL + slot).store(seal(id), Ordering::Relaxed);
        publish(entry, id, &[new.process, new.name.len() as u64], &[(NAME.0, NAME.1, new.name)]);
    }

    /// Frees `slot`. Under `bus.lock`.
    pub(crate) fn remove_participant(&self, slot: usize) {
        // ORDERING: [ENTRY] nothing was written before it that a reader of 0 uses.
        self.entry(PARTICIPANTS, slot)[0].store(0, Ordering::Release);
    }

    /// Says that the participant in `slot` is getting on. By its owner; how often it has done so before.
    #[inline]
    pub(crate) fn beat(&self, slot: usize) -> u64 {
        // ORDERING: Relaxed, a counter that only tools look at; the owner's threads share it.
        self.entry(PARTICIPANTS, slot)[BEAT].fetch_add(1, Ordering::Relaxed)
    }
}
