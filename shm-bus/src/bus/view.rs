//! A bus as somebody sees it who changes nothing: a participant, or a tool that takes no slot and no lock.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::open::{OpenError, is_missing, open_control, unfit};
use crate::control::{self, Control};
use crate::inbox::file::InboxFile;
use crate::lane::{LaneFile, LaneHead};
use crate::runtime::{Access, Folder, Place, Store, inbox_name, is_bus_name, lane_name};
use crate::snapshot::Snapshot;
use crate::sys::{Birth, has_ended, is_stopped};
use crate::work_queue::ClaimFile;

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    pub(crate) name: &'a str,
    pub(crate) store: &'a Store,
    pub(crate) control: &'a Control,
    /// This process's own.
    pub(crate) birth: Birth,
}

impl View<'_> {
    /// Whether the participant in `slot` lives.
    ///
    /// Its lock tells. A lock may outlive its holder in a child that the holder forked: then the system's word that no process
    /// of this number and birth is there, if this process can ask for it, is as good.
    pub(crate) fn is_alive(&self, slot: usize) -> bool {
        let ended = || {
            let entry = self.control.participant(slot)?;
            Some(entry.pid != std::process::id() && has_ended(entry.pid, entry.birth, self.birth))
        };
        self.store.slot_is_held(slot) && !ended().unwrap_or(false)
    }

    /// Whether the system says that the process of the participant in `slot` is stopped. What can't be told is `false`.
    pub(crate) fn is_stopped(&self, slot: usize) -> bool {
        let entry = self.control.participant(slot);
        entry.is_some_and(|entry| is_stopped(entry.pid, entry.birth, self.birth))
    }

    /// Maps the lane `id`, read-only.
    pub(crate) fn open_lane(&self, id: u64, capacity: u64) -> io::Result<LaneFile> {
        LaneFile::open(self.store.open(&lane_name(id), LaneFile::bytes(capacity), Access::Read)?, id, capacity)
    }

    /// Maps the header page of the lane `id` and nothing else of it, read-only.
    pub(crate) fn open_lane_head(&self, id: u64, capacity: u64) -> io::Result<LaneHead> {
        LaneHead::open(self.store.open_first_page(&lane_name(id))?, id, capacity)
    }

    /// As [`View::open_inbox`], for a look at a few words: only their pages come into memory.
    pub(crate) fn peek_inbox(&self, id: u64) -> io::Result<InboxFile> {
        InboxFile::open(self.store.open(&inbox_name(id), InboxFile::BYTES, Access::Peek)?, id)
    }

    /// Maps the inbox `id`, read-only.
    pub(crate) fn open_inbox(&self, id: u64) -> io::Result<InboxFile> {
        InboxFile::open(self.store.open(&inbox_name(id), InboxFile::BYTES, Access::Read)?, id)
    }

    /// Bytes of all segments that the register names, and of itself.
    pub(crate) fn bytes_used(&self) -> u64 {
        let lanes = self.control.lanes().map(|lane| LaneFile::bytes(lane.capacity));
        let claims = self.control.lanes().filter(|lane| lane.claims > 0).map(|lane| ClaimFile::bytes(lane.claims));
        let inboxes = self.control.inboxes().filter(|inbox| !inbox.worker).map(|_| InboxFile::BYTES);
        lanes.chain(claims).chain(inboxes).fold(control::BYTES, u64::saturating_add)
    }
}

/// What the bus `name` holds, without taking part in it: needs no slot and no lock, so that it can be asked when a bus is full, or
/// held up by a stopped process, or dead. Writes nothing, and maps nothing that could be written.
///
/// # Errors
/// [`OpenError::NotFound`] when there is no such bus, [`OpenError::Incompatible`] when this build can't read it; else see
/// [`OpenError`].
pub fn peek(name: &str) -> Result<Snapshot, OpenError> {
    peek_at(&Place::from_environment(), name)
}

/// As [`peek`], in a runtime folder of the caller's choice.
///
/// # Errors
/// As [`peek`].
pub fn peek_in(folder: impl AsRef<Path>, name: &str) -> Result<Snapshot, OpenError> {
    peek_at(&Place::at(folder.as_ref()), name)
}

fn peek_at(place: &Place, name: &str) -> Result<Snapshot, OpenError> {
    if !is_bus_name(name) {
        return Err(OpenError::Name { name: name.to_owned() });
    }
    let not_found = || OpenError::NotFound { name: name.to_owned(), folder: place.path().to_owned() };
    let folder = place.open(false).and_then(|root| Folder::open(place, Arc::new(root), name, false));
    let folder = match folder {
        Err(error) if is_missing(&error) => return Err(not_found()),
        folder => folder?,
    };
    let store = Store::Folder(Arc::new(folder));
    let control = open_control(&store, Access::Look).map_err(|error| unfit(name, error))?.ok_or_else(not_found)?;
    Ok(Snapshot::take(View { name, store: &store, control: &control, birth: Birth::own() }))
}
