//! Checks a work queue for work that nobody will do in the present state.

use std::collections::BTreeMap;

use shm_bus::{Holder, ParticipantInfo, QueueInfo, QueueLaneInfo};

use super::finding::Report;
use crate::bus::observe::process::advice_on_stopped;
use crate::output::figures::{several, sum};

pub(super) fn look(queue: &QueueInfo, participants: &[ParticipantInfo], report: &mut Report) {
    let name = &queue.name;
    let total = |field: fn(&QueueLaneInfo) -> u64| sum(queue.lanes.iter().map(field));
    let waiting = total(|lane| lane.waiting);
    if waiting > 0 && !queue.workers.iter().any(|worker| worker.state == Holder::Working) {
        let waiting = several(waiting, "message");
        let why = if queue.workers.iter().any(|worker| worker.state == Holder::Stopped) {
            "every worker is stopped"
        } else {
            "it has no worker"
        };
        report.problem(
            format!("queue {name}: {waiting} waiting, and {why}"),
            "start a program with a worker for it (`Bus::worker`), or resume a stopped one; the messages are kept until then",
        );
    }
    look_for_stopped(queue, participants, report);
    let dead = total(|lane| lane.dead_letters);
    if dead > 0 {
        let (dead, tries) = (several(dead, "dead letter"), several(queue.deliveries_max.into(), "time"));
        report.problem(
            format!("queue {name}: {dead}, delivered {tries} without success"),
            "fix the cause in the workers, then take the letters (`Worker::take_dead_letter`); until then they occupy room",
        );
    }
    let kept = queue.lanes.iter().filter(|lane| lane.is_kept_by_dead_letters()).count() as u64;
    if kept > 0 {
        report.hint(
            format!("queue {name}: {} of producers that are gone, kept only by dead letters", several(kept, "lane")),
            "take the letters (`Worker::take_dead_letter`): each lane keeps its place and its bytes until then",
        );
    }
    let dropped = total(|lane| lane.dead_dropped);
    if dropped > 0 {
        let dropped = several(dropped, "dead letter");
        let what = format!("queue {name}: {dropped} dropped so far, because there was no room");
        report.hint(what, "take dead letters sooner, or allow more unfinished messages (`QueueLane::outstanding`)");
    }
}

/// A stopped worker keeps its claims: nobody else gets them.
fn look_for_stopped(queue: &QueueInfo, participants: &[ParticipantInfo], report: &mut Report) {
    let mut stopped: BTreeMap<(Option<usize>, &str), u64> = BTreeMap::new();
    let claims = queue.lanes.iter().flat_map(|lane| &lane.claimed);
    for claim in claims.filter(|claim| claim.holder == Holder::Stopped) {
        *stopped.entry((claim.participant, &claim.worker)).or_default() += 1;
    }
    for ((slot, worker), held) in stopped {
        let Some(owner) = participants.iter().find(|participant| Some(participant.slot) == slot) else { continue };
        report.problem(
            format!(
                "queue {}: worker {worker} ({}) is stopped and holds {held} of its messages",
                queue.name, owner.process
            ),
            format!("{}; when it ends, another worker gets them", advice_on_stopped(owner.process)),
        );
    }
}
