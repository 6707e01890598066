//! What a sweep of the bus does for work queues. Under `bus.lock`.
//!
//! # Failure
//! A table that can't be mapped is left to the workers, and its lane stays.

use std::io;

use super::file::ClaimFile;
use super::owner::Register;
use super::table::{Count, Table};
use super::word::State;
use crate::bus::Shared;
use crate::control::{Control, LaneEntry, LaneState};
use crate::runtime::{Access, Store, claims_name, lane_name};

/// Maps the claim table of `lane`, if it has one.
pub(super) fn open_table(store: &Store, lane: &LaneEntry, access: Access) -> io::Result<Table<ClaimFile>> {
    let segment = store.open(&claims_name(lane.id), ClaimFile::bytes(lane.claims), access)?;
    Ok(Table::new(ClaimFile::open(segment, lane.id, lane.claims)?))
}

/// Gives back what workers hold whose entries are gone. The sweep has removed those of the dead before.
pub(crate) fn reclaim(store: &Store, control: &Control) {
    for lane in control.lanes().filter(|lane| lane.claims > 0) {
        let Some(topic) = control.topic(lane.topic) else { continue };
        let Ok(table) = open_table(store, &lane, Access::Write) else { continue };
        inspect(&table, topic.deliveries_max, &mut Register::new(control, |_| true));
    }
}

/// Looks through a table and counts what was found. Whether a message is free below `next`.
pub(super) fn inspect<F: Fn(usize) -> bool>(
    table: &Table<ClaimFile>,
    deliveries_max: u8,
    register: &mut Register<'_, F>,
) -> bool {
    let found = table.inspect(deliveries_max, |owner| register.is_gone(owner));
    table.add(Count::Reclaimed, found.reclaimed);
    table.add(Count::DeadLetters, found.dead);
    found.free
}

/// Frees the place of a closed lane of the queue `topic` in which nothing is left but dead letters, the oldest such lane's: they are dropped and
/// counted, as a producer drops its own when it needs their place. How many they were; `None` without such a lane. Under `bus.lock`.
pub(super) fn take_place_of_dead_letters(shared: &Shared, topic: usize) -> Option<u64> {
    let Shared { store, control, .. } = shared;
    let closed =
        control.lanes().filter(|lane| lane.topic == topic && lane.state == LaneState::Closed && lane.claims > 0);
    let mut closed: Vec<LaneEntry> = closed.collect();
    closed.sort_by_key(|lane| lane.id);
    closed.into_iter().find_map(|lane| {
        let table = open_table(store, &lane, Access::Write).ok()?;
        if !table.words().all(|word| matches!(word.state, State::Empty | State::Done | State::Dead)) {
            return None;
        }
        // A worker may take one meanwhile: then the lane stays.
        let dropped = table.dead().filter(|letter| table.expire(letter.sequence)).count() as u64;
        table.add(Count::DeadDropped, dropped);
        if !table.is_drained() {
            return None;
        }
        tracing::warn!(lane = lane.id, producer = lane.publisher, dropped, "dropping dead letters for want of a lane");
        remove_lane(store, control, &lane);
        Some(dropped)
    })
}

fn remove_lane(store: &Store, control: &Control, lane: &LaneEntry) {
    control.remove_lane(lane.index);
    for name in [claims_name(lane.id), lane_name(lane.id)] {
        if let Err(error) = store.remove(&name) {
            tracing::warn!(%error, name, "can't remove a file of the bus");
        }
    }
}

/// Whether all that a closed lane of a queue holds is done.
pub(crate) fn is_drained(store: &Store, lane: &LaneEntry) -> bool {
    match open_table(store, lane, Access::Read) {
        Ok(table) => table.is_drained(),
        // Removed by a sweep that was killed before it removed the entry.
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}
