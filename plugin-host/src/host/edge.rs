//! Events of the watcher, and their effects at the frame edge: carries out the table in [`pending`](crate::pending).

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use plugin_sdk::abi::Stage;

use super::tell::tell;
use super::{BUS_PAUSE, Host, Plugin, Waiting};
use crate::context::StateReport;
use crate::engine::Engine;
use crate::handover::{Build, Handover};
use crate::image::Image;
use crate::instance::Instance;
use crate::metering;
use crate::pending::{Change, EdgeAction};
use crate::slot::Slot;
use crate::swap::{self, Cost, Others, Successor, SwapError};
use crate::watcher::FileEvent;

/// Time between two tries of a build to which the system refused a resource.
const SHORTAGE_PAUSE: Duration = Duration::from_secs(1);

/// Number of edges at which a change waited for calls in flight, after which this is reported.
const BUSY_EDGES_TOLD: u32 = 60;

/// Result of a handover; `None`: make it at the edge.
type Made = Option<Result<Successor, SwapError>>;

impl Host {
    /// Processes the watcher's events.
    pub(super) fn note_events(&mut self) {
        while let Ok(event) = self.events.try_recv() {
            self.note(event);
        }
    }

    pub(super) fn note(&mut self, event: FileEvent) {
        if let FileEvent::Accepted { plugin, .. }
        | FileEvent::Refused { plugin, .. }
        | FileEvent::Removed { plugin, .. } = &event
            && let Some(plugin) = self.plugins.get_mut(plugin)
        {
            plugin.waiting = None;
            plugin.history.postponed = None;
        }
        match &event {
            FileEvent::Accepted { plugin, .. }
            | FileEvent::Refused { plugin, .. }
            | FileEvent::Postponed { plugin, .. } => {
                self.tried.insert(plugin.clone());
            }
            FileEvent::Removed { plugin, .. } => {
                self.tried.remove(plugin);
                self.touched.remove(plugin);
            }
            _ => {}
        }
        match event {
            FileEvent::Accepted { plugin, content, .. } => {
                // Each accepted build was sent before its event, so it is found here.
                while let Ok(loaded) = self.loaded.try_recv() {
                    if loaded.content == content {
                        tracing::debug!(plugin, "a build waits for the frame edge");
                        self.pending.note(plugin, Change::Build(Build { image: loaded.image, is_retry: false }));
                        break;
                    }
                }
            }
            FileEvent::Refused { plugin, path, reason } => {
                self.refused(
                    &plugin,
                    &format!("{} is refused until it changes or is touched: {reason}", path.display()),
                );
                self.pending.note(plugin, Change::Refusal);
            }
            FileEvent::Removed { plugin, .. } => {
                tracing::debug!(plugin, "its file was deleted");
                self.pending.note(plugin, Change::Removal);
            }
            FileEvent::Touched { plugin } => drop(self.touched.insert(plugin)),
            FileEvent::Postponed { ref plugin, ref reason, .. } => {
                let plugin = self.plugins.entry(plugin.clone()).or_default();
                plugin.is_in_doubt = true;
                plugin.history.postponed = Some(reason.clone());
                tell(&event);
            }
            other => tell(&other),
        }
    }

    pub(super) fn begin_handovers(&mut self, stage: Stage) {
        let plugins = &self.plugins;
        let done = |name: &str| {
            let plugin = plugins.get(name)?;
            let mut systems = plugin.image.iter().flat_map(|image| &image.manifest().systems);
            let is_done = systems.all(|system| system.stage <= stage);
            Some((plugin.slot.clone().filter(|_| is_done)?, plugin.stats.generation))
        };
        let begin = |(slot, generation), build| Handover::begin(slot, self.calls_wait, build, generation + 1);
        self.pending.hand_over(done, begin);
    }

    /// Does the work of this edge; returns the number of plugins that changed.
    pub(super) fn apply<E: Engine>(&mut self, engine: &mut E) -> usize {
        let hands_over = std::mem::take(&mut self.hands_over);
        if self.pending.is_empty() {
            return 0;
        }
        let plugins = &self.plugins;
        let runs = |name: &str| plugins.get(name).is_some_and(|plugin| plugin.slot.is_some());
        let actions = self.pending.at_edge(hands_over, runs);
        let mut changed = 0;
        for (name, action) in actions {
            let begun = Instant::now();
            changed += usize::from(match action {
                EdgeAction::Load(build) => self.load_or_refuse(&name, &build, None, begun, engine),
                EdgeAction::Commit(handover) => {
                    let (build, made) = handover.end();
                    self.load_or_refuse(&name, &build, made, begun, engine)
                }
                EdgeAction::Abandon(handover) => {
                    drop(handover);
                    false
                }
                EdgeAction::Remove => self.remove(&name, engine),
            });
        }
        let mut news = changed;
        while news > 0 {
            news = self.load_waiting(hands_over, engine);
            changed += news;
        }
        changed
    }

    fn load_or_refuse<E: Engine>(
        &mut self,
        name: &str,
        build: &Build,
        made: Made,
        begun: Instant,
        engine: &mut E,
    ) -> bool {
        if build.is_retry && self.plugins.get(name).is_none_or(|plugin| plugin.waiting.is_none()) {
            tracing::debug!(
                plugin = name,
                "its file has changed since it was refused, so the old build is not tried again"
            );
            return false;
        }
        let result = self.load(name, &build.image, made, begun, engine);
        if matches!(result, Err(SwapError::Busy)) {
            self.postpone(name, Change::Build(build.clone()));
            return false;
        }
        let plugin = self.plugins.entry(name.to_owned()).or_default();
        plugin.busy_edges = 0;
        plugin.is_refused = result.is_err();
        let (mut told, busy_since) =
            plugin.waiting.take().map(|waiting| (waiting.told, waiting.busy_since)).unwrap_or_default();
        let Err(error) = result else { return true };
        let busy_since = error.is_bus_busy().then(|| busy_since.unwrap_or_else(Instant::now));
        if busy_since.is_some_and(|since| since.elapsed() < self.bus.lock_timeout()) {
            tracing::debug!(plugin = name, %error, "a build waits for the bus");
            plugin.waiting = Some(Waiting { image: build.image.clone(), told, is_shortage: true, busy_since });
            self.retry_in(BUS_PAUSE);
            return false;
        }
        let was_told = !told.is_empty();
        let mut reason = error.to_string();
        let is_news = told.insert(reason.clone());
        if matches!(error, SwapError::Engine(_) | SwapError::Ports(_)) {
            let is_shortage = error.is_shortage();
            plugin.waiting = Some(Waiting { image: build.image.clone(), told, is_shortage, busy_since });
            if is_shortage {
                self.retry_in(SHORTAGE_PAUSE);
            }
            reason.push_str(if is_shortage {
                "; it is tried again every second"
            } else {
                "; it is tried again when other plugins change"
            });
        }
        if !build.is_retry || !was_told {
            self.refused(name, &reason);
        } else if is_news {
            self.plugins.entry(name.to_owned()).or_default().history.refused(&reason);
            tracing::error!(plugin = name, "{name}: tried again and refused for another reason: {reason}");
        }
        false
    }

    /// Retries waiting builds, because a plugin has changed. Returns how many were accepted; running plugins
    /// get a handover first, if the engine hands over.
    fn load_waiting<E: Engine>(&mut self, hands_over: bool, engine: &mut E) -> usize {
        let waiting = self.plugins.iter().filter_map(|(name, plugin)| {
            let build = Build { image: plugin.waiting.as_ref()?.image.clone(), is_retry: true };
            // A change that arrived after the refused build takes precedence.
            (!self.pending.contains(name)).then(|| (name.clone(), build, plugin.slot.is_some()))
        });
        let mut accepted = 0;
        for (name, build, runs) in waiting.collect::<Vec<_>>() {
            if runs && hands_over {
                self.pending.note(name, Change::Build(build));
            } else {
                accepted += usize::from(self.load_or_refuse(&name, &build, None, Instant::now(), engine));
            }
        }
        accepted
    }

    /// Switches to the result `made` of `image`, or makes it now. The edge has been blocked since `begun`.
    fn load<E: Engine>(
        &mut self,
        name: &str,
        image: &Arc<Image>,
        made: Made,
        begun: Instant,
        engine: &mut E,
    ) -> Result<(), SwapError> {
        let plugin = self.plugins.entry(name.to_owned()).or_default();
        let slot = plugin.slot.clone().unwrap_or_else(|| self.callable.slot(name));
        let generation = plugin.stats.generation + 1;
        let made = made.transpose()?;
        // Held until the successor is in place: a call in between would change the instance that it replaces.
        let held = swap::hold(&slot, self.calls_wait)?;
        let mut successor = match made {
            Some(successor) if !successor.is_stale(&held) => successor,
            stale => {
                if stale.is_some() {
                    tracing::debug!(
                        plugin = name,
                        "called after its state was saved: the whole swap runs at the frame edge"
                    );
                }
                Successor::make_held(&slot, &held, image.clone(), generation)?
            }
        };
        let (cost, report) = (successor.cost, successor.report.take());
        let old = swap::accept(&slot, held, successor, || self.others(name), &self.edge_bus, engine)?;
        let plugin = self.plugins.entry(name.to_owned()).or_default();
        plugin.accepted(name, image, slot, begun.elapsed(), cost);
        plugin.tell_state(name, image, report);
        self.services.offer(image.manifest(), &self.callable, &self.edge_bus);
        self.goes(old);
        Ok(())
    }

    /// Has `engine`, which runs no plugin yet, run the plugins of this host; for a host that was in another engine before.
    ///
    /// Plugins that it can't run are removed and wait for the others to change.
    pub fn enter<E: Engine>(&mut self, engine: &mut E) {
        let runs = self.plugins.iter_mut().filter_map(|(name, plugin)| {
            let running = plugin.slot.take().zip(plugin.image.take());
            running.map(|(slot, image)| (name.clone(), slot, image))
        });
        for (name, slot, image) in runs.collect::<Vec<_>>() {
            let result = swap::move_in(&slot, &image, &self.others(&name), engine);
            let plugin = self.plugins.entry(name.clone()).or_default();
            match result {
                Ok(()) => (plugin.slot, plugin.image) = (Some(slot), Some(image)),
                Err(error) => {
                    let old = swap::take_out(&slot, slot.lock());
                    plugin.leaves(&slot);
                    let told = [error.to_string()].into();
                    let reason = format!("{error}; it is tried again when other plugins change");
                    plugin.waiting = Some(Waiting { image, told, is_shortage: false, busy_since: None });
                    self.goes(old);
                    self.refused(&name, &reason);
                }
            }
        }
    }

    fn remove<E: Engine>(&mut self, name: &str, engine: &mut E) -> bool {
        let others = self.others(name);
        let Some(plugin) = self.plugins.get_mut(name) else { return false };
        (plugin.is_refused, plugin.is_in_doubt) = (false, false);
        plugin.history.settled();
        let Some(slot) = plugin.slot.clone() else { return false };
        let old = match swap::remove(&slot, self.calls_wait, &others, engine) {
            Ok(old) => old,
            Err(SwapError::Busy) => {
                self.postpone(name, Change::Removal);
                return false;
            }
            Err(error) => {
                tracing::error!(plugin = name, %error, "{name}'s file was deleted, but other plugins cannot run without it: it keeps running");
                return false;
            }
        };
        plugin.leaves(&slot);
        (plugin.slot, plugin.image) = (None, None);
        self.services.withdraw(name);
        self.goes(old);
        tracing::info!(plugin = name, "{name} was removed");
        true
    }

    /// Leaves a change to the next edge, because calls of the plugin are in flight.
    fn postpone(&mut self, name: &str, change: Change<Build>) {
        let plugin = self.plugins.entry(name.to_owned()).or_default();
        plugin.busy_edges += 1;
        if plugin.busy_edges == BUSY_EDGES_TOLD {
            tracing::warn!(
                plugin = name,
                "{name}'s change waits: calls of its exports have not returned for {BUSY_EDGES_TOLD} frames"
            );
        }
        self.pending.note(name.to_owned(), change);
    }

    /// Keeps `old` until the end of this frame, which drops it.
    fn goes(&mut self, old: Option<Instance>) {
        self.replaced.get_mut().unwrap_or_else(PoisonError::into_inner).extend(old);
    }

    fn refused(&mut self, name: &str, reason: &str) {
        let plugin = self.plugins.entry(name.to_owned()).or_default();
        plugin.stats.failed_loads += 1;
        plugin.is_in_doubt = true;
        plugin.history.refused(reason);
        match plugin.stats.generation {
            generation if plugin.slot.as_ref().is_some_and(|slot| slot.is_suspended()) => {
                tracing::error!(plugin = name, "{name}: generation {generation} stays suspended: {reason}");
            }
            running if plugin.slot.is_some() => {
                tracing::error!(plugin = name, "{name}: generation {running} keeps running: {reason}");
            }
            _ => tracing::error!(plugin = name, "{name}: not loaded: {reason}"),
        }
    }

    fn others(&self, name: &str) -> Others {
        let others = self.plugins.iter().filter(|(other, _)| *other != name);
        others.filter_map(|(_, plugin)| Some((plugin.slot.clone()?, plugin.image.clone()?))).collect()
    }
}

impl Plugin {
    /// Keeps the counters of its slot, which is empty.
    fn leaves(&mut self, slot: &Slot) {
        let mut occupant = slot.lock();
        (self.stats.panics, self.stats.undelivered) = (slot.faults().count(), occupant.undelivered);
        self.stats.arena.add(std::mem::take(&mut occupant.share).total());
        self.traffic.take(&mut occupant.ports.traffic);
    }

    /// Records that its next generation runs in `slot`.
    fn accepted(&mut self, name: &str, image: &Arc<Image>, slot: Arc<Slot>, held: Duration, cost: Cost) {
        let before = if self.slot.is_some() { self.stats.generation } else { 0 };
        self.history.accepted(before, held);
        self.stats.generation += 1;
        self.is_in_doubt = false;
        let (generation, version) = (self.stats.generation, &image.manifest().version);
        if self.slot.replace(slot).is_none() {
            tracing::info!(
                plugin = name,
                generation,
                version,
                "{name} runs as generation {generation}, frame edge held {held:?}"
            );
        } else {
            self.stats.reloads += 1;
            self.stats.swaps.push(held);
            metering::edge_held(name, held);
            let Cost { bytes, saved_in, restored_in } = cost;
            tracing::info!(
                plugin = name,
                generation,
                version,
                "{name} runs as generation {generation}, frame edge held {held:?}, {bytes} bytes of state saved in {saved_in:?} and restored in {restored_in:?}"
            );
        }
    }

    /// Records `image` as the running one, and logs what became of its predecessor's state.
    fn tell_state(&mut self, name: &str, image: &Arc<Image>, report: Option<StateReport>) {
        let before = self.image.replace(image.clone());
        match report {
            Some(report) => report.tell(name),
            None => tell_state_change(name, before.as_deref(), image),
        }
    }
}

/// Logs a state change of a build that doesn't report what became of its state.
fn tell_state_change(name: &str, before: Option<&Image>, after: &Image) {
    let Some(before) = before.map(Image::manifest) else { return };
    let after = after.manifest();
    if before.state_hash != after.state_hash {
        let (old, new) = (&before.state_schema, &after.state_schema);
        tracing::info!(plugin = name, "{name}'s state was {old} and is now {new}");
    }
}
