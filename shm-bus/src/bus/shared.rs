//! What all of a participant's handles have in common: the register, its place, and the segments that it names.
//!
//! # Failure
//! A segment that is not what the register says is refused.

use std::io;
use std::time::Duration;

use super::{ChangeError, life};
use crate::control::{self, Control};
use crate::inbox::file::InboxFile;
use crate::lane::LaneFile;
use crate::runtime::{Access, BusLock, CONTROL, LockError, ParticipantLock, Store, inbox_name, lane_name};
use crate::segment::Segment;
use crate::sys::Birth;

/// See the module.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) name: String,
    pub(crate) store: Store,
    pub(crate) control: Control,
    /// What tells this bus's `control` from a later one in the same folder.
    pub(super) identity: (u64, u64),
    /// This participant's slot, below [`PARTICIPANTS_MAX`](control::PARTICIPANTS_MAX).
    pub(crate) slot: usize,
    /// This participant's id.
    pub(crate) id: u64,
    /// How long this participant waits for another one's change.
    pub(super) patience: Duration,
    /// The process that opened the bus.
    pub(super) process: u32,
    pub(super) birth: Birth,
    /// Held for as long as this participant lives; `None` only while leaving.
    pub(super) lock: Option<ParticipantLock>,
}

impl Shared {
    /// Makes the lane `id`. Under `bus.lock`.
    pub(crate) fn create_lane(&self, id: u64, capacity: u64) -> Result<LaneFile, ChangeError> {
        let segment = self.create(&lane_name(id), LaneFile::bytes(capacity), "lane")?;
        Ok(LaneFile::create(segment, id, capacity))
    }

    /// Maps the lane `id`, read-only.
    pub(crate) fn open_lane(&self, id: u64, capacity: u64) -> io::Result<LaneFile> {
        open_lane(&self.store, id, capacity)
    }

    /// Makes the inbox `id`. Under `bus.lock`.
    pub(crate) fn create_inbox(&self, id: u64) -> Result<InboxFile, ChangeError> {
        let segment = self.create(&inbox_name(id), InboxFile::BYTES, "inbox")?;
        Ok(InboxFile::create(segment, id))
    }

    /// Maps the inbox `id`, read-only.
    pub(crate) fn open_inbox(&self, id: u64) -> io::Result<InboxFile> {
        open_inbox(&self.store, id)
    }

    /// Bytes of all segments that the register names, and of itself.
    pub(crate) fn bytes_used(&self) -> u64 {
        let lanes = self.control.lanes().map(|lane| LaneFile::bytes(lane.capacity));
        let inboxes = self.control.inboxes().map(|_| InboxFile::BYTES);
        lanes.chain(inboxes).fold(control::BYTES, u64::saturating_add)
    }

    /// Whether the participant in `slot` lives.
    pub(crate) fn is_alive(&self, slot: usize) -> bool {
        life::is_alive(&self.store, &self.control, slot, self.birth)
    }

    /// Says that this participant is getting on.
    #[inline]
    pub(crate) fn beat(&self) {
        self.control.beat(self.slot);
    }

    /// Whether this process was forked from the participant's: it has none of the mappings.
    pub(crate) fn is_forked(&self) -> bool {
        self.process != std::process::id()
    }

    /// The bus's lock, if the bus is still this one.
    pub(super) fn lock(&self, patience: Duration) -> Result<BusLock, LockError> {
        let lock = self.store.lock(patience)?;
        match self.store.identity(CONTROL) {
            Ok(identity) if identity == self.identity => Ok(lock),
            Ok(_) => Err(LockError::Gone),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(LockError::Gone),
            Err(error) => Err(LockError::Io(error)),
        }
    }

    fn create(&self, name: &str, bytes: u64, what: &str) -> Result<Segment, ChangeError> {
        let (used, max) = (self.bytes_used(), self.control.limits().bytes);
        if bytes > max.saturating_sub(used) {
            return Err(ChangeError::Bytes { bytes, used, max });
        }
        self.store.create(name, bytes).map_err(ChangeError::io(format!("make a segment of {bytes} bytes for a {what}")))
    }
}

/// Maps the lane `id`, read-only.
pub(crate) fn open_lane(store: &Store, id: u64, capacity: u64) -> io::Result<LaneFile> {
    LaneFile::open(store.open(&lane_name(id), LaneFile::bytes(capacity), Access::Read)?, id, capacity)
}

/// Maps the inbox `id`, read-only.
pub(crate) fn open_inbox(store: &Store, id: u64) -> io::Result<InboxFile> {
    InboxFile::open(store.open(&inbox_name(id), InboxFile::BYTES, Access::Read)?, id)
}
