//! The writing end of a lane on a bus: its entry, its file, and what happens when it has no room.
//!
//! [Publishers](crate::Publisher) and [producers](crate::WorkProducer) build on it. Knows neither inboxes nor claims: what a lane waits for
//! before it overwrites is its builder's (`G`).
//!
//! | module | role |
//! |---|---|
//! | `refusal` | how a message without room is counted, and which error its sender gets |
//! | `error` | why a message was not sent |
//! | `room` | sleeping until there is room, and waking who sleeps so |
//!
//! # Failure
//! If one of several lanes can't be created, none of them is.

mod error;
mod refusal;
mod room;

pub use error::SendError;
pub(crate) use room::{sleep_until_room, wake_for_room};

use crate::control::{Abandoned, NewLane};
use crate::lane::{LaneFile, Stamp, Writer};
use crate::membership::{ChangeError, Shared, end_lane};
use crate::wire::Priority;

/// The lanes of one publisher or producer: at most one for each priority.
pub(crate) type Lanes<G> = [Option<OutLane<G>>; 4];

/// One priority's lane.
#[derive(Debug)]
pub(crate) struct OutLane<G> {
    /// Index in the lane table.
    pub(crate) index: usize,
    pub(crate) id: u64,
    pub(crate) writer: Writer<LaneFile>,
    /// What it waits for before it overwrites.
    pub(crate) gates: G,
}

impl<G> OutLane<G> {
    /// Creates a lane's file and its entry at `index`, which is free. Under `bus.lock`.
    pub(crate) fn create(
        shared: &Shared,
        index: usize,
        new: NewLane<'_>,
        tells_latest: bool,
        gates: G,
    ) -> Result<Self, ChangeError> {
        let NewLane { id, topic, priority, capacity, .. } = new;
        let stamp = Stamp { priority, topic: topic as u32, sender: shared.id };
        let writer = Writer::new(shared.create_lane(id, capacity)?, stamp, tells_latest);
        shared.control.add_lane(index, new);
        Ok(Self { index, id, writer, gates })
    }

    /// Its entry, for giving it up.
    pub(crate) const fn entry(&self) -> (Abandoned, u64) {
        (Abandoned::Lane(self.index), self.id)
    }

    /// Removes a lane that was not announced yet. Under `bus.lock`.
    fn unmake(&self, shared: &Shared) {
        if let Some(entry) = shared.control.lane(self.index) {
            end_lane(shared.view(), &entry);
        }
    }
}

/// Makes a lane of each of `wanted`, or none. Under `bus.lock`.
pub(crate) fn make_each<G, W, E>(
    shared: &Shared,
    wanted: impl IntoIterator<Item = (Priority, W)>,
    mut make: impl FnMut(Priority, W) -> Result<OutLane<G>, E>,
) -> Result<Lanes<G>, E> {
    let mut made = [const { None }; 4];
    for (priority, wanted) in wanted {
        match make(priority, wanted) {
            Ok(lane) => made[priority as usize] = Some(lane),
            Err(error) => {
                made.iter().flatten().for_each(|lane: &OutLane<G>| lane.unmake(shared));
                return Err(error);
            }
        }
    }
    Ok(made)
}

/// Whether there is at least one priority, and none twice.
pub(crate) fn are_lanes(priorities: impl IntoIterator<Item = Priority>) -> bool {
    let mut seen = [false; 4];
    let all_new = priorities.into_iter().all(|priority| !std::mem::replace(&mut seen[priority as usize], true));
    all_new && seen.contains(&true)
}

#[cfg(test)]
mod tests {
    use super::are_lanes;
    use crate::wire::Priority::{Critical, High, Low, Normal};

    #[test]
    fn a_sender_has_one_lane_for_each_of_its_priorities() {
        assert!(are_lanes([Normal]));
        assert!(are_lanes([Low, Critical, High, Normal]));
        assert!(!are_lanes([]), "none");
        assert!(!are_lanes([High, Low, High]), "one twice");
    }
}
