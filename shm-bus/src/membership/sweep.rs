//! Removes what the dead left, what was abandoned and what everybody has read. Under `bus.lock`.
//!
//! # Invariants
//! 1. A sweep may be killed after any step: the next sweep finds the rest. A participant's own entry is removed after all that it owned,
//!    and after the files that it was about to name in an entry.
//! 2. A death is established by the kernel, or by the participant that leaves: [`liveness`](super::liveness).
//! 3. Only files that are named like a bus's files are removed.
//!
//! # Failure
//! A file that can't be removed stays and is logged; its id is never reused.

use std::collections::BTreeSet;

use super::view::View;
use crate::claims;
use crate::control::{Abandoned, Control, CorruptEntry, LaneEntry, LaneState, RegistryTable};
use crate::lane::{Cursor, Progress};
use crate::layout::control::{INBOXES_MAX, LANES_MAX, PARTICIPANTS_MAX, TOPICS_MAX};
use crate::runtime::{
    Access, BUS_LOCK, CONTROL, CONTROL_NEW, Store, claims_name, inbox_name, is_file_name, lane_name, slot_name,
};
use crate::shown::Shown;
use crate::sync::Ordering;

/// Removes dead participants with everything that they owned, abandoned entries, drained lanes and unused topics.
pub(crate) fn sweep(view: View<'_>) {
    let View { store, control, .. } = view;
    // A lock holder that was killed in the middle of a step did not announce it either.
    let mut changed = control.finish_step();
    changed |= clear_abandoned(store, control);
    // Before checking who lives: a participant that leaves after the check sets its bit again.
    for slot in 0..PARTICIPANTS_MAX {
        control.clear_abandoned(Abandoned::Participant(slot));
    }
    let dead: Vec<usize> =
        (0..PARTICIPANTS_MAX).filter(|slot| !control.participant_is_free(*slot) && !view.is_alive(*slot)).collect();
    if !dead.is_empty() {
        // A participant that dropped its bus has marked that it left; its death is not news.
        tell_of_deaths(control, dead.iter().filter(|slot| !control.has_left(**slot)));
        // The proof of death is removed with the lock's file, and must outlive a sweep that is killed before it frees the entry.
        dead.iter().for_each(|slot| control.bury(*slot));
        dead.iter().for_each(|slot| release(store, control, *slot));
        // A process that was killed between creating a file and its entry is among the dead.
        remove_orphans(store, control);
        for slot in dead {
            // Its lock's file first: once the slot is free, the file may be somebody else's.
            log_failure(store.remove_slot(slot), "participant lock");
            control.remove_participant(slot);
        }
        changed = true;
    }
    changed |= remove_corrupt(view);
    if changed {
        claims::reclaim(store, control);
    }
    for lane in control.lanes().filter(|lane| lane.state == LaneState::Closed) {
        if is_drained(view, &lane) {
            end_lane(view, &lane);
            changed = true;
        }
    }
    changed |= remove_unused_topics(control);
    if changed {
        control.bump_epoch();
    }
}

/// Adds a closed lane's messages to the topic's account, for inboxes that never saw it, and removes the lane.
pub(crate) fn end_lane(view: View<'_>, lane: &LaneEntry) {
    let sent = match view.open_lane_head(lane.id, lane.capacity) {
        Ok(head) => head.sent(),
        Err(error) => {
            tracing::warn!(lane = lane.id, %error, "cannot read the message count of a lane that ends; its messages are not counted");
            0
        }
    };
    view.control.end_lane(lane, sent);
    log_failure(view.store.remove(&lane_name(lane.id)), "lane");
    if lane.claims > 0 {
        log_failure(view.store.remove(&claims_name(lane.id)), "claim table");
    }
}

/// Logs participants that died without dropping their bus.
fn tell_of_deaths<'a>(control: &Control, slots: impl Iterator<Item = &'a usize>) {
    for slot in slots {
        match control.participant(*slot) {
            Some(one) => {
                tracing::info!(pid = one.process().local_pid(), "removing participant {}, which died", Shown(&one.name))
            }
            None => tracing::info!(slot, "removing a participant that died"),
        }
    }
}

/// Closes lanes and removes inboxes that their owners have abandoned.
fn clear_abandoned(store: &Store, control: &Control) -> bool {
    if !control.anything_abandoned() {
        return false;
    }
    for what in (0..LANES_MAX).map(Abandoned::Lane).filter(|what| control.is_abandoned(*what)) {
        if let Abandoned::Lane(index) = what
            && let Some(lane) = control.lane(index).filter(|lane| lane.state == LaneState::Open)
        {
            control.close_lane(&lane);
        }
        control.clear_abandoned(what);
    }
    for what in (0..INBOXES_MAX).map(Abandoned::Inbox).filter(|what| control.is_abandoned(*what)) {
        if let Abandoned::Inbox(index) = what
            && let Some(inbox) = control.inbox(index)
        {
            log_failure(store.remove(&inbox_name(inbox.id)), "inbox");
            control.remove_inbox(index);
        }
        control.clear_abandoned(what);
    }
    true
}

/// Closes a participant's lanes and removes its inboxes.
fn release(store: &Store, control: &Control, slot: usize) {
    for lane in control.lanes().filter(|lane| lane.participant == slot && lane.state == LaneState::Open) {
        control.close_lane(&lane);
    }
    for inbox in control.inboxes().filter(|inbox| inbox.participant == slot) {
        log_failure(store.remove(&inbox_name(inbox.id)), "inbox");
        control.remove_inbox(inbox.index);
    }
}

/// Frees corrupt entries whose owners are dead, and removes their files. Topics have no owner, and participants' entries are removed with
/// their locks.
fn remove_corrupt(view: View<'_>) -> bool {
    let View { store, control, .. } = view;
    let mut freed = false;
    for entry in control.corrupt() {
        let (table, index) = (entry.table.name(), entry.index);
        let owned = matches!(entry.table, RegistryTable::Lanes | RegistryTable::Inboxes);
        if owned && !may_have_owner(view, &entry) {
            tracing::warn!(table, index, "freeing a corrupt entry of the registry");
            match entry.table {
                RegistryTable::Lanes => control.remove_lane(index),
                _ => control.remove_inbox(index),
            }
            freed = true;
            continue;
        }
        tracing::warn!(table, index, "an entry of the registry is corrupt: a process wrote where it must not");
        if owned && !control.was_given(entry.id) {
            control.stamp_corrupt(&entry);
        }
    }
    if freed {
        remove_orphans(store, control);
    }
    freed
}

/// Whether the corrupt entry may belong to a live participant: the one that it names, or any that was there before its id was given out.
fn may_have_owner(view: View<'_>, entry: &CorruptEntry) -> bool {
    let was_there = |slot: usize| view.control.participant(slot).is_none_or(|participant| participant.id < entry.id);
    let may_own = |slot: usize| !view.control.participant_is_free(slot) && view.is_alive(slot) && was_there(slot);
    match entry.owner {
        _ if !view.control.was_given(entry.id) => true,
        Some(slot) => may_own(slot),
        None => (0..PARTICIPANTS_MAX).any(may_own),
    }
}

/// Removes segments that no entry names.
fn remove_orphans(store: &Store, control: &Control) {
    let mut named: BTreeSet<String> = control.lanes().map(|lane| lane_name(lane.id)).collect();
    named.extend(control.lanes().map(|lane| claims_name(lane.id)));
    named.extend(control.inboxes().map(|inbox| inbox_name(inbox.id)));
    for name in store.names().unwrap_or_default() {
        let is_segment =
            ["lane-", "claims-", "inbox-"].iter().any(|prefix| name.starts_with(prefix)) || name == CONTROL_NEW;
        if is_segment && is_file_name(&name) && !named.contains(&name) {
            log_failure(store.remove(&name), "segment");
        }
    }
}

/// Removes the whole bus: all segments, `bus.lock` last, then the folder. Under `bus.lock`.
pub(crate) fn remove_bus(store: &Store) {
    clear(store);
    store.remove_lock_and_dir();
}

/// Removes every file of a bus except its lock. Under `bus.lock`.
pub(crate) fn clear(store: &Store) {
    // The registry goes first: a folder without it is no bus.
    log_failure(store.remove(CONTROL), "registry");
    // Without a free descriptor the folder can't be listed. A bus that could not be opened left only files with known names.
    let known = || (0..PARTICIPANTS_MAX).map(slot_name).chain([CONTROL_NEW.to_owned()]).collect();
    for name in store.names().unwrap_or_else(|_| known()) {
        if name != BUS_LOCK && is_file_name(&name) {
            log_failure(store.remove(&name), "file");
        }
    }
}

/// Whether a closed lane may be removed: every inbox that it waits for has marked it as done, or all its work is done.
fn is_drained(view: View<'_>, lane: &LaneEntry) -> bool {
    if lane.claims > 0 {
        return is_worked_off(view, lane);
    }
    view.control.inboxes().filter(|inbox| inbox.gates(lane.topic)).all(|inbox| {
        let file = match view.peek_inbox(inbox.id) {
            Ok(file) => file,
            // If unknown, it counts as unread. A missing file proves nothing: its inbox may have it mapped.
            Err(_) => return false,
        };
        // ORDERING: [CURSOR] Relaxed, after it only the lane's name is touched.
        let cursor = Cursor::decode(file.cursor(lane.index).load(Ordering::Relaxed));
        cursor == Cursor { generation: lane.generation(), progress: Progress::Done }
    })
}

/// Whether everything that a closed lane of a work queue holds is done; `false` if unknown. A missing file proves nothing, as workers may
/// have it mapped.
fn is_worked_off(view: View<'_>, lane: &LaneEntry) -> bool {
    let looked = view
        .open_lane_head(lane.id, lane.capacity)
        .and_then(|head| Ok(claims::open_table(view.store, lane, Access::Peek)?.is_worked_off(head.sent())));
    looked.unwrap_or(false)
}

fn remove_unused_topics(control: &Control) -> bool {
    let mut used: u128 = 0;
    for lane in control.lanes() {
        used |= 1 << lane.topic;
    }
    for inbox in control.inboxes() {
        used |= if inbox.everything { u128::MAX } else { inbox.named };
    }
    let unused = (0..TOPICS_MAX).filter(|index| used >> index & 1 == 0 && !control.topic_is_free(*index));
    let unused: Vec<usize> = unused.collect();
    for index in &unused {
        control.remove_topic(*index);
    }
    !unused.is_empty()
}

fn log_failure(result: std::io::Result<()>, what: &str) {
    if let Err(error) = result {
        tracing::warn!(%error, what, "cannot remove a file of the bus");
    }
}
