//! Participants' entries.
//!
//! The registry's header has three more words for each slot: the time namespace of the birth, a mark that the participant left, and a
//! **seal** (checksum), which tells an entry that a participant wrote from one that was overwritten by accident.
//!
//! An entry shows that somebody took part. Three things tell whether it still lives: its lock file, the system's information that no
//! process with this id and birth exists any more, or the participant itself when it leaves.

use super::{Control, Process, Version, load, publish, text};
use crate::layout::control::participant::{BEAT, BIRTH, FEATURES, NAME, NAME_LENGTH, PROCESS, START, VERSION};
use crate::layout::control::{LEFT, PARTICIPANTS, PARTICIPANTS_MAX, SEAL, STATE, TIME_NAMESPACE};
use crate::sync::{Ordering, fence};
use crate::sys::Birth;

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
            let process = load(entry, PROCESS);
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
                name: text(entry, NAME, load(entry, NAME_LENGTH))?,
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
        self.entry(PARTICIPANTS, slot)[STATE].load(Ordering::Relaxed)
    }

    /// Whether `slot` is in use and its entry was written by a participant.
    pub(crate) fn is_sealed(&self, slot: usize) -> bool {
        let id = self.participant_id(slot);
        id != 0 && load(&self.segment.words()[SEAL..], slot) == seal(id)
    }

    /// Marks that the participant `id` has left `slot`. Called by itself, after it released its lock.
    pub(crate) fn leave(&self, slot: usize, id: u64) {
        // ORDERING: Relaxed, `abandon` follows, and whoever sees its mark sees this. The greatest id stays: ids are never reused.
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
        entry[STATE].store(0, Ordering::Relaxed);
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
        publish(entry, id, &[(PROCESS, new.process), (NAME_LENGTH, new.name.len() as u64)], &[(NAME, new.name)]);
    }

    /// Frees `slot`. Under `bus.lock`.
    pub(crate) fn remove_participant(&self, slot: usize) {
        // ORDERING: [ENTRY] a reader of 0 uses nothing that was written before.
        self.entry(PARTICIPANTS, slot)[STATE].store(0, Ordering::Release);
    }

    /// Increments the heartbeat of the participant in `slot`; returns the former count. Called by its owner.
    #[inline]
    pub(crate) fn beat(&self, slot: usize) -> u64 {
        // ORDERING: Relaxed, a counter for tools only; the owner's threads share it.
        self.entry(PARTICIPANTS, slot)[BEAT].fetch_add(1, Ordering::Relaxed)
    }
}
