//! Opens a lane's claim table, and gives back messages whose workers are gone.
//!
//! # Failure
//! A table that can't be mapped is left to the workers.

use std::io;

use super::file::ClaimFile;
use super::owner::Register;
use super::table::Table;
use crate::control::{Control, LaneEntry};
use crate::layout;
use crate::layout::claims::Count;
use crate::runtime::{Access, Store, claims_name};

/// Maps the claim table of `lane`, if it has one.
pub(crate) fn open_table(store: &Store, lane: &LaneEntry, access: Access) -> io::Result<Table<ClaimFile>> {
    let segment = store.open(&claims_name(lane.id), layout::claims::bytes(lane.claims), access)?;
    Ok(Table::new(ClaimFile::open(segment, lane.id, lane.claims)?))
}

/// Gives back messages whose workers have no entry any more. The sweep has already removed the entries of dead workers.
pub(crate) fn reclaim(store: &Store, control: &Control) {
    for lane in control.lanes().filter(|lane| lane.claims > 0) {
        let Some(topic) = control.topic(lane.topic) else { continue };
        let Ok(table) = open_table(store, &lane, Access::Amend) else { continue };
        inspect(&table, topic.deliveries_max, &mut Register::new(control, |_| true));
    }
}

/// Inspects a table and counts the results. Returns whether a message is free below `next`.
pub(crate) fn inspect<F: Fn(usize) -> bool>(
    table: &Table<ClaimFile>,
    deliveries_max: u8,
    register: &mut Register<'_, F>,
) -> bool {
    let found = table.inspect(deliveries_max, |owner| register.is_gone(owner));
    table.add(Count::Reclaimed, found.reclaimed);
    table.add(Count::DeadLetters, found.dead);
    found.free
}
