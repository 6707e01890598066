//! Clears away what the dead left and what everybody has read. Under `bus.lock`.
//!
//! # Invariants
//! 1. Every step may be the last: the next sweep finds the rest. A participant's own entry goes after all that it owned.
//! 2. Death is told by the kernel's lock alone.
//!
//! # Failure
//! A file that can't be removed is left and logged; its id is never used again.

use crate::control::{Control, LaneEntry, LaneState};
use crate::inbox::file::InboxFile;
use crate::lane::{Cursor, Place};
use crate::runtime::{ParticipantLock, inbox_name, is_alive, lane_name};
use crate::sync::Ordering;
use crate::sys::Dir;

/// Removes dead participants with all that was theirs, drained lanes and unused topics.
pub(crate) fn sweep(dir: &Dir, control: &Control) {
    let dead: Vec<usize> =
        control.participants().map(|entry| entry.slot).filter(|slot| !is_alive(dir, *slot)).collect();
    let mut changed = false;
    for slot in dead {
        tracing::info!(slot, "clearing away a participant that died");
        release(dir, control, slot);
        changed = true;
    }
    for lane in control.lanes().filter(|lane| lane.state == LaneState::Closed) {
        if is_drained(dir, control, &lane) {
            control.remove_lane(lane.index);
            log_failure(dir.remove_file(&lane_name(lane.id)), "lane");
            changed = true;
        }
    }
    changed |= remove_unused_topics(control);
    if changed {
        control.bump_epoch();
    }
}

/// Closes a participant's lanes, removes its inboxes and then itself.
pub(crate) fn release(dir: &Dir, control: &Control, slot: usize) {
    for lane in control.lanes().filter(|lane| lane.participant == slot && lane.state == LaneState::Open) {
        control.close_lane(&lane);
    }
    for inbox in control.inboxes().filter(|inbox| inbox.participant == slot) {
        control.remove_inbox(inbox.index);
        log_failure(dir.remove_file(&inbox_name(inbox.id)), "inbox");
    }
    control.remove_participant(slot);
    log_failure(ParticipantLock::remove(dir, slot), "participant lock");
    control.bump_epoch();
}

/// Removes the whole bus: all files, `bus.lock` last, then the folder.
pub(crate) fn remove_bus(root: &Dir, dir: &Dir, name: &str) {
    clear(dir);
    log_failure(dir.remove_file(crate::runtime::BUS_LOCK), "bus.lock");
    // Somebody may just have made a new `bus.lock` in it: then the folder stays, and is theirs.
    let _ = root.remove_dir(name);
}

/// Removes every file of a bus but its lock. Under `bus.lock`.
pub(crate) fn clear(dir: &Dir) {
    // The register goes first: a folder without it is no bus.
    log_failure(dir.remove_file(crate::runtime::CONTROL), "register");
    for file in dir.names(false).unwrap_or_default() {
        if file != crate::runtime::BUS_LOCK {
            log_failure(dir.remove_file(&file), "file");
        }
    }
}

/// Whether every inbox that a closed lane waits for has said that it needs nothing more of it.
fn is_drained(dir: &Dir, control: &Control, lane: &LaneEntry) -> bool {
    control.inboxes().filter(|inbox| inbox.gates(lane.topic)).all(|inbox| {
        let Ok(file) = dir.open_file(&inbox_name(inbox.id), false) else { return true };
        let Ok(file) = InboxFile::open(&file, inbox.id) else { return true };
        // ORDERING: [CURSOR] Relaxed, nothing of the lane is touched after it but its name.
        let cursor = Cursor::decode(file.cursor(lane.index).load(Ordering::Relaxed));
        cursor == Cursor { generation: lane.generation(), place: Place::Done }
    })
}

fn remove_unused_topics(control: &Control) -> bool {
    let mut used: u128 = 0;
    for lane in control.lanes() {
        used |= 1 << lane.topic;
    }
    for inbox in control.inboxes() {
        used |= inbox.topics;
    }
    let unused: Vec<usize> = control.topics().map(|topic| topic.index).filter(|index| used >> index & 1 == 0).collect();
    for index in &unused {
        control.remove_topic(*index);
    }
    !unused.is_empty()
}

fn log_failure(result: std::io::Result<()>, what: &str) {
    if let Err(error) = result {
        tracing::warn!(%error, what, "can't remove a file of the bus");
    }
}
