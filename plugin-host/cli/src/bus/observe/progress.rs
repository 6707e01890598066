//! Whether a participant gets on, as far as two looks at its bus tell.

use shm_bus::{ParticipantInfo, Snapshot};

/// Whether messages wait for `participant`, and it has done nothing between the two looks: not beaten, read, slept or sent. One for
/// which nothing waits may do what it likes.
pub(crate) fn hangs(participant: &ParticipantInfo, before: &Snapshot, now: &Snapshot) -> bool {
    let earlier = before.participants.iter().find(|earlier| earlier.id == participant.id);
    // One that never beats says nothing of itself.
    let is_silent = participant.beat > 0 && earlier.is_some_and(|earlier| earlier.beat == participant.beat);
    is_silent && is_behind(participant, now) && done(participant, before) == done(participant, now)
}

/// Whether publishers wait, or will, for one of its inboxes.
fn is_behind(participant: &ParticipantInfo, now: &Snapshot) -> bool {
    let lanes = || now.topics.iter().flat_map(|topic| &topic.lanes);
    let mut inboxes = now.inboxes.iter().filter(|inbox| inbox.participant == participant.slot && !inbox.observer);
    inboxes.any(|inbox| lanes().any(|lane| lane.fill > 0 && lane.laggard.as_ref() == Some(&inbox.name)))
}

/// What it has read, slept and sent.
fn done(participant: &ParticipantInfo, bus: &Snapshot) -> (u64, u64) {
    let inboxes = bus.inboxes.iter().filter(|inbox| inbox.participant == participant.slot);
    let lanes = bus.topics.iter().flat_map(|topic| &topic.lanes).filter(|lane| lane.participant == participant.slot);
    (inboxes.map(|inbox| inbox.received + inbox.sleeps).sum(), lanes.map(|lane| lane.sent).sum())
}
