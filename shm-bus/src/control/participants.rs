//! Participants' entries:
//!
//! ```text
//! word 0    1                   2             3 .. 11  11        12         13          14            15
//!      | id | pid | namespace   | name length | name   | version | features | start, ms | birth ticks | beat |
//! ```
//! The registry's header has three more words for each slot: the time namespace of the birth, a mark that the participant left, and a
//! **seal** (checksum), which tells an entry that a participant wrote from one that was overwritten by accident.
//!
//! An entry shows that somebody took part. Three things tell whether it still lives: its lock file, the system's information that no
//! process with this id and birth exists any more, or the participant itself when it leaves.

use super::{Control, PARTICIPANTS, PARTICIPANTS_MAX, Process, Version, load, publish, text};
use crate::sync::{Ordering, fence};
use crate::sys::Birth;

const NAME: (usize, usize) = (3, 11);
const VERSION: usize = 11;
const FEATURES: usize = 12;
const START: usize = 13;
const BIRTH: usize = 14;
const BEAT: usize = 15;

/// First of the header's words with one word for each slot: the greatest id that has left it, or was proven dead.
const LEFT: usize = 128;
/// Like [`LEFT`]: the time namespace of the participant's birth.
const TIME_NAMESPACE: usize = LEFT + PARTICIPANTS_MAX;
/// Like [`LEFT`]: the participant's [`seal`].
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
    /// Time at which it attached, in milliseconds since 1970.
    pub(crate) start_ms: u64,
    pub(crate) beat: u64,
}

/// A participant's description of itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewParticipant<'a> {
    /// From [`Control::next_id`]; its lock was signed with it before.
    pub(crate) id: u64,
    /// See [`Process`].
    pub(crate) process: u64,
    pub(crate) birth: Birth,
    pub(crate) name: &'a str,
    pub(crate) start_ms: u64,
}

/// The seal of an entry with this id. An accidental write is unlikely to produce it.
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

    /// Id of the participant in `slot`, even if the rest of its entry is corrupt; 0 while the slot is free.
    pub(crate) fn participant_id(&self, slot: usize) -> u64 {
        self.entry(PARTICIPANTS, slot)[0].load(Ordering::Relaxed)
    }

    /// Whether `slot` is in use and its entry was written by a participant.
    pub(crate) fn is_sealed(&self, slot: usize) -> bool {
        let id = self.participant_id(slot);
        id != 0 && load(&self.segment.words()[SEAL..], slot) == seal(id)
    }

    /// Marks that the participant `id` has left `slot`. Called by itself, after it released its lock.
    pub(crate) fn leave(&self, slot: usize, id: u64) {
        // ORDERING: Relaxed, `give_up` follows, and whoever sees its mark sees this. The greatest id stays: ids are never reused.
        self.word(LEFT + slot).fetch_max(id, Ordering::Relaxed);
    }

    /// Marks the participant in `slot` as proven dead. Under `bus.lock`.
    pub(crate) fn bury(&self, slot: usize) {
        self.leave(slot, self.participant_id(slot));
    }

    /// Whether the participant in `slot` has marked that it left, or was proven dead.
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
        // ORDERING: Relaxed, published by [ENTRY]; a reader of the former tenant's entry sees another id afterwards.
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
        // ORDERING: [ENTRY] a reader of 0 uses nothing that was written before.
        self.entry(PARTICIPANTS, slot)[0].store(0, Ordering::Release);
    }

    /// Increments the heartbeat of the participant in `slot`; returns the former count. Called by its owner.
    #[inline]
    pub(crate) fn beat(&self, slot: usize) -> u64 {
        // ORDERING: Relaxed, a counter for tools only; the owner's threads share it.
        self.entry(PARTICIPANTS, slot)[BEAT].fetch_add(1, Ordering::Relaxed)
    }
}
