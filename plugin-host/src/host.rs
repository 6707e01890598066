//! The plugin host: watches a folder and brings what changes there into the game, at frame edges.
//!
//! The watcher's thread copies, inspects and loads; the thread that owns the host calls [`Host::stage_done`] after each stage
//! of systems, where handovers begin, and [`Host::frame_edge`] between two frames, where what they made and whatever
//! else waits is swapped in. Nothing else changes which code runs.

mod again;
mod edge;
mod states;
mod tell;
mod wishes;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Select, unbounded};
use plugin_sdk::abi::Stage;
use shm_bus::Bus;

use self::wishes::Unmet;
use crate::arena::{ARENA_QUOTA_BYTES, ArenaUse, FrameArena};
use crate::call::Fault;
use crate::calls::exit;
use crate::calls::home::Home;
use crate::calls::watchdog::Watchdog;
use crate::change::Changes;
use crate::engine::Engine;
use crate::handover::{Build, Handover};
use crate::image::copy::{ImageStore, StoreError};
use crate::image::{Image, Manifest};
use crate::instance::Instance;
use crate::loading::{Loaded, loader};
use crate::ports::{PastLane, Traffic};
use crate::slot::{FrameInfo, Slot};
use crate::watcher::{FileEvent, WatchError, Watcher, plugin_of};

/// How often [`Host::load_present`] looks whether what it waits for is still there.
const PRESENCE_CHECK: Duration = Duration::from_millis(200);

/// Why a host could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The folder can't be watched.
    #[error(transparent)]
    Watch(#[from] WatchError),
    /// There is no place for private copies.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What happened at frame edges to one plugin.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PluginStats {
    /// The generation that runs; 0 when none was accepted.
    pub generation: u32,
    /// Swaps from one generation to the next.
    pub reloads: u32,
    /// Files and builds that were refused.
    pub failed_loads: u32,
    /// Calls that panicked.
    pub panics: u64,
    /// Records that came while it was suspended, or that held no whole messages: read, so that they hold no publisher up, and
    /// dropped.
    pub undelivered: u64,
    /// What it took of the frame arena.
    pub arena: ArenaUse,
    /// Images of it that are no longer used and stay mapped until the process ends: of replaced and of refused builds.
    pub retired_images: u64,
    /// Bytes of address space that these take.
    pub retired_bytes: u64,
    /// How long each swap held the frame edge, waiting for the end of its handover included.
    pub swaps: Vec<Duration>,
}

/// A plugin that was seen since the host started.
#[derive(Debug, Default)]
struct Plugin {
    /// `None` before its first generation and after its removal.
    slot: Option<Arc<Slot>>,
    image: Option<Arc<Image>>,
    /// A build that was refused because of the other plugins; tried again when they change. The next verdict on its file cancels it.
    waiting: Option<Waiting>,
    /// The last build of it was refused at the edge.
    is_refused: bool,
    /// The last that was said of it is that its file was refused, or could not be tried.
    is_in_doubt: bool,
    /// What was counted in slots that it has left.
    traffic: Traffic,
    stats: PluginStats,
}

/// A build that waits for other plugins to change.
#[derive(Debug)]
struct Waiting {
    image: Arc<Image>,
    /// Why it was refused, each reason once.
    told: BTreeSet<String>,
    /// The system refused what it needs: it is also tried again now and then.
    is_short: bool,
}

/// States by plugin name, in the order of the names; of one that can't be saved, why.
pub type NamedStates<'a> = Vec<(&'a str, Result<Vec<u8>, Fault>)>;

/// See the module.
#[derive(Debug)]
pub struct Host {
    bus: Bus,
    plugins: BTreeMap<String, Plugin>,
    /// Plugins whose file stands in the folder and was accepted or refused.
    tried: BTreeSet<String>,
    /// Plugins whose accepted file was copied or touched.
    touched: BTreeSet<String>,
    /// When builds that the system refused something are tried again; `None` if there is none.
    retry_at: Option<Instant>,
    /// What running plugins ask for in vain, as it was told.
    unmet: BTreeSet<Unmet>,
    /// What waits for them; a handover ends its thread when dropped.
    changes: Changes<Build, Handover>,
    /// Since the last edge the engine has said that systems are done.
    hands_over: bool,
    arena: FrameArena,
    /// Instances that were replaced or removed at this frame's edge: dropping a large state takes time that the edge doesn't have.
    outgoing: Mutex<Vec<Instance>>,
    loaded: Receiver<Loaded>,
    events: Receiver<FileEvent>,
    /// Ends its thread when dropped; after the channels above, since its thread sends to them.
    watcher: Watcher,
    home: Arc<Home>,
    /// Last, for plugins may hang while they are dropped.
    _watchdog: Watchdog,
}

impl Host {
    /// Watches `folder`. What stands there already is loaded by [`Self::load_present`].
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
        let watchdog = Watchdog::start(&home);
        let watcher = Watcher::start(folder, loader(ImageStore::new()?, home.clone(), loaded_sender), event_sender)?;
        let (plugins, tried) = (BTreeMap::new(), BTreeSet::new());
        Ok(Self {
            bus,
            plugins,
            tried,
            touched: BTreeSet::new(),
            retry_at: None,
            unmet: BTreeSet::new(),
            changes: Changes::default(),
            hands_over: false,
            arena: FrameArena::new(ARENA_QUOTA_BYTES),
            outgoing: Mutex::default(),
            loaded,
            events,
            watcher,
            home,
            _watchdog: watchdog,
        })
    }

    /// Lets each plugin take at most `bytes` of the frame arena in one frame; [`ARENA_QUOTA_BYTES`] unless told otherwise.
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

    /// The bus on which plugins talk.
    #[must_use]
    pub fn bus(&self) -> &Bus {
        &self.bus
    }

    /// This frame's memory.
    #[must_use]
    pub fn arena(&self) -> &FrameArena {
        &self.arena
    }

    /// Waits until every library that stands in the folder now has been tried once, and swaps in what was accepted.
    ///
    /// # Errors
    /// When the folder can't be read.
    pub fn load_present<E: Engine>(&mut self, engine: &mut E) -> std::io::Result<()> {
        let mut awaited = BTreeMap::new();
        for file in std::fs::read_dir(self.folder())? {
            let file = file?;
            // As the watcher: links are followed, and what is no file is no plugin.
            if file.path().is_file() {
                awaited.extend(file.file_name().to_str().and_then(plugin_of).map(|plugin| (plugin, file.path())));
            }
        }
        awaited.retain(|plugin, _| !self.tried.contains(plugin));
        while !awaited.is_empty() {
            let event = match self.events.recv_timeout(PRESENCE_CHECK) {
                Ok(event) => event,
                // A file that goes before its first try is never told of.
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
        if self.tried.is_empty() {
            let (folder, file) = (self.folder().display(), crate::watcher::file_of("NAME"));
            tracing::warn!("{folder} holds no plugin; put {file} into it, for a plugin that is called NAME");
        }
        Ok(())
    }

    /// Waits until the next [`Self::frame_edge`] has something to look at: a plugin to swap in, to take out or to refuse. Gives
    /// whether it has. For tools and tests; a game just calls `frame_edge` in every frame.
    #[must_use]
    pub fn wait_for_change(&self, timeout: Duration) -> bool {
        if !self.changes.is_empty() {
            return true;
        }
        let mut select = Select::new();
        select.recv(&self.events);
        select.ready_timeout(timeout).is_ok()
    }

    /// Begins the handovers of running plugins that have no system in a stage after `stage`, and for which a build waits: beside the
    /// rest of the frame, on threads of their own, their state is saved and the next generation made from it. The next edge, which
    /// has to do no more than go over to it, waits for those that take longer.
    ///
    /// To be called when the last system of a stage has run; an engine that has no stages calls it once, with the last one. A plugin
    /// must not be called from then to the edge. One that is called all the same is swapped at the edge as a whole, and the edge is
    /// held for that long. So are all, in an engine that doesn't call this.
    pub fn stage_done(&mut self, stage: Stage) {
        self.hands_over = true;
        self.note_events();
        if !self.changes.is_empty() {
            self.begin_handovers(stage);
        }
    }

    /// Swaps in what waits. To be called between two frames, with no plugin's system running. Gives the number of plugins that changed.
    ///
    /// What came too late for [`Self::stage_done`], in an engine that calls it, waits for the next frame's.
    pub fn frame_edge<E: Engine>(&mut self, engine: &mut E) -> usize {
        self.note_events();
        self.retry_short();
        let changed = self.apply(engine);
        if changed > 0 {
            self.tell_unmet();
        }
        self.try_touched_again();
        changed
    }

    /// Tells what running plugins ask for in vain since the last time.
    fn tell_unmet(&mut self) {
        let running = self.plugins.values().filter(|plugin| plugin.slot.is_some());
        let manifests: Vec<&Manifest> = running.filter_map(|plugin| Some(plugin.image.as_ref()?.manifest())).collect();
        let unmet = wishes::unmet(&manifests);
        unmet.difference(&self.unmet).for_each(wishes::tell);
        self.unmet = unmet;
    }

    /// Delivers what each plugin's inbox holds, plugins in the order of their names; `commands` is given what they ask for.
    pub fn deliver(&self, frame: &FrameInfo, mut commands: impl FnMut(&str, &[u8])) {
        for slot in self.plugins.values().filter_map(|plugin| plugin.slot.as_ref()) {
            slot.deliver(frame, &self.arena, |bytes| commands(slot.name(), bytes));
        }
    }

    /// Ends the frame: drops instances that were replaced or removed at its edge, and its memory. Gives the bytes that plugins used of it.
    pub fn end_frame(&mut self) -> usize {
        self.outgoing.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
        self.arena.flip()
    }

    /// What happened to each plugin, by name.
    pub fn stats(&self) -> impl Iterator<Item = (&str, PluginStats)> {
        self.plugins.iter().map(|(name, plugin)| {
            let mut stats = plugin.stats.clone();
            if let Some(slot) = &plugin.slot {
                let occupant = slot.lock();
                (stats.panics, stats.undelivered) = (occupant.faults, occupant.undelivered);
                stats.arena.add(occupant.share.total());
            }
            let left = self.home.retired.of(name);
            (stats.retired_images, stats.retired_bytes) = (left.images, left.bytes);
            (name.as_str(), stats)
        })
    }

    /// Each running plugin's state as it would be saved now, by name.
    ///
    /// One that has not saved its state within ten seconds is given up: whoever calls it, or asks for its counters, waits for
    /// it from then on. So this is the last thing to ask for.
    pub fn states(&self) -> NamedStates<'_> {
        let running = self.plugins.values().filter_map(|plugin| plugin.slot.as_ref());
        running.filter_map(|slot| Some((slot.name(), states::save(slot)?))).collect()
    }

    /// Records that plugins received, by topic and priority; of those that were taken out, too.
    #[must_use]
    pub fn received(&self) -> BTreeMap<String, [u64; 4]> {
        let mut sums = BTreeMap::<String, [u64; 4]>::new();
        self.each_traffic(|traffic| {
            for (topic, counts) in &traffic.received {
                let sum = sums.entry(topic.clone()).or_default();
                sum.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
            }
        });
        sums
    }

    /// Lanes that plugins published to and no longer do: the bus lists them only until they are read to their end.
    #[must_use]
    pub fn past_lanes(&self) -> Vec<PastLane> {
        let mut past = Vec::new();
        self.each_traffic(|traffic| past.extend_from_slice(&traffic.past));
        past
    }

    fn each_traffic(&self, mut each: impl FnMut(&Traffic)) {
        for plugin in self.plugins.values() {
            each(&plugin.traffic);
            if let Some(slot) = &plugin.slot {
                each(&slot.lock().ports.traffic);
            }
        }
    }
}

impl Drop for Host {
    /// Drops the plugins here, where they are watched: the engine still has their slots.
    fn drop(&mut self) {
        self.changes = Changes::default();
        for slot in self.plugins.values().filter_map(|plugin| plugin.slot.as_ref()) {
            // A plugin that was given up while it was saved keeps its gate.
            let Some(mut occupant) = slot.try_lock() else { continue };
            let instance = slot.put(&mut occupant, None);
            occupant.ports.close();
            drop(occupant);
            drop(instance);
        }
    }
}

/// Where a plugin's library stands in `folder`.
#[must_use]
pub fn library_path(folder: &Path, plugin: &str) -> PathBuf {
    folder.join(crate::watcher::file_of(plugin))
}
