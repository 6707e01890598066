//! The plugin host: watches a folder and brings what changes there into the game, at frame edges.
//!
//! The watcher's thread copies, inspects and loads; the thread that owns the host calls [`Host::frame_edge`] between two frames,
//! where waiting images are swapped in. Nothing else changes which code runs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Select, unbounded};
use shm_bus::Bus;

use crate::arena::FrameArena;
use crate::call::Fault;
use crate::engine::Engine;
use crate::image::Image;
use crate::image::copy::{ImageStore, StoreError};
use crate::instance::Instance;
use crate::slot::{FrameInfo, Slot};
use crate::stage::{Staged, stage};
use crate::swap::{self, Others, SwapError};
use crate::watcher::{FileEvent, WatchError, Watcher, plugin_of};

/// Bytes that plugins may allocate from the frame arena in one frame, unless told otherwise.
pub const ARENA_LIMIT_BYTES: usize = 64 << 20;

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
    /// How long each swap held the frame edge.
    pub swaps: Vec<Duration>,
}

/// A plugin that was seen since the host started.
#[derive(Debug, Default)]
struct Plugin {
    /// `None` before its first generation and after its removal.
    slot: Option<Arc<Slot>>,
    image: Option<Arc<Image>>,
    /// A build that was refused because of the other plugins; tried again when they change.
    waiting: Option<Arc<Image>>,
    stats: PluginStats,
}

/// What waits for a plugin at the next edge; only the latest of each plugin's changes counts.
#[derive(Debug)]
enum Pending {
    Load(Arc<Image>),
    Remove,
}

/// Saved states by plugin name, in the order of the names.
pub type NamedStates<'a> = Vec<(&'a str, Vec<u8>)>;

/// See the module.
#[derive(Debug)]
pub struct Host {
    bus: Bus,
    plugins: BTreeMap<String, Plugin>,
    /// Plugins whose file stands in the folder and was accepted or refused.
    tried: BTreeSet<String>,
    arena: FrameArena,
    /// Instances that were replaced at this frame's edge: dropping a large state takes time that the edge doesn't have.
    outgoing: Mutex<Vec<Instance>>,
    staged: Receiver<Staged>,
    events: Receiver<FileEvent>,
    /// Ends its thread when dropped; last, since its stage function sends to the channels above.
    watcher: Watcher,
}

impl Host {
    /// Watches `folder`. What stands there already is loaded by [`Self::load_present`].
    ///
    /// # Errors
    /// [`StartError`]: the folder is missing or can't be watched.
    pub fn start(folder: &Path, bus: Bus) -> Result<Self, StartError> {
        let ((staged_sender, staged), (event_sender, events)) = (unbounded(), unbounded());
        let watcher = Watcher::start(folder, stage(ImageStore::new()?, staged_sender), event_sender)?;
        let (plugins, tried) = (BTreeMap::new(), BTreeSet::new());
        Ok(Self {
            bus,
            plugins,
            tried,
            arena: FrameArena::new(ARENA_LIMIT_BYTES),
            outgoing: Mutex::default(),
            staged,
            events,
            watcher,
        })
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
        let mut awaited = BTreeSet::new();
        for file in std::fs::read_dir(self.folder())? {
            let file = file?;
            // As the watcher: links are followed, and what is no file is no plugin.
            if file.path().is_file() {
                awaited.extend(file.file_name().to_str().and_then(plugin_of).map(str::to_owned));
            }
        }
        awaited.retain(|plugin| !self.tried.contains(plugin));
        let mut pending = BTreeMap::new();
        while !awaited.is_empty() {
            let event = match self.events.recv_timeout(PRESENCE_CHECK) {
                Ok(event) => event,
                // A file that goes before its first try is never told of.
                Err(RecvTimeoutError::Timeout) => {
                    awaited.retain(|plugin| library_path(self.watcher.folder(), plugin).is_file());
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => break,
            };
            if let FileEvent::Accepted { plugin, .. }
            | FileEvent::Refused { plugin, .. }
            | FileEvent::Removed { plugin, .. } = &event
            {
                awaited.remove(plugin);
            }
            self.note(event, &mut pending);
        }
        self.apply(pending, engine);
        Ok(())
    }

    /// Waits until the next [`Self::frame_edge`] has something to look at: a plugin to swap in, to take out or to refuse. Gives
    /// whether it has. For tools and tests; a game just calls `frame_edge` in every frame.
    #[must_use]
    pub fn wait_for_change(&self, timeout: Duration) -> bool {
        let mut select = Select::new();
        select.recv(&self.events);
        select.ready_timeout(timeout).is_ok()
    }

    /// Swaps in what waits. To be called between two frames, with no plugin's system running. Gives the number of plugins that changed.
    pub fn frame_edge<E: Engine>(&mut self, engine: &mut E) -> usize {
        if self.events.is_empty() {
            return 0;
        }
        let mut pending = BTreeMap::new();
        while let Ok(event) = self.events.try_recv() {
            self.note(event, &mut pending);
        }
        self.apply(pending, engine)
    }

    /// Delivers what each plugin's inbox holds, plugins in the order of their names; `commands` is given what they ask for.
    pub fn deliver(&self, frame: &FrameInfo, mut commands: impl FnMut(&str, &[u8])) {
        for slot in self.plugins.values().filter_map(|plugin| plugin.slot.as_ref()) {
            slot.deliver(frame, &self.arena, |bytes| commands(slot.name(), bytes));
        }
    }

    /// Ends the frame: drops instances that were replaced at its edge, and its memory. Gives the bytes that plugins used of it.
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
            }
            (name.as_str(), stats)
        })
    }

    /// Each running plugin's state as it would be saved now, by name.
    ///
    /// # Errors
    /// The name of the plugin that could not save, and why.
    pub fn states(&self) -> Result<NamedStates<'_>, (String, Fault)> {
        let running = self.plugins.values().filter_map(|plugin| plugin.slot.as_ref());
        let states = running.filter_map(|slot| {
            let occupant = slot.lock();
            let state = occupant.instance.as_ref()?.save();
            Some(state.map(|bytes| (slot.name(), bytes)).map_err(|fault| (slot.name().to_owned(), fault)))
        });
        states.collect()
    }

    /// Records that plugins received, by topic and priority.
    #[must_use]
    pub fn received(&self) -> BTreeMap<String, [u64; 4]> {
        let mut sums = BTreeMap::<String, [u64; 4]>::new();
        for slot in self.plugins.values().filter_map(|plugin| plugin.slot.as_ref()) {
            for (topic, counts) in slot.lock().ports.received() {
                let sum = sums.entry(topic.clone()).or_default();
                for (sum, count) in sum.iter_mut().zip(counts) {
                    *sum += count;
                }
            }
        }
        sums
    }

    fn note(&mut self, event: FileEvent, pending: &mut BTreeMap<String, Pending>) {
        match &event {
            FileEvent::Accepted { plugin, .. } | FileEvent::Refused { plugin, .. } => {
                self.tried.insert(plugin.clone());
            }
            FileEvent::Removed { plugin, .. } => {
                self.tried.remove(plugin);
            }
            FileEvent::FolderLost { .. } | FileEvent::FolderBack { .. } => {}
        }
        match event {
            FileEvent::Accepted { plugin, content, .. } => {
                // Each accepted content was sent before its event, hence is found.
                while let Ok(staged) = self.staged.try_recv() {
                    if staged.content == content {
                        pending.insert(plugin, Pending::Load(staged.image));
                        break;
                    }
                }
            }
            FileEvent::Refused { plugin, path, reason } => {
                self.refused(&plugin, &format!("{} is refused until it changes: {reason}", path.display()));
            }
            FileEvent::Removed { plugin, .. } => {
                pending.insert(plugin, Pending::Remove);
            }
            FileEvent::FolderLost { folder } => {
                tracing::warn!(folder = %folder.display(), "the plugins folder has gone; waiting for it to return");
            }
            FileEvent::FolderBack { folder } => {
                tracing::info!(folder = %folder.display(), "the plugins folder is back")
            }
        }
    }

    fn apply<E: Engine>(&mut self, pending: BTreeMap<String, Pending>, engine: &mut E) -> usize {
        let mut changed = 0;
        for (name, change) in pending {
            changed += usize::from(match change {
                Pending::Load(image) => self.load_or_refuse(&name, image, engine),
                Pending::Remove => self.remove(&name, engine),
            });
        }
        let mut news = changed;
        while news > 0 {
            news = self.load_waiting(engine);
            changed += news;
        }
        changed
    }

    fn load_or_refuse<E: Engine>(&mut self, name: &str, image: Arc<Image>, engine: &mut E) -> bool {
        let result = self.load(name, image.clone(), engine);
        let plugin = self.plugins.entry(name.to_owned()).or_default();
        plugin.waiting = matches!(result, Err(SwapError::Engine(_) | SwapError::Ports(_))).then_some(image);
        if let Err(error) = &result {
            self.refused(name, &error.to_string());
        }
        result.is_ok()
    }

    /// Tries again, in silence, what was refused for the sake of other plugins: these have changed. Gives how many were accepted.
    fn load_waiting<E: Engine>(&mut self, engine: &mut E) -> usize {
        let waiting = self.plugins.iter().filter_map(|(name, plugin)| Some((name.clone(), plugin.waiting.clone()?)));
        let mut accepted = 0;
        for (name, image) in waiting.collect::<Vec<_>>() {
            if self.load(&name, image, engine).is_ok() {
                accepted += 1;
                self.plugins.entry(name).or_default().waiting = None;
            }
        }
        accepted
    }

    fn load<E: Engine>(&mut self, name: &str, image: Arc<Image>, engine: &mut E) -> Result<(), SwapError> {
        let begun = Instant::now();
        let others = self.others(name);
        let plugin = self.plugins.entry(name.to_owned()).or_default();
        let slot = plugin
            .slot
            .clone()
            .unwrap_or_else(|| Arc::new(Slot::new(name, plugin.stats.panics, plugin.stats.undelivered)));
        let generation = plugin.stats.generation + 1;
        let old = swap::swap(&slot, image.clone(), generation, &others, &self.bus, engine)?;
        self.outgoing.get_mut().unwrap_or_else(PoisonError::into_inner).extend(old);
        let held = begun.elapsed();
        plugin.stats.generation = generation;
        if plugin.slot.is_some() {
            plugin.stats.reloads += 1;
            plugin.stats.swaps.push(held);
        }
        let before = plugin.image.replace(image.clone());
        plugin.slot = Some(slot);
        tell_state_change(name, before.as_deref(), &image);
        let version = &image.manifest().version;
        tracing::info!(
            plugin = name,
            generation,
            version,
            "{name} runs as generation {generation}, frame edge held {held:?}"
        );
        Ok(())
    }

    fn remove<E: Engine>(&mut self, name: &str, engine: &mut E) -> bool {
        let others = self.others(name);
        let Some(plugin) = self.plugins.get_mut(name) else { return false };
        plugin.waiting = None;
        let Some(slot) = plugin.slot.clone() else { return false };
        if let Err(error) = swap::remove(&slot, &others, engine) {
            tracing::error!(plugin = name, %error, "{name}'s file is gone, but the others can't run without it: it goes on");
            return false;
        }
        let occupant = slot.lock();
        (plugin.stats.panics, plugin.stats.undelivered) = (occupant.faults, occupant.undelivered);
        drop(occupant);
        (plugin.slot, plugin.image) = (None, None);
        tracing::info!(plugin = name, "{name} was removed");
        true
    }

    fn refused(&mut self, name: &str, reason: &str) {
        let plugin = self.plugins.entry(name.to_owned()).or_default();
        plugin.stats.failed_loads += 1;
        match plugin.stats.generation {
            running if plugin.slot.is_some() => {
                tracing::error!(plugin = name, "{name}: generation {running} goes on: {reason}");
            }
            _ => tracing::error!(plugin = name, "{name}: not loaded: {reason}"),
        }
    }

    fn others(&self, name: &str) -> Others {
        let others = self.plugins.iter().filter(|(other, _)| *other != name);
        others.filter_map(|(_, plugin)| Some((plugin.slot.clone()?, plugin.image.clone()?))).collect()
    }
}

/// Says when a generation keeps other state than the one before: added fields took their default, removed ones are gone.
fn tell_state_change(name: &str, before: Option<&Image>, after: &Image) {
    let Some(before) = before.map(Image::manifest) else { return };
    let after = after.manifest();
    if before.state_hash != after.state_hash {
        let (old, new) = (&before.state_schema, &after.state_schema);
        tracing::info!(plugin = name, "{name}'s state was {old} and is now {new}; added fields have their default");
    }
}

/// Where a plugin's library stands in `folder`.
#[must_use]
pub fn library_path(folder: &Path, plugin: &str) -> PathBuf {
    folder.join(crate::watcher::file_of(plugin))
}
