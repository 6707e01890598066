//! The plugin host: watches a folder and applies its changes to the game at frame edges.
//!
//! The watcher's thread copies, inspects and loads. The thread that owns the host calls [`Host::stage_done`] after each stage of systems,
//! which begins handovers, and [`Host::frame_edge`] between two frames, which swaps in their results and everything else that waits.
//! Nothing else changes which code runs.

mod again;
mod edge;
mod figures;
mod history;
mod inquiry;
mod listening;
mod states;
mod stats;
mod status;
mod tell;
mod wishes;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Select, unbounded};
use plugin_sdk::abi::Stage;
use shm_bus::Bus;

use self::history::History;
use self::inquiry::Inquiry;
pub use self::stats::PluginStats;
use self::wishes::Unmet;
use crate::arena::{ARENA_QUOTA_BYTES, FrameArena};
use crate::calls::exit;
use crate::calls::home::{Home, OtherExports};
use crate::calls::watchdog::Watchdog;
use crate::engine::Engine;
use crate::fault::Fault;
use crate::handover::{Build, Handover};
use crate::image::copy::{ImageStore, StoreError};
use crate::image::{Image, Manifest};
use crate::instance::Instance;
use crate::loading::{Loaded, loader};
use crate::metering::Figures;
use crate::others::FoundExports;
use crate::pending::PendingWork;
use crate::plugins::Plugins;
use crate::ports::Traffic;
use crate::services::Services;
use crate::slot::{FrameInfo, Slot};
use crate::watcher::{FileEvent, WatchError, Watcher, plugin_of};

/// Interval at which [`Host::load_present`] checks whether the files that it waits for still exist.
const PRESENCE_CHECK: Duration = Duration::from_millis(200);

/// Time between two tries of a build while other participants change the bus.
const BUS_PAUSE: Duration = Duration::from_millis(20);

/// How long a swap or removal waits for calls in flight, unless [`Host::set_calls_wait`] says otherwise.
pub const CALLS_WAIT: Duration = Duration::from_millis(2);

/// How long the end of the host waits for calls of a plugin's exports.
const LAST_CALLS_WAIT: Duration = Duration::from_millis(100);

/// Why a host could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The folder can't be watched.
    #[error(transparent)]
    Watch(#[from] WatchError),
    /// There is no folder for private copies.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A plugin that has been seen since the host started.
#[derive(Debug, Default)]
struct Plugin {
    /// `None` before its first generation and after its removal.
    slot: Option<Arc<Slot>>,
    image: Option<Arc<Image>>,
    /// A refused build that may fit later: when other plugins change, or when a shortage has passed. The next verdict on its file cancels it.
    waiting: Option<Waiting>,
    /// Its last build was refused at the edge.
    is_refused: bool,
    /// The last report on it says that its file was refused or could not be tried.
    is_in_doubt: bool,
    /// Edges in a row at which its change waited for calls in flight.
    busy_edges: u32,
    /// Counters of the slots that it has left.
    traffic: Traffic,
    stats: PluginStats,
    history: History,
}

/// A refused build that is tried again.
#[derive(Debug)]
struct Waiting {
    image: Arc<Image>,
    /// Reasons of the refusal, each reported once.
    told: BTreeSet<String>,
    /// The system refused a resource that it needs: it is also retried periodically.
    is_shortage: bool,
    /// Since when it has waited for other participants to change the bus; `None` if it waits for something else.
    busy_since: Option<Instant>,
}

/// Saved states in the order of the plugins' names; an error says why a state can't be saved.
pub type NamedStates<'a> = Vec<(&'a str, Result<Vec<u8>, Fault>)>;

/// See the module.
#[derive(Debug)]
pub struct Host {
    bus: Bus,
    /// The same participant, for everything that changes the bus within a frame: that must not wait for `bus.lock`.
    edge_bus: Bus,
    plugins: BTreeMap<String, Plugin>,
    /// All slots, for callers on other threads.
    callable: Plugins,
    /// Their exports, for one another; kept here for as long as the host lives.
    _others: Arc<dyn OtherExports>,
    /// Their exports, for callers in other processes.
    services: Services,
    /// Answers other processes that ask for this host's status.
    inquiry: Inquiry,
    /// Plugins whose file is in the folder and was accepted, refused or postponed.
    tried: BTreeSet<String>,
    /// Plugins whose accepted file was copied again or touched.
    touched: BTreeSet<String>,
    /// When to retry builds that the system refused a resource; `None` if there are none.
    retry_at: Option<Instant>,
    /// Reported requests of running plugins that have no effect.
    unmet: BTreeSet<Unmet>,
    /// Pending work for the plugins; dropping a handover waits for its work.
    pending: PendingWork<Build, Handover>,
    /// The listeners to the plugins' `tracing` events, as of the last edge.
    trace_word: u64,
    /// Asked by readers on other threads.
    figures: Figures,
    /// See [`Self::set_calls_wait`].
    calls_wait: Duration,
    /// Whether the engine has reported a finished stage since the last edge.
    hands_over: bool,
    arena: FrameArena,
    /// Instances that were replaced or removed at this frame's edge. They are dropped later: dropping a large state would hold up the edge.
    replaced: Mutex<Vec<Instance>>,
    loaded: Receiver<Loaded>,
    events: Receiver<FileEvent>,
    /// Dropping it ends its thread; it stands after the channels above because its thread sends to them.
    watcher: Watcher,
    home: Arc<Home>,
    /// Last field: plugins may hang while they are dropped.
    _watchdog: Watchdog,
}

impl Host {
    /// Starts watching `folder`. [`Self::load_present`] loads the libraries that are already there.
    ///
    /// # Errors
    /// [`StartError`]: the folder is missing or can't be watched.
    pub fn start(folder: &Path, bus: Bus) -> Result<Self, StartError> {
        for line in crate::environment::unread() {
            tracing::warn!("{line}");
        }
        let ((loaded_sender, loaded), (event_sender, events)) = (unbounded(), unbounded());
        exit::watch();
        let home = Arc::new(Home::new());
        let callable = Plugins::default();
        let others: Arc<dyn OtherExports> = Arc::new(FoundExports::new(callable.clone()));
        home.offer(Arc::downgrade(&others));
        let watchdog = Watchdog::start(&home);
        let watcher = Watcher::start(folder, loader(ImageStore::new()?, home.clone(), loaded_sender), event_sender)?;
        let (plugins, tried) = (BTreeMap::new(), BTreeSet::new());
        Ok(Self {
            figures: Figures::new(bus.clone()),
            edge_bus: bus.with_lock_timeout(Duration::ZERO),
            bus,
            plugins,
            callable,
            _others: others,
            services: Services::default(),
            inquiry: Inquiry::default(),
            tried,
            touched: BTreeSet::new(),
            retry_at: None,
            unmet: BTreeSet::new(),
            pending: PendingWork::default(),
            trace_word: 0,
            calls_wait: CALLS_WAIT,
            hands_over: false,
            arena: FrameArena::new(ARENA_QUOTA_BYTES),
            replaced: Mutex::default(),
            loaded,
            events,
            watcher,
            home,
            _watchdog: watchdog,
        })
    }

    /// Sets how long a swap or removal waits for calls in flight before it is left to the next edge; the default is [`CALLS_WAIT`].
    pub const fn set_calls_wait(&mut self, wait: Duration) {
        self.calls_wait = wait;
    }

    /// Sets each plugin's quota of the frame arena, in bytes a frame; the default is [`ARENA_QUOTA_BYTES`].
    #[must_use]
    pub fn with_arena_quota(mut self, bytes: usize) -> Self {
        self.arena = FrameArena::new(bytes);
        self
    }

    /// The watched folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.watcher.folder()
    }

    /// The bus that the plugins use.
    #[must_use]
    pub fn bus(&self) -> &Bus {
        &self.bus
    }

    /// The running plugins, for calls of their exports on any thread.
    #[must_use]
    pub fn plugins(&self) -> Plugins {
        self.callable.clone()
    }

    /// The frame arena.
    #[must_use]
    pub fn arena(&self) -> &FrameArena {
        &self.arena
    }

    /// Waits until every library that is in the folder now has been tried once, and swaps in the accepted ones.
    ///
    /// # Errors
    /// If the folder can't be read.
    pub fn load_present<E: Engine>(&mut self, engine: &mut E) -> std::io::Result<()> {
        let mut awaited = BTreeMap::new();
        for file in std::fs::read_dir(self.folder())? {
            let file = file?;
            // The same rule as in the watcher: links are followed, and anything but a file is not a plugin.
            if file.path().is_file() {
                awaited.extend(file.file_name().to_str().and_then(plugin_of).map(|plugin| (plugin, file.path())));
            }
        }
        awaited.retain(|plugin, _| !self.tried.contains(plugin));
        while !awaited.is_empty() {
            let event = match self.events.recv_timeout(PRESENCE_CHECK) {
                Ok(event) => event,
                // No event reports a file that vanishes before its first try.
                Err(RecvTimeoutError::Timeout) => {
                    awaited.retain(|_, path| path.is_file());
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => break,
            };
            self.note(event);
            awaited.retain(|plugin, _| !self.tried.contains(plugin));
        }
        self.frame_edge(engine);
        // No frame waits for it.
        while self.plugins.values().any(|plugin| plugin.waits_for(&self.bus)) {
            std::thread::sleep(BUS_PAUSE);
            self.frame_edge(engine);
        }
        if self.tried.is_empty() {
            let (folder, file) = (self.folder().display(), crate::watcher::file_of("NAME"));
            tracing::warn!("{folder} holds no plugin; put {file} into it, for a plugin that is called NAME");
        }
        Ok(())
    }

    /// Waits until the next [`Self::frame_edge`] has something to do: a plugin to swap in, to try again, to remove or to refuse. Returns whether it has. For
    /// tools and tests; a game just calls `frame_edge` in every frame.
    #[must_use]
    pub fn wait_for_change(&self, timeout: Duration) -> bool {
        if !self.pending.is_empty() {
            return true;
        }
        let mut select = Select::new();
        select.recv(&self.events);
        let retries_in = self.retry_at.map(|moment| moment.saturating_duration_since(Instant::now()));
        let has_event = select.ready_timeout(retries_in.map_or(timeout, |time| time.min(timeout))).is_ok();
        has_event || self.retries_now()
    }

    /// Begins the handovers of running plugins for which a build waits and which have no system in a stage after `stage`.
    ///
    /// In parallel with the rest of the frame, a thread for each plugin saves its state and makes the next generation from it. The next
    /// edge only has to switch to the result; it waits for handovers that take longer.
    ///
    /// Call this when the last system of a stage has run; an engine without stages calls it once, with the last stage. From then to the
    /// edge no such plugin may be called. A plugin that is called anyway is swapped as a whole at the edge, which is blocked for that long.
    /// The same happens to all plugins in an engine that never calls this.
    pub fn stage_done(&mut self, stage: Stage) {
        self.hands_over = true;
        self.note_events();
        if !self.pending.is_empty() {
            self.begin_handovers(stage);
        }
    }

    /// Swaps in what waits, answers the calls of other processes, and returns the number of plugins that changed. Call it between two
    /// frames, while no plugin's system runs.
    ///
    /// In an engine that calls [`Self::stage_done`], a build that arrives too late for it is swapped in one frame later.
    pub fn frame_edge<E: Engine>(&mut self, engine: &mut E) -> usize {
        self.note_events();
        self.retry_after_shortage();
        let changed = self.apply(engine);
        if changed > 0 {
            self.tell_unmet();
        }
        self.try_touched_again();
        self.tell_listening(changed > 0);
        self.services.serve(&self.callable, &self.edge_bus);
        self.answer_inquiries(changed > 0);
        changed
    }

    /// Logs the requests of running plugins without effect that are new since the last time.
    fn tell_unmet(&mut self) {
        let running = self.plugins.values().filter(|plugin| plugin.slot.is_some());
        let manifests: Vec<&Manifest> = running.filter_map(|plugin| Some(plugin.image.as_ref()?.manifest())).collect();
        let unmet = wishes::unmet(&manifests);
        unmet.difference(&self.unmet).for_each(wishes::tell);
        self.unmet = unmet;
    }

    /// Delivers the messages in each plugin's inbox, plugins in the order of their names; passes their commands to `commands`.
    pub fn deliver(&self, frame: &FrameInfo, mut commands: impl FnMut(&str, &[u8])) {
        for slot in self.plugins.values().filter_map(|plugin| plugin.slot.as_ref()) {
            slot.deliver(frame, &self.arena, |bytes| commands(slot.name(), bytes));
        }
    }

    /// Ends the frame: drops the instances that its edge replaced or removed, and frees arena memory. Returns the bytes that plugins used
    /// of the arena.
    pub fn end_frame(&mut self) -> usize {
        self.replaced.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
        self.record_figures();
        self.arena.flip()
    }

    /// Each running plugin's state as it would be saved now, by name.
    ///
    /// A plugin that does not save its state within ten seconds is abandoned: from then on, every call of it and every read of its counters
    /// blocks. So call this last.
    pub fn states(&self) -> NamedStates<'_> {
        let running = self.plugins.values().filter_map(|plugin| plugin.slot.as_ref());
        running.filter_map(|slot| Some((slot.name(), states::save(slot)?))).collect()
    }
}

impl Drop for Host {
    /// Drops the plugins here, while the watchdog still runs: the engine still holds their slots.
    fn drop(&mut self) {
        self.pending = PendingWork::default();
        for slot in self.plugins.values().filter_map(|plugin| plugin.slot.as_ref()) {
            // A plugin that was abandoned while saving still holds its gate.
            let Some(mut occupant) = slot.lock_within(LAST_CALLS_WAIT) else { continue };
            let instance = slot.put(&mut occupant, None);
            occupant.ports.close();
            drop(occupant);
            drop(instance);
        }
    }
}

/// Path of a plugin's library in `folder`.
#[must_use]
pub fn library_path(folder: &Path, plugin: &str) -> PathBuf {
    folder.join(crate::watcher::file_of(plugin))
}
