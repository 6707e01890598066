//! The inboxes that a publisher waits for, and their positions.
//!
//! # Invariants
//! 1. The list belongs to the epoch at which it was made; it is rebuilt before a look if the epoch has changed.
//! 2. An inbox leaves the list only if its entry is gone, its owner is proven dead, or its cursor is impossible.
//!
//! # Failure
//! If an inbox's file can't be mapped, its position counts as the oldest record: nothing is overwritten that it might need.

use crate::inbox_file::InboxFile;
use crate::lane::{Cursor, Gates, Lowest, Progress};
use crate::membership::Shared;
use crate::sync::Ordering;

/// Number of looks for room between two checks whether the bus was removed; a power of two. Room is made in steps of an eighth of the ring,
/// with two looks each, so this is a lap.
const LOOKS: u64 = 16;

/// The gating inboxes of one topic.
#[derive(Debug)]
pub(super) struct GateList {
    topic: usize,
    /// Epoch at which `gates` was made; initially `None`.
    epoch: Option<u64>,
    gates: Vec<Gate>,
    /// Ids of inboxes whose owner died, until their entry is gone.
    dead: Vec<u64>,
    /// Number of looks for room.
    looks: u64,
}

/// One gating inbox.
#[derive(Debug)]
struct Gate {
    id: u64,
    participant: usize,
    /// `None` if it could not be mapped.
    file: Option<InboxFile>,
}

impl GateList {
    pub(super) const fn new(topic: usize) -> Self {
        Self { topic, epoch: None, gates: Vec::new(), dead: Vec::new(), looks: 0 }
    }

    /// Removes dead owners' inboxes from the list; returns whether there were any.
    pub(super) fn drop_dead(&mut self, shared: &Shared) -> bool {
        let before = self.gates.len();
        let dead = &mut self.dead;
        self.gates.retain(|gate| {
            let alive = shared.is_alive(gate.participant);
            if !alive {
                dead.push(gate.id);
            }
            alive
        });
        self.gates.len() < before
    }

    #[inline]
    fn refresh(&mut self, shared: &Shared) {
        let epoch = shared.control.epoch();
        if self.epoch != Some(epoch) {
            self.remake(shared);
            // If a file could not be mapped, the next look retries.
            self.epoch = self.gates.iter().all(|gate| gate.file.is_some()).then_some(epoch);
        }
    }

    #[cold]
    fn remake(&mut self, shared: &Shared) {
        let entries: Vec<_> = shared.control.inboxes().filter(|inbox| inbox.gates(self.topic)).collect();
        self.dead.retain(|dead| entries.iter().any(|entry| entry.id == *dead));
        self.gates.retain(|gate| entries.iter().any(|entry| entry.id == gate.id) && gate.file.is_some());
        for entry in entries {
            if self.dead.contains(&entry.id) || self.gates.iter().any(|gate| gate.id == entry.id) {
                continue;
            }
            let file = shared.open_inbox(entry.id);
            if let Err(error) = &file {
                tracing::warn!(inbox = entry.name, %error, "cannot map an inbox; waiting for it as if it had read nothing");
            }
            self.gates.push(Gate { id: entry.id, participant: entry.participant, file: file.ok() });
        }
    }
}

/// The gates as seen by one lane.
#[derive(Debug)]
pub(super) struct LaneGates<'a> {
    shared: &'a Shared,
    list: &'a mut GateList,
    /// The lane's index in the lane table.
    index: usize,
    generation: u16,
    faulty: &'a mut Vec<u64>,
    /// Whether the topic's policy waits for anybody.
    waits: bool,
}

impl<'a> LaneGates<'a> {
    #[inline]
    pub(super) const fn new(
        shared: &'a Shared,
        list: &'a mut GateList,
        index: usize,
        generation: u16,
        faulty: &'a mut Vec<u64>,
        waits: bool,
    ) -> Self {
        Self { shared, list, index, generation, faulty, waits }
    }
}

impl Gates for LaneGates<'_> {
    fn lowest(&mut self, oldest: u64, head: u64) -> Lowest {
        // A lane of a removed bus gets no more room.
        self.list.looks += 1;
        let is_time = self.list.looks.is_multiple_of(LOOKS);
        if (is_time && self.shared.look_if_removed()) || self.shared.was_removed() {
            return Lowest { position: oldest, faulty: 0 };
        }
        if !self.waits {
            return Lowest { position: head, faulty: 0 };
        }
        self.list.refresh(self.shared);
        let mut lowest = Lowest { position: head, faulty: 0 };
        for gate in &self.list.gates {
            let needs = match &gate.file {
                None => Some(oldest),
                // ORDERING: [CURSOR] Relaxed, std promises no more on a read-only mapping; `Writer::make_room` fences.
                Some(file) => needs(file.cursor(self.index).load(Ordering::Relaxed), self.generation, oldest),
            };
            match needs {
                Some(_) if self.faulty.contains(&gate.id) => {}
                Some(position) if position > head => {
                    self.faulty.push(gate.id);
                    lowest.faulty += 1;
                }
                Some(position) => lowest.position = lowest.position.min(position),
                None => {}
            }
        }
        lowest
    }
}

/// The first position that a cursor word still needs, at least `oldest`; `None` if it needs nothing.
fn needs(word: u64, generation: u16, oldest: u64) -> Option<u64> {
    let cursor = Cursor::decode(word);
    match cursor.progress {
        // A cursor of an earlier lane at this index: the inbox has not yet seen this lane and is at its start.
        _ if cursor.generation != generation => Some(oldest),
        Progress::At(position) => Some(position.max(oldest)),
        Progress::Done => None,
    }
}
