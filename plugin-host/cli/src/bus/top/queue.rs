//! Changes of a work queue between two snapshots. Pure.

use std::time::Duration;

use serde_json::{Value, json};
use shm_bus::{Holder, QueueInfo, QueueLaneInfo, Shown, Snapshot};

use super::change::Change;
use crate::output::figures::{count, per_second, sum};

/// One queue: the sum of its lanes.
pub(super) struct QueueRow {
    name: String,
    workers: usize,
    waiting: u64,
    claimed: u64,
    done: Change,
    redelivered: Change,
    dead_letters: u64,
}

/// The columns, as [`QueueRow::texts`] fills them.
pub(super) const COLUMNS: [&str; 8] =
    ["queue", "workers", "waiting", "claimed", "done/s", "done", "redelivered", "dead"];

impl QueueRow {
    pub(super) fn all(before: &Snapshot, now: &Snapshot, time: Duration) -> Vec<Self> {
        let row = |queue| Self::between(before.queues.iter().flat_map(|queue| &queue.lanes), queue, time);
        now.queues.iter().map(row).collect()
    }

    fn between<'a>(before: impl Iterator<Item = &'a QueueLaneInfo> + Clone, now: &QueueInfo, time: Duration) -> Self {
        let total = |field: fn(&QueueLaneInfo) -> u64| sum(now.lanes.iter().map(field));
        let change = |field: fn(&QueueLaneInfo) -> u64| {
            let earlier = |id| before.clone().find(|lane| lane.id == id).map_or(0, field);
            let grown = sum(now.lanes.iter().map(|lane| field(lane).saturating_sub(earlier(lane.id))));
            Change { rate: per_second(grown, time), total: total(field) }
        };
        Self {
            name: now.name.clone(),
            workers: now.workers.iter().filter(|worker| worker.state != Holder::Gone).count(),
            waiting: total(|lane| lane.waiting),
            claimed: total(|lane| lane.claimed.len() as u64),
            done: change(|lane| lane.done),
            redelivered: change(|lane| lane.redelivered),
            dead_letters: total(|lane| lane.dead_letters),
        }
    }

    /// Whether there is work that nobody will do in the present state.
    pub(super) const fn is_in_trouble(&self) -> bool {
        self.dead_letters > 0 || (self.waiting > 0 && self.workers == 0)
    }

    pub(super) fn texts(&self) -> Vec<String> {
        let whole = |number: u64| count(number as f64);
        vec![
            Shown(&self.name).to_string(),
            self.workers.to_string(),
            whole(self.waiting),
            whole(self.claimed),
            count(self.done.rate),
            whole(self.done.total),
            whole(self.redelivered.total),
            whole(self.dead_letters),
        ]
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "name": self.name, "workers": self.workers, "waiting": self.waiting, "claimed": self.claimed,
            "done": self.done.total, "done_per_s": self.done.rate, "redelivered": self.redelivered.total,
            "redelivered_per_s": self.redelivered.rate, "dead_letters": self.dead_letters,
        })
    }
}
