//! Reclaims lanes and bytes of the bus for a new producer: it removes closed lanes that contain only dead letters.
//!
//! # Failure
//! Nothing is dropped if that would not suffice. A lane stays if a worker takes one of its dead letters meanwhile.

use crate::claims::{State, open_table};
use crate::control::LaneState;
use crate::layout;
use crate::layout::claims::Count;
use crate::membership::{Shared, end_lane};
use crate::runtime::Access;

/// Resources that the lanes of a producer need.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resources {
    pub(super) lanes: usize,
    pub(super) bytes: u64,
}

impl Resources {
    /// Free resources of the bus.
    fn free(shared: &Shared) -> Self {
        let limits = shared.control.limits();
        let bytes = limits.bytes.saturating_sub(shared.view().bytes_used());
        Self { lanes: shared.control.free_lanes(), bytes }
    }

    const fn cover(self, other: Self) -> bool {
        self.lanes >= other.lanes && self.bytes >= other.bytes
    }
}

/// Frees `needed` by removing closed lanes of the queue `topic` that contain only dead letters, the oldest first. The dead letters
/// are dropped, as a producer drops its own when it needs their room. Returns their number, which the caller passes to [`count_dropped`].
/// Drops nothing if all of them together would not suffice. Under `bus.lock`.
pub(super) fn reclaim(shared: &Shared, topic: usize, needed: Resources) -> u64 {
    let Shared { store, control, .. } = shared;
    let mut available = Resources::free(shared);
    if available.cover(needed) {
        return 0;
    }
    let mut closed: Vec<_> = control
        .lanes()
        .filter(|lane| lane.topic == topic && lane.state == LaneState::Closed && lane.claims > 0)
        .filter_map(|lane| {
            let sent = shared.view().open_lane_head(lane.id, lane.capacity).ok()?.sent();
            Some((open_table(store, &lane, Access::Amend).ok()?, sent, lane))
        })
        .filter(|(table, sent, _)| {
            let mut claims = table.under_way(*sent);
            claims.all(|(_, word)| matches!(word.state, State::Empty | State::Done | State::Dead))
        })
        .collect();
    closed.sort_by_key(|(.., lane)| lane.id);
    for (.., lane) in &closed {
        available.lanes += 1;
        available.bytes += layout::lane::bytes(lane.capacity) + layout::claims::bytes(lane.claims);
    }
    if !available.cover(needed) {
        return 0;
    }
    let mut dropped = 0;
    for (table, sent, lane) in closed {
        if Resources::free(shared).cover(needed) {
            break;
        }
        // A worker may take one meanwhile: then the lane stays.
        let expired = table.dead().filter(|letter| table.expire(letter.sequence)).count() as u64;
        if table.is_worked_off(sent) {
            tracing::warn!(
                lane = lane.id,
                producer = lane.publisher,
                expired,
                "dropping dead letters, because a new lane needs their lane's resources"
            );
            end_lane(shared.view(), &lane);
            dropped += expired;
        } else {
            table.add(Count::DeadDropped, expired);
        }
    }
    dropped
}

/// Adds dead letters that were dropped with their lane to the count of the queue's newest lane. Under `bus.lock`.
pub(super) fn count_dropped(shared: &Shared, topic: usize, dropped: u64) {
    if dropped == 0 {
        return;
    }
    let mut lanes: Vec<_> = shared.control.lanes().filter(|lane| lane.topic == topic && lane.claims > 0).collect();
    lanes.sort_by_key(|lane| std::cmp::Reverse(lane.id));
    match lanes.iter().find_map(|lane| open_table(&shared.store, lane, Access::Amend).ok()) {
        Some(table) => table.add(Count::DeadDropped, dropped),
        None => tracing::warn!(dropped, "cannot count dropped dead letters: the queue has no lane left"),
    }
}
