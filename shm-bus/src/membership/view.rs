//! A read-only view of a bus: of a participant, or of a tool that takes no slot and no lock.

use std::io;

use super::liveness::Signs;
use crate::control::{Abandoned, Control};
use crate::inbox_file::InboxFile;
use crate::lane::{LaneFile, LaneHead};
use crate::layout;
use crate::layout::control::PARTICIPANTS_MAX;
use crate::runtime::{Access, CONTROL, LockOwner, LockState, Store, claims_name, inbox_name, lane_name, slot_name};
use crate::sys::{has_ended, is_stopped};

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    pub(crate) name: &'a str,
    pub(crate) store: &'a Store,
    pub(crate) control: &'a Control,
}

impl View<'_> {
    /// Whether the participant in `slot` lives, according to [`liveness`](super::liveness).
    pub(crate) fn is_alive(&self, slot: usize) -> bool {
        let lock = self.slot_lock(slot);
        if lock == LockState::Free {
            return false;
        }
        let entry = self.control.participant(slot);
        let ended = entry.is_some_and(|entry| has_ended(entry.pid(), entry.birth));
        let sealed = self.control.is_sealed(slot) && self.is_original();
        Signs { lock, sealed, left: self.control.has_left(slot), ended }.life()
    }

    /// State of the lock of the participant in `slot`.
    fn slot_lock(&self, slot: usize) -> LockState {
        let (register, id) = (self.control.inode(), self.control.participant_id(slot));
        match id {
            0 if self.store.slot_is_held(slot) => LockState::Held,
            // Without an entry there is nobody whose lock it could be.
            0 => LockState::Free,
            id => self.store.slot_lock(LockOwner { register, slot, id }),
        }
    }

    /// Whether the registry is provably no copy.
    fn is_original(&self) -> bool {
        self.store.identity(CONTROL).map_or(true, |(_, inode)| self.control.inode() == inode)
    }

    /// Whether anybody lives.
    pub(crate) fn has_life(&self) -> bool {
        (0..PARTICIPANTS_MAX).any(|slot| self.is_alive(slot))
    }

    /// Whether the system says that the process of the participant in `slot` is stopped; `false` if unknown.
    pub(crate) fn is_stopped(&self, slot: usize) -> bool {
        let entry = self.control.participant(slot);
        entry.is_some_and(|entry| is_stopped(entry.pid(), entry.birth))
    }

    /// Maps the lane `id`, read-only.
    pub(crate) fn open_lane(&self, id: u64, capacity: u64) -> io::Result<LaneFile> {
        LaneFile::open(self.store.open(&lane_name(id), layout::lane::bytes(capacity), Access::Read)?, id, capacity)
    }

    /// Maps only the header page of the lane `id`, read-only.
    pub(crate) fn open_lane_head(&self, id: u64, capacity: u64) -> io::Result<LaneHead> {
        LaneHead::open(self.store.open_first_page(&lane_name(id))?, id, capacity)
    }

    /// Like [`View::open_inbox`], for reading a few words: only their pages are loaded into memory.
    pub(crate) fn peek_inbox(&self, id: u64) -> io::Result<InboxFile> {
        InboxFile::open(self.store.open(&inbox_name(id), layout::inbox::BYTES, Access::Peek)?, id)
    }

    /// Maps the inbox `id`, read-only.
    pub(crate) fn open_inbox(&self, id: u64) -> io::Result<InboxFile> {
        InboxFile::open(self.store.open(&inbox_name(id), layout::inbox::BYTES, Access::Read)?, id)
    }

    /// Names of files that the registry lists but that don't exist: somebody removed them.
    pub(crate) fn missing_files(&self) -> Vec<String> {
        let control = self.control;
        let lanes = control.lanes().flat_map(|lane| {
            let claims = (lane.claims > 0).then(|| claims_name(lane.id));
            [Some(lane_name(lane.id)), claims].into_iter().flatten().map(move |name| (name, lane.index, lane.id))
        });
        let inboxes = control.inboxes().filter(|inbox| !inbox.worker);
        let inboxes = inboxes.map(|inbox| (inbox_name(inbox.id), inbox.index, inbox.id));
        // If an entry is still there after its file was looked up, the file was not just being removed. An inbox's file is removed shortly
        // before its entry, but only if its owner has abandoned it or is dead.
        let lacks = |name: &String| self.store.lacks(name);
        let lane_stays = |index, id| control.lane(index).is_some_and(|now| now.id == id);
        let inbox_stays = |index, id| {
            control.inbox(index).is_some_and(|now| now.id == id && self.is_alive(now.participant))
                && !control.is_abandoned(Abandoned::Inbox(index))
        };
        let locks = (0..PARTICIPANTS_MAX)
            .filter(|slot| matches!(self.slot_lock(*slot), LockState::Missing | LockState::Foreign))
            .filter(|slot| self.is_alive(*slot))
            .map(slot_name);
        let lanes = lanes.filter(|(name, index, id)| lacks(name) && lane_stays(*index, *id)).map(|(name, ..)| name);
        let inboxes =
            inboxes.filter(|(name, index, id)| lacks(name) && inbox_stays(*index, *id)).map(|(name, ..)| name);
        locks.chain(lanes).chain(inboxes).collect()
    }

    /// Bytes of the registry and of all segments that it names.
    pub(crate) fn bytes_used(&self) -> u64 {
        let lanes = self.control.lanes().map(|lane| layout::lane::bytes(lane.capacity));
        let claims = self.control.lanes().filter(|lane| lane.claims > 0).map(|lane| layout::claims::bytes(lane.claims));
        let inboxes = self.control.inboxes().filter(|inbox| !inbox.worker).map(|_| layout::inbox::BYTES);
        lanes.chain(claims).chain(inboxes).fold(layout::control::BYTES, u64::saturating_add)
    }
}
