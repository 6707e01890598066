//! Captures this thread's log as text.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Dispatch, Event, Metadata, Subscriber};

use super::line::line;

/// Collects this thread's events until it is dropped.
pub(crate) struct Log {
    lines: Lines,
    _guard: DefaultGuard,
}

type Lines = Arc<Mutex<Vec<String>>>;

impl Log {
    pub(crate) fn start() -> Self {
        LazyLock::force(&EVERLASTING);
        let lines = Lines::default();
        let guard = tracing::subscriber::set_default(Collector(lines.clone()));
        Self { lines, _guard: guard }
    }

    /// `LEVEL message field=value …`, in order.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The only line that contains `part`.
    pub(crate) fn line(&self, part: &str) -> String {
        let lines = self.lines();
        let found: Vec<&String> = lines.iter().filter(|line| line.contains(part)).collect();
        assert_eq!(found.len(), 1, "{part:?} stands in {} of these lines: {lines:#?}", found.len());
        found[0].clone()
    }

    /// The number of lines that contain `part`.
    pub(crate) fn count(&self, part: &str) -> usize {
        self.lines().iter().filter(|line| line.contains(part)).count()
    }
}

/// If `tracing` knows only one subscriber, and a thread without one reaches a call site first, that call site stays disabled in all
/// threads. With these two subscribers, it asks every subscriber for each call site, whichever thread reaches it first.
static EVERLASTING: LazyLock<[Dispatch; 2]> = LazyLock::new(|| [(); 2].map(|()| Dispatch::new(Collector::default())));

#[derive(Default)]
struct Collector(Lines);

impl Subscriber for Collector {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= tracing::Level::DEBUG
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line(event));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
