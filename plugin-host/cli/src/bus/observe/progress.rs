//! Whether a participant makes progress, as far as two looks at its bus tell.

use shm_bus::{ParticipantInfo, Snapshot};

use crate::output::figures::sum;

/// Whether messages wait for `participant` and it did nothing between the two looks: it raised no heartbeat, and did not read, sleep or
/// send. A participant for which nothing waits may be idle.
pub(crate) fn hangs(participant: &ParticipantInfo, before: &Snapshot, now: &Snapshot) -> bool {
    let earlier = before.participants.iter().find(|earlier| earlier.id == participant.id);
    // A participant that never raises its heartbeat says nothing about itself.
    let is_silent = participant.beat > 0 && earlier.is_some_and(|earlier| earlier.beat == participant.beat);
    is_silent && is_behind(participant, now) && done(participant, before) == done(participant, now)
}

/// Whether publishers wait, or will wait, for one of its inboxes.
fn is_behind(participant: &ParticipantInfo, now: &Snapshot) -> bool {
    let lanes = || now.topics.iter().flat_map(|topic| &topic.lanes);
    let mut inboxes = now.inboxes.iter().filter(|inbox| inbox.participant == participant.slot && !inbox.observer);
    inboxes.any(|inbox| lanes().any(|lane| lane.fill > 0 && lane.laggard.as_ref() == Some(&inbox.name)))
}

/// Its numbers of reads, sleeps and sends.
fn done(participant: &ParticipantInfo, bus: &Snapshot) -> (u64, u64) {
    let inboxes = bus.inboxes.iter().filter(|inbox| inbox.participant == participant.slot);
    let lanes = bus.topics.iter().flat_map(|topic| &topic.lanes).filter(|lane| lane.participant == participant.slot);
    (sum(inboxes.flat_map(|inbox| [inbox.received, inbox.sleeps])), sum(lanes.map(|lane| lane.sent)))
}
