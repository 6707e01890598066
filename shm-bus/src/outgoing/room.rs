//! The room bell: a sender without room sleeps on it, and the readers of its lane ring it.

use std::time::{Duration, Instant};

use crate::bell;
use crate::membership::Shared;
use crate::sys::{self, BellId, Sleeper};

/// Sleeps until `look` finds room in the lane at `index` of the lane table, at most `timeout`. Returns at once if the system can't put the
/// thread to sleep.
pub(crate) fn sleep_until_room(shared: &Shared, index: usize, timeout: Duration, look: impl FnMut() -> bool) {
    if let Ok(sleeper) = Sleeper::new(id(shared, index)) {
        bell::wait(shared.control.room_bell(index), &sleeper, Some(Instant::now() + timeout), look);
    }
}

/// Wakes the sender of the lane at `index` of the lane table if it sleeps until there is room.
pub(crate) fn wake_for_room(shared: &Shared, index: usize) {
    let bell = shared.control.room_bell(index);
    if bell::ring_after_store(bell) {
        sys::wake(bell, id(shared, index));
    }
}

fn id(shared: &Shared, index: usize) -> BellId<'_> {
    BellId { folder: shared.store.path(), kind: "room", index }
}
