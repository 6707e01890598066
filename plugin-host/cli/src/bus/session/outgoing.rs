//! Shared code of commands that publish: chooses the capacity of lanes, and stays until what was sent has been seen.

use std::time::{Duration, Instant};

use shm_bus::wire::Priority;
use shm_bus::{Bus, ChangeError, Publisher, SendError};

use super::watch::Watch;
use crate::output::figures::sum;

/// A command gives up when a gating inbox has not read for this long.
const PATIENCE: Duration = Duration::from_secs(1);
/// Time between two checks for room.
const PAUSE: Duration = Duration::from_micros(200);

/// A lane has no room, because a gating inbox has not read for a second.
#[derive(Debug, thiserror::Error)]
#[error("topic `{topic}` has no room: {} has not read for a second; `hotframe bus doctor` says more", laggard.as_ref().map_or_else(|| "an inbox".to_owned(), |name| format!("inbox `{name}`")))]
pub(crate) struct NoRoom {
    topic: String,
    laggard: Option<String>,
}

/// Why a command's message was not sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutgoingError {
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
    #[error("cannot send to topic `{topic}`")]
    Send { topic: String, source: SendError },
    #[error(transparent)]
    Bus(#[from] ChangeError),
}

/// Capacity in bytes of a lane for messages of up to `longest` bytes: room for at least 64 of them within reason, and always for one.
pub(crate) fn capacity(longest: usize) -> u32 {
    const LEAST: usize = 1 << 16;
    const MUCH: usize = 1 << 22;
    let record = longest.min(1 << 29).next_multiple_of(32) + 32;
    let wanted = record.saturating_mul(64).min(MUCH).max(record.saturating_mul(4)).max(LEAST);
    u32::try_from(wanted.next_power_of_two()).unwrap_or(1 << 30).min(1 << 30)
}

/// Sends; waits for room as long as the topic's policy says, and at least a while. Returns `false` if the command has to end instead.
pub(crate) fn send(
    (bus, watch): (&Bus, &mut Watch),
    (publisher, topic): (&mut Publisher, &str),
    priority: Priority,
    payload: &[u8],
) -> Result<bool, OutgoingError> {
    let begun = Instant::now();
    loop {
        let mut is_over = Ok(false);
        let sent = publisher.send_while(priority, payload, || {
            is_over = watch.is_over(bus);
            matches!(is_over, Ok(false))
        });
        match sent {
            Ok(()) => return Ok(true),
            Err(SendError::Full | SendError::TimedOut { .. }) => {}
            Err(source) => return Err(OutgoingError::Send { topic: topic.to_owned(), source }),
        }
        if is_over? || watch.is_over(bus)? {
            return Ok(false);
        }
        if begun.elapsed() >= PATIENCE {
            let laggard = own_lanes(bus).into_iter().find_map(|lane| lane.laggard);
            return Err(NoRoom { topic: topic.to_owned(), laggard }.into());
        }
        std::thread::sleep(PAUSE);
    }
}

/// A lane of this command.
struct OwnLane {
    laggard: Option<String>,
    /// Whether some inbox has not yet seen all its messages.
    unseen: bool,
}

fn own_lanes(bus: &Bus) -> Vec<OwnLane> {
    let snapshot = bus.snapshot();
    let own = |slot: usize| {
        snapshot.participants.iter().any(|participant| participant.slot == slot && participant.id == bus.id())
    };
    let mut lanes = Vec::new();
    for topic in &snapshot.topics {
        let readers = snapshot.inboxes.iter().filter(|inbox| inbox.topics.contains(&topic.name)).count() as u64;
        for lane in topic.lanes.iter().filter(|lane| lane.open && own(lane.participant)) {
            let seen = sum([lane.received, lane.lost, lane.conflated]);
            lanes.push(OwnLane { laggard: lane.laggard.clone(), unseen: seen < lane.sent.saturating_mul(readers) });
        }
    }
    lanes
}

/// Waits until all readers have seen what this command sent. A lane that only observers read vanishes with its publisher, and they may not
/// have found it yet. The wait for stopped readers is limited to half a second.
pub(crate) fn linger(bus: &Bus) {
    let deadline = Instant::now() + PATIENCE / 2;
    while Instant::now() < deadline && own_lanes(bus).iter().any(|lane| lane.unseen) {
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[cfg(test)]
mod tests {
    use super::capacity;

    #[test]
    fn a_lane_holds_four_of_the_longest_record_and_is_never_too_small() {
        for longest in [0, 1, 1000, 5000, 70_000, 1 << 20, 200 << 20] {
            let capacity = capacity(longest);
            assert!(capacity.is_power_of_two() && capacity >= 1 << 16);
            assert!((longest + 32) * 4 <= capacity as usize, "{longest} in {capacity}");
        }
        assert_eq!(capacity(usize::MAX), 1 << 30);
    }
}
