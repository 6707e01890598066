//! The data that all handles of a participant share: the registry, its location, and the segments that it names.
//!
//! # Failure
//! A segment that contradicts the registry is refused.

use std::io;
use std::time::Duration;

use super::change_error::ChangeError;
use super::removed::{CALLS, Removal};
use super::view::View;
use crate::claims::ClaimFile;
use crate::control::{Control, LaneEntry};
use crate::inbox_file::InboxFile;
use crate::lane::LaneFile;
use crate::layout;
use crate::runtime::{BusLock, LockError, ParticipantLock, Store, claims_name, inbox_name, lane_name};
use crate::segment::Segment;
use crate::sys::Origin;

/// See the module.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) name: String,
    pub(crate) store: Store,
    pub(crate) control: Control,
    /// Tells this bus's `control` from a later one in the same folder.
    pub(super) identity: (u64, u64),
    /// This participant's slot, below [`PARTICIPANTS_MAX`](crate::layout::control::PARTICIPANTS_MAX).
    pub(crate) slot: usize,
    /// This participant's id.
    pub(crate) id: u64,
    /// This participant's lock timeout; a handle may have another one.
    pub(crate) lock_timeout: Duration,
    /// The process that opened the bus, as shown to others; see [`Process`](crate::control::Process).
    pub(super) process: u64,
    /// The same, to tell it from its forked children.
    pub(super) origin: Origin,
    pub(super) removal: Removal,
    /// Held while this participant lives; `None` only while leaving.
    pub(super) lock: Option<ParticipantLock>,
}

impl Shared {
    /// Creates the lane `id`. Under `bus.lock`.
    pub(crate) fn create_lane(&self, id: u64, capacity: u64) -> Result<LaneFile, ChangeError> {
        let segment = self.create(&lane_name(id), layout::lane::bytes(capacity), "lane")?;
        Ok(LaneFile::create(segment, id, capacity))
    }

    /// Maps the lane `id`, read-only.
    pub(crate) fn open_lane(&self, id: u64, capacity: u64) -> io::Result<LaneFile> {
        self.view().open_lane(id, capacity)
    }

    /// Creates the table of `claims` for messages of the lane `id`. Under `bus.lock`.
    pub(crate) fn create_claims(&self, id: u64, claims: u64) -> Result<ClaimFile, ChangeError> {
        let segment = self.create(&claims_name(id), layout::claims::bytes(claims), "claim table")?;
        Ok(ClaimFile::create(segment, id, claims))
    }

    /// Creates the inbox `id`. Under `bus.lock`.
    pub(crate) fn create_inbox(&self, id: u64) -> Result<InboxFile, ChangeError> {
        let segment = self.create(&inbox_name(id), layout::inbox::BYTES, "inbox")?;
        Ok(InboxFile::create(segment, id))
    }

    /// Maps the inbox `id`, read-only.
    pub(crate) fn open_inbox(&self, id: u64) -> io::Result<InboxFile> {
        self.view().open_inbox(id)
    }

    /// A read-only view of the bus.
    pub(crate) fn view(&self) -> View<'_> {
        View { name: &self.name, store: &self.store, control: &self.control }
    }

    /// Whether the participant in `slot` lives.
    pub(crate) fn is_alive(&self, slot: usize) -> bool {
        self.view().is_alive(slot)
    }

    /// Whether the registry still lists the lane of `entry`.
    pub(crate) fn names_lane(&self, entry: &LaneEntry) -> bool {
        self.control.lane(entry.index).is_some_and(|now| now.id == entry.id)
    }

    /// Records a heartbeat of this participant, and checks now and then whether the bus was removed.
    #[inline]
    pub(crate) fn beat(&self) {
        let beat = self.control.beat(self.slot);
        self.is_removed_at(beat);
    }

    /// Whether this process was forked from the participant's; then it has none of the mappings.
    #[inline(always)]
    pub(crate) fn is_forked(&self) -> bool {
        !self.origin.is_here()
    }

    /// Whether the bus is known to have been removed.
    #[inline]
    pub(crate) fn was_removed(&self) -> bool {
        self.removal.is_known()
    }

    /// Whether the bus was removed; asks the system, unless it was asked a moment ago.
    #[cold]
    pub(crate) fn look_if_removed(&self) -> bool {
        if self.removal.is_due() { self.look_at_once() } else { self.was_removed() }
    }

    /// Like [`Self::look_if_removed`], for a caller that found nothing to do, in its `call`th call.
    #[inline]
    pub(crate) fn is_removed_at(&self, call: u64) -> bool {
        (call.is_multiple_of(CALLS) && self.look_if_removed()) || self.was_removed()
    }

    /// Checks whether the bus was removed, even if it was checked a moment ago.
    pub(crate) fn look_at_once(&self) -> bool {
        if self.store.was_removed(self.identity) && self.removal.note() {
            let folder = self.store.path().display();
            tracing::error!(bus = self.name, %folder, "the bus was removed: its folder was deleted, moved or replaced; restart its programs");
        }
        self.was_removed()
    }

    /// Refuses a bus that is known to be unusable, without asking the system.
    pub(crate) fn check(&self) -> Result<(), ChangeError> {
        match self {
            _ if self.is_forked() => Err(ChangeError::Forked { bus: self.name.clone() }),
            _ if self.was_removed() => Err(ChangeError::Removed { bus: self.name.clone() }),
            _ => Ok(()),
        }
    }

    /// Locks the bus, if it is still this one.
    pub(super) fn lock(&self, lock_timeout: Duration) -> Result<BusLock, LockError> {
        // Also before it: in a folder that no longer belongs to this bus not even a lock file may be created.
        if self.look_at_once() {
            return Err(LockError::Gone);
        }
        let lock = self.store.lock(lock_timeout)?;
        if self.look_at_once() { Err(LockError::Gone) } else { Ok(lock) }
    }

    fn create(&self, name: &str, bytes: u64, what: &str) -> Result<Segment, ChangeError> {
        let (used, max) = (self.view().bytes_used(), self.control.limits().bytes);
        if bytes > max.saturating_sub(used) {
            return Err(ChangeError::Bytes { bytes, used, max });
        }
        self.store
            .create(name, bytes)
            .map_err(ChangeError::io(format!("create a segment of {bytes} bytes for a {what}")))
    }
}
