//! Entering and leaving a bus.
//!
//! # Invariants
//! 1. A slot's lock is taken before its entry is written, and released before its entry is removed.
//!
//! # Failure
//! Leaving never waits. While somebody else holds the bus's lock, the holder cleans up after the leaving participant.

use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::change::Change;
use super::open_error::OpenError;
use super::removed::Removal;
use super::shared::Shared;
use super::sweep;
use super::view::View;
use crate::control::{Abandoned, Build, Control, NewParticipant, Process};
use crate::runtime::{CONTROL, LockOwner, ParticipantLock, Store};
use crate::sys::{Birth, Origin};

impl Shared {
    /// Takes a slot in the registry `control`, which lies in `store`, for a participant of this process. `birth` is this process's. First
    /// removes what dead participants left. Under `bus.lock`.
    pub(crate) fn enter(
        name: &str,
        store: Store,
        control: Control,
        birth: Birth,
        lock_timeout: Duration,
    ) -> Result<Self, OpenError> {
        let failed = |what| move |source| OpenError::Io { name: name.to_owned(), what, source };
        let identity = store.identity(CONTROL).map_err(failed("map the registry"))?;
        let process = Process::word(birth);
        control.set_holder(process);
        sweep::sweep(View { name, store: &store, control: &control });
        let entered = take_slot(&store, &control, birth).map_err(failed("enter"));
        control.set_holder(0);
        let max = control.limits().participants;
        let (slot, id, lock) = entered?.ok_or_else(|| OpenError::Limit { name: name.to_owned(), max })?;
        let (name, lock) = (name.to_owned(), Some(lock));
        let (origin, removal) = (Origin::here(), Removal::default());
        Ok(Self { name, store, control, identity, slot, id, lock_timeout, process, origin, removal, lock })
    }
}

/// Takes a slot: its lock first, then its entry. `None` if all are taken.
fn take_slot(store: &Store, control: &Control, birth: Birth) -> io::Result<Option<(usize, u64, ParticipantLock)>> {
    /// A lock that is held although its slot's entry is free is held for a moment by somebody who inspects it.
    const LOOKS_MAX: usize = 256;
    // The lock's signature contains the id, so it is needed before the entry exists.
    let id = control.next_id();
    for _ in 0..LOOKS_MAX {
        let mut looked_at = false;
        for slot in (0..control.limits().participants).filter(|slot| control.participant_is_free(*slot)) {
            let Some(lock) = store.take_slot(LockOwner { register: control.inode(), slot, id })? else {
                looked_at = true;
                continue;
            };
            let start_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_millis() as u64;
            let (process, name) = (Process::word(birth), Build::here().program);
            control.add_participant(slot, NewParticipant { id, process, birth, name: &name, start_ms });
            control.bump_epoch();
            return Ok(Some((slot, id, lock)));
        }
        if !looked_at {
            break;
        }
        std::thread::yield_now();
    }
    Ok(None)
}

impl Drop for Shared {
    fn drop(&mut self) {
        if self.is_forked() {
            return;
        }
        // Publishers and inboxes hold `Shared`, so all of them are gone by now. From here on this participant counts as dead, and anybody
        // may clean up after it: nothing is waited for.
        self.lock = None;
        self.control.leave(self.slot, self.id);
        self.control.abandon(Abandoned::Participant(self.slot));
        for _ in 0..Change::ROUNDS_MAX {
            if !self.control.anything_abandoned() {
                return;
            }
            let Ok(lock) = self.lock(Duration::ZERO) else { return };
            self.control.set_holder(self.process);
            sweep::sweep(self.view());
            let last = !self.control.has_participants();
            self.control.set_holder(0);
            if last {
                sweep::remove_bus(&self.store);
                drop(lock);
                self.store.remove_root();
                return;
            }
        }
    }
}
