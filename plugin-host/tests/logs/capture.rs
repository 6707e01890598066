//! A subscriber that keeps what it gets, with the spans around it, as text.

use std::collections::HashMap;
use std::fmt::{Debug, Write as _};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{DefaultGuard, Interest, set_default};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_core::callsite::rebuild_interest_cache;

/// Captures of earlier tests live on in their hosts, and would keep a level alive of their own.
static LEVEL: AtomicUsize = AtomicUsize::new(0);

/// One test at a time: all listen to the same level.
static TURN: Mutex<()> = Mutex::new(());

#[derive(Default)]
struct Kept {
    lines: Mutex<Vec<String>>,
    /// Name, values and parent of each span.
    spans: Mutex<HashMap<u64, (String, Option<u64>)>>,
    entered: Mutex<HashMap<ThreadId, Vec<u64>>>,
    next: AtomicU64,
    /// How often it was asked about places of the fixtures.
    asked: AtomicU64,
    /// Spans that are not closed.
    open: AtomicU64,
}

/// Captures what this thread, and threads without a subscriber, log.
pub(crate) struct Capture {
    kept: Arc<Kept>,
    _guard: DefaultGuard,
    _turn: MutexGuard<'static, ()>,
}

struct Listener(Arc<Kept>);

impl Capture {
    pub(crate) fn start(level: LevelFilter) -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        listen_to(level);
        let kept = Arc::<Kept>::default();
        Self { _guard: set_default(Listener(kept.clone())), kept, _turn: turn }
    }

    /// `LEVEL target outer{field=value}:inner{}: message field=value …` of each event.
    pub(crate) fn lines(&self) -> Vec<String> {
        lock(&self.kept.lines).clone()
    }

    /// The only line that contains `part`.
    pub(crate) fn line(&self, part: &str) -> String {
        let lines = self.lines();
        let found: Vec<_> = lines.iter().filter(|line| line.contains(part)).collect();
        assert_eq!(found.len(), 1, "{part:?} in {lines:#?}");
        found[0].clone()
    }

    pub(crate) fn count(&self, part: &str) -> usize {
        self.lines().iter().filter(|line| line.contains(part)).count()
    }

    pub(crate) fn asked(&self) -> u64 {
        self.kept.asked.load(Ordering::Relaxed)
    }

    pub(crate) fn open_spans(&self) -> u64 {
        self.kept.open.load(Ordering::Relaxed)
    }
}

/// Changes the level that everybody listens to, as `tracing_subscriber::reload` does.
pub(crate) fn listen_to(level: LevelFilter) {
    let number = level.into_level().map_or(0, |level| LEVELS.iter().position(|one| *one == level).unwrap_or(0) + 1);
    LEVEL.store(number, Ordering::Relaxed);
    rebuild_interest_cache();
}

const LEVELS: [Level; 5] = [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG, Level::TRACE];

fn level() -> LevelFilter {
    match LEVEL.load(Ordering::Relaxed) {
        0 => LevelFilter::OFF,
        number => LevelFilter::from_level(LEVELS[number - 1]),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Listener {
    fn note_question(&self, metadata: &Metadata<'_>) {
        if metadata.target().starts_with("traces") {
            self.0.asked.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn entered(&self) -> Option<u64> {
        lock(&self.0.entered).get(&thread::current().id())?.last().copied()
    }

    /// The span and those around it.
    fn path(&self, mut span: Option<u64>) -> String {
        let (mut path, spans) = (String::new(), lock(&self.0.spans));
        while let Some((text, parent)) = span.and_then(|number| spans.get(&number)) {
            path.insert_str(0, &format!("{text}: "));
            span = *parent;
        }
        path
    }

    fn parent(&self, is_root: bool, parent: Option<&Id>) -> Option<u64> {
        if is_root { None } else { parent.map(Id::into_u64).or_else(|| self.entered()) }
    }
}

/// Values as text.
#[derive(Default)]
struct Words {
    message: String,
    fields: String,
}

impl Words {
    fn of(event: &Event<'_>) -> Self {
        let mut words = Self::default();
        event.record(&mut words);
        words
    }
}

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}

impl Subscriber for Listener {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        self.note_question(metadata);
        if metadata.level() > &level() { Interest::never() } else { Interest::sometimes() }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(level())
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.note_question(metadata);
        *metadata.level() <= level()
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let number = self.0.next.fetch_add(1, Ordering::Relaxed) + 1;
        let mut words = Words::default();
        span.record(&mut words);
        let text = format!("{}{{{}}}", span.metadata().name(), words.fields.trim_start());
        let parent = self.parent(span.is_root(), span.parent());
        lock(&self.0.spans).insert(number, (text, parent));
        self.0.open.fetch_add(1, Ordering::Relaxed);
        Id::from_u64(number)
    }

    fn record(&self, span: &Id, record: &Record<'_>) {
        let mut words = Words::default();
        record.record(&mut words);
        if let Some((text, _)) = lock(&self.0.spans).get_mut(&span.into_u64()) {
            text.push_str(&format!("+{{{}}}", words.fields.trim_start()));
        }
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let path = self.path(self.parent(event.is_root(), event.parent()));
        let Words { message, fields } = Words::of(event);
        let line = format!("{} {} {path}{message}{fields}", metadata.level(), metadata.target());
        lock(&self.0.lines).push(line);
    }

    fn enter(&self, span: &Id) {
        lock(&self.0.entered).entry(thread::current().id()).or_default().push(span.into_u64());
    }

    fn exit(&self, span: &Id) {
        let mut entered = lock(&self.0.entered);
        let stack = entered.entry(thread::current().id()).or_default();
        assert_eq!(stack.pop(), Some(span.into_u64()), "spans are left in the reverse order");
    }

    fn try_close(&self, _: Id) -> bool {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
        true
    }
}
