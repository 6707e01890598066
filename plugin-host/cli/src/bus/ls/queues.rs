//! Formats work queues for `ls`.

use serde_json::{Value, json};
use shm_bus::{Holder, QueueInfo, QueueLaneInfo, Shown, Snapshot};

use crate::output::figures::{count, several};

/// A worker's state in one word.
pub(super) const fn state(holder: Holder) -> &'static str {
    match holder {
        Holder::Working => "alive",
        Holder::Stopped => "stopped",
        _ => "dead",
    }
}

/// Lines for `ls`.
pub(super) fn text(queue: &QueueInfo) -> String {
    let mut text = format!(
        "  queue {}  at most {} of a message\n",
        Shown(&queue.name),
        several(queue.deliveries_max.into(), "delivery")
    );
    for lane in &queue.lanes {
        text += &format!(
            "    {:8} from {}: {} waiting, {} claimed, {} done, {} redelivered, {}{}\n",
            lane.priority.name(),
            Shown(&lane.producer),
            lane.waiting,
            lane.claimed.len(),
            lane.done,
            lane.redelivered,
            several(lane.dead_letters, "dead letter"),
            match lane {
                lane if lane.open => "",
                lane if lane.is_kept_by_dead_letters() => ", closed, kept by its dead letters",
                _ => ", closed",
            },
        );
    }
    if queue.workers.is_empty() {
        text += "    no workers\n";
    }
    for worker in &queue.workers {
        let claims = queue.lanes.iter().flat_map(|lane| &lane.claimed);
        // Workers of one participant may have the same name.
        let holds =
            claims.filter(|claim| claim.participant == Some(worker.participant) && claim.worker == worker.name).count();
        let state = state(worker.state);
        text += &format!("    worker {} {state}, holds {}\n", Shown(&worker.name), count(holds as f64));
    }
    text
}

/// All queues, for `ls --json`.
pub(super) fn json(snapshot: &Snapshot) -> Vec<Value> {
    let pid = |slot| snapshot.participants.iter().find(|one| one.slot == slot).map(|one| one.pid);
    let queue = |queue: &QueueInfo| {
        let lanes: Vec<Value> = queue.lanes.iter().map(lane_json).collect();
        let workers = queue
            .workers
            .iter()
            .map(|worker| json!({ "name": worker.name, "pid": pid(worker.participant), "state": state(worker.state) }));
        json!({
            "name": queue.name, "deliveries_max": queue.deliveries_max, "lanes": lanes,
            "workers": workers.collect::<Vec<_>>(),
        })
    };
    snapshot.queues.iter().map(queue).collect()
}

fn lane_json(lane: &QueueLaneInfo) -> Value {
    let claimed = lane.claimed.iter().map(|claim| {
        json!({
            "sequence": claim.sequence, "deliveries": claim.deliveries, "worker": claim.worker, "pid": claim.pid,
            "holder": state(claim.holder), "held_s": claim.held.as_secs_f64(),
        })
    });
    json!({
        "priority": lane.priority.name(), "producer": lane.producer, "open": lane.open, "sent": lane.sent,
        "waiting": lane.waiting, "returned": lane.returned, "claimed": claimed.collect::<Vec<_>>(), "done": lane.done,
        "redelivered": lane.redelivered, "reclaimed": lane.reclaimed, "dead_letters": lane.dead_letters,
        "dead_lettered": lane.dead_lettered, "dead_dropped": lane.dead_dropped, "corrupt": lane.corrupt,
        "claims_max": lane.claims, "kept_by_dead_letters": lane.is_kept_by_dead_letters(),
    })
}
