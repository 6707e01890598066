//! The host's own figures, and when they are recorded: histograms as things happen, everything else when a reader asks.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use metrics::{Histogram, gauge, histogram};
use shm_bus::{Bus, Snapshot};

/// How long a call took, from its gate to its reply.
pub(crate) fn latency(plugin: &str, method: &str) -> Option<Histogram> {
    super::is_wanted()
        .then(|| histogram!("hotframe_call_seconds", "plugin" => plugin.to_owned(), "method" => method.to_owned()))
}

/// How long a change of a plugin blocked the frame edge.
pub(crate) fn edge_held(plugin: &str, held: Duration) {
    if super::is_wanted() {
        histogram!("hotframe_edge_held_seconds", "plugin" => plugin.to_owned()).record(held);
    }
}

/// The queues of a bus: the bytes that the slowest reader that is waited for has not read, by topic and priority.
fn bus(snapshot: &Snapshot) {
    let mut queued = BTreeMap::new();
    for topic in &snapshot.topics {
        for lane in &topic.lanes {
            *queued.entry((&topic.name, format!("{:?}", lane.priority))).or_insert(0) += lane.fill;
        }
    }
    for ((topic, priority), bytes) in queued {
        gauge!("hotframe_queue_bytes", "topic" => topic.clone(), "priority" => priority).set(bytes as f64);
    }
}

/// A reader's request for figures of this moment. The host records them at the end of its frame.
#[derive(Clone, Debug)]
pub struct Figures(Arc<Request>);

#[derive(Debug)]
struct Request {
    bus: Bus,
    is_asked: AtomicBool,
    /// Number of answers.
    answers: Mutex<u64>,
    answered: Condvar,
}

impl Figures {
    pub(crate) fn new(bus: Bus) -> Self {
        let (answers, answered) = (Mutex::default(), Condvar::new());
        Self(Arc::new(Request { bus, is_asked: AtomicBool::new(false), answers, answered }))
    }

    /// Asks the host for its figures, and records those of the bus. Returns whether the host has recorded them: one that plays no frames
    /// within `timeout` has not, and the recorder keeps what it had.
    pub fn refresh(&self, timeout: Duration) -> bool {
        bus(&self.0.bus.snapshot());
        let answers = self.0.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let before = *answers;
        self.0.is_asked.store(true, Ordering::Relaxed);
        let waited = self.0.answered.wait_timeout_while(answers, timeout, |answers| *answers == before);
        *waited.unwrap_or_else(PoisonError::into_inner).0 != before
    }

    /// Whether somebody waits for the host's figures.
    pub(crate) fn is_asked(&self) -> bool {
        self.0.is_asked.load(Ordering::Relaxed)
    }

    /// Ends the wait of those who asked.
    pub(crate) fn answer(&self) {
        let mut answers = self.0.answers.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.is_asked.store(false, Ordering::Relaxed);
        *answers += 1;
        self.0.answered.notify_all();
    }
}
