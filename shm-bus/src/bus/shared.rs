//! What all of a participant's handles have in common: the register, its place, and the segments that it names.
//!
//! # Failure
//! A segment that is not what the register says is refused.

use std::io;
use std::time::Duration;

use super::{ChangeError, View};
use crate::control::Control;
use crate::inbox::file::InboxFile;
use crate::lane::LaneFile;
use crate::runtime::{BusLock, CONTROL, LockError, ParticipantLock, Store, claims_name, inbox_name, lane_name};
use crate::segment::Segment;
use crate::sys::Birth;
use crate::work_queue::ClaimFile;

/// See the module.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) name: String,
    pub(crate) store: Store,
    pub(crate) control: Control,
    /// What tells this bus's `control` from a later one in the same folder.
    pub(super) identity: (u64, u64),
    /// This participant's slot, below [`PARTICIPANTS_MAX`](crate::control::PARTICIPANTS_MAX).
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
        self.view().open_lane(id, capacity)
    }

    /// Makes the table of `claims` on the messages of the lane `id`. Under `bus.lock`.
    pub(crate) fn create_claims(&self, id: u64, claims: u64) -> Result<ClaimFile, ChangeError> {
        let segment = self.create(&claims_name(id), ClaimFile::bytes(claims), "claim table")?;
        Ok(ClaimFile::create(segment, id, claims))
    }

    /// Makes the inbox `id`. Under `bus.lock`.
    pub(crate) fn create_inbox(&self, id: u64) -> Result<InboxFile, ChangeError> {
        let segment = self.create(&inbox_name(id), InboxFile::BYTES, "inbox")?;
        Ok(InboxFile::create(segment, id))
    }

    /// Maps the inbox `id`, read-only.
    pub(crate) fn open_inbox(&self, id: u64) -> io::Result<InboxFile> {
        self.view().open_inbox(id)
    }

    /// The bus, to be looked at.
    pub(crate) fn view(&self) -> View<'_> {
        View { name: &self.name, store: &self.store, control: &self.control, birth: self.birth }
    }

    /// Whether the participant in `slot` lives.
    pub(crate) fn is_alive(&self, slot: usize) -> bool {
        self.view().is_alive(slot)
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
        let (used, max) = (self.view().bytes_used(), self.control.limits().bytes);
        if bytes > max.saturating_sub(used) {
            return Err(ChangeError::Bytes { bytes, used, max });
        }
        self.store.create(name, bytes).map_err(ChangeError::io(format!("make a segment of {bytes} bytes for a {what}")))
    }
}
