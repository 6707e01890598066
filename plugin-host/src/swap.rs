//! The swap: replaces one plugin's present generation by the next.
//!
//! ```text
//!  make, beside the frame or at its edge    │ accept, at the edge
//!  save old → create new from its state     → make ports → engine prepares │ commit: engine, ports, instance
//!                       each may fail: the new instance is dropped,        │ can't fail; returns the old instance,
//!                       the old one keeps running, its memory unchanged    │ to be dropped later
//! ```
//!
//! A build that declares what its predecessor declares needs no new ports and no new schedules: only the instance is replaced.
//!
//! # Invariants
//! 1. New before old: the old instance is dropped only after the commit.
//! 2. A failure leaves everything as it was before.
//! 3. An accepted instance was made from the current state: a call of the plugin in between makes its successor stale.

use std::error::Error as _;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use shm_bus::Bus;

use crate::context::StateReport;
use crate::engine::{Engine, PluginView};
use crate::fault::Fault;
use crate::image::{Image, Manifest};
use crate::instance::Instance;
use crate::ports::PortError;
use crate::slot::{Held, Slot, Target};

/// Why a generation was not accepted. Its predecessor keeps running.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SwapError {
    /// The running generation could not save its state.
    #[error("the running generation cannot save its state: {0}")]
    Save(Fault),
    /// The new generation could not be created, or rejected the state.
    #[error("the new build cannot restore the saved state: {0}")]
    Create(Fault),
    /// It could not get its publishers and subscriptions.
    #[error("the new build does not fit the bus: {0}")]
    Ports(#[from] PortError),
    /// The engine can't run it.
    #[error("the new build does not fit the engine: {0}")]
    Engine(String),
    /// Calls of its exports have not returned in time.
    #[error("calls of its exports are in flight")]
    Busy,
}

impl SwapError {
    /// Whether the system refused a resource that the build needs: this says nothing about the build, and passes.
    pub(crate) fn is_shortage(&self) -> bool {
        let Self::Ports(error) = self else { return false };
        let mut causes = std::iter::successors(error.source(), |cause| (*cause).source());
        error.is_bus_busy() || causes.any(|cause| cause.is::<io::Error>())
    }

    /// Whether another participant was changing the bus.
    pub(crate) const fn is_bus_busy(&self) -> bool {
        matches!(self, Self::Ports(error) if error.is_bus_busy())
    }
}

/// Slots and images of the other plugins, in the order of their names.
pub(crate) type Others = Vec<(Arc<Slot>, Arc<Image>)>;

/// The next generation, created from the present one's state.
#[derive(Debug)]
pub(crate) struct Successor {
    instance: Instance,
    /// Whether it declares what its predecessor declares. Found out beside the frame, because the edge delays the frame.
    is_code_alone: bool,
    /// Value of [`Slot::uses`] when the state was saved.
    uses: u64,
    pub(crate) cost: Cost,
    /// The fate of the state.
    pub(crate) report: Option<StateReport>,
}

/// Cost of making a successor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// Length of the saved state, in bytes.
    pub(crate) bytes: usize,
    pub(crate) saved_in: Duration,
    pub(crate) restored_in: Duration,
}

/// What the next instance is made from.
struct Saved {
    state: Vec<u8>,
    /// The image of the saved instance.
    present: Option<Arc<Image>>,
    uses: u64,
    took: Duration,
}

impl Saved {
    fn take(slot: &Slot, held: &Held<'_>) -> Result<Self, SwapError> {
        let begun = Instant::now();
        let state = save(slot, held.shared())?;
        let present = held.shared().instance.as_ref().map(|present| present.image().clone());
        Ok(Self { state, present, uses: Slot::uses(held), took: begun.elapsed() })
    }
}

impl Successor {
    /// Saves the instance in `slot` and creates `generation` from it; with defaults if the slot is empty. Calls wait for the saving only.
    pub(crate) fn make(
        slot: &Slot,
        calls_wait: Duration,
        image: Arc<Image>,
        generation: u32,
    ) -> Result<Self, SwapError> {
        let saved = Saved::take(slot, &hold(slot, calls_wait)?)?;
        Self::create(saved, image, generation)
    }

    /// Like [`Self::make`], but nobody else calls the instance before the successor is accepted.
    pub(crate) fn make_held(
        slot: &Slot,
        held: &Held<'_>,
        image: Arc<Image>,
        generation: u32,
    ) -> Result<Self, SwapError> {
        Self::create(Saved::take(slot, held)?, image, generation)
    }

    fn create(saved: Saved, image: Arc<Image>, generation: u32) -> Result<Self, SwapError> {
        let Saved { state, present, uses, took: saved_in } = saved;
        let begun = Instant::now();
        let is_code_alone = present.is_some_and(|present| present.manifest().declares_like(image.manifest()));
        let (instance, report) = Instance::create(image, generation, &state).map_err(SwapError::Create)?;
        let cost = Cost { bytes: state.len(), saved_in, restored_in: begun.elapsed() };
        Ok(Self { instance, is_code_alone, uses, cost, report })
    }

    /// Whether the plugin was called after its state was saved.
    pub(crate) fn is_stale(&self, held: &Held<'_>) -> bool {
        Slot::uses(held) != self.uses
    }
}

/// Uses `slot` alone, when the calls in flight have returned.
///
/// # Errors
/// [`SwapError::Busy`] if that takes longer than `calls_wait`.
pub(crate) fn hold(slot: &Slot, calls_wait: Duration) -> Result<Held<'_>, SwapError> {
    slot.lock_within(calls_wait).ok_or(SwapError::Busy)
}

fn save(slot: &Slot, target: &Target) -> Result<Vec<u8>, SwapError> {
    match target.instance.as_ref().map(Instance::save) {
        None => Ok(Vec::new()),
        Some(Ok(state)) => {
            tracing::debug!(plugin = slot.name(), bytes = state.len(), "its state is saved");
            Ok(state)
        }
        // A plugin that has failed already may fail again here: a fresh start is better than none.
        Some(Err(fault)) if slot.is_suspended() => {
            tracing::warn!(plugin = slot.name(), %fault, "the suspended generation's state is lost: starting afresh");
            Ok(Vec::new())
        }
        Some(Err(fault)) => Err(SwapError::Save(fault)),
    }
}

/// Installs `successor` in `slot`, on a `bus` that doesn't wait for `bus.lock`. The slot is `held` since it was found not to be stale, or was made. Returns the old instance, to be dropped when there is time.
pub(crate) fn accept<E: Engine>(
    slot: &Arc<Slot>,
    mut held: Held<'_>,
    successor: Successor,
    others: impl FnOnce() -> Others,
    bus: &Bus,
    engine: &mut E,
) -> Result<Option<Instance>, SwapError> {
    let Successor { instance: new, is_code_alone, .. } = successor;
    let manifest = new.image().manifest();
    let missed = held.missed;
    // A broken lane is replaced even if the build declares what its predecessor did.
    if is_code_alone && held.ports.are_sound() {
        engine.check_code(PluginView { slot, manifest }).map_err(|error| SwapError::Engine(error.to_string()))?;
    } else {
        let ports = held.ports.prepare(bus, manifest)?;
        let prepared = match prepare(slot, manifest, &others(), engine) {
            Ok(prepared) => prepared,
            Err(error) => {
                held.ports.abandon(ports);
                return Err(SwapError::Engine(error));
            }
        };
        // From here on nothing can fail.
        engine.commit(prepared);
        let undelivered = held.ports.apply(slot.name(), ports);
        held.undelivered += undelivered;
        slot.declare(&mut held, manifest);
    }
    let old = slot.put(&mut held, Some(new));
    drop(held);
    if missed > 0 {
        tracing::warn!(plugin = slot.name(), undelivered = missed, "messages were dropped while it was suspended");
    }
    Ok(old)
}

/// Removes `slot`'s plugin; its systems no longer run. Returns the instance, to be dropped when there is time.
pub(crate) fn remove<E: Engine>(
    slot: &Arc<Slot>,
    calls_wait: Duration,
    others: &Others,
    engine: &mut E,
) -> Result<Option<Instance>, SwapError> {
    let held = hold(slot, calls_wait)?;
    let views: Vec<_> = others.iter().map(|(slot, image)| PluginView { slot, manifest: image.manifest() }).collect();
    let prepared = engine.prepare(&views).map_err(|error| SwapError::Engine(error.to_string()))?;
    engine.commit(prepared);
    Ok(take_out(slot, held))
}

/// Empties `slot`: calls to it do nothing. Returns the instance, to be dropped when there is time.
pub(crate) fn take_out(slot: &Slot, mut held: Held<'_>) -> Option<Instance> {
    let old = slot.put(&mut held, None);
    held.ports.close();
    old
}

/// Makes `engine` run what `slot` already runs, beside `others`.
pub(crate) fn move_in<E: Engine>(
    slot: &Arc<Slot>,
    image: &Image,
    others: &Others,
    engine: &mut E,
) -> Result<(), SwapError> {
    let prepared = prepare(slot, image.manifest(), others, engine).map_err(SwapError::Engine)?;
    engine.commit(prepared);
    Ok(())
}

fn prepare<E: Engine>(
    slot: &Arc<Slot>,
    manifest: &Manifest,
    others: &Others,
    engine: &mut E,
) -> Result<E::Prepared, String> {
    let mut views: Vec<_> =
        others.iter().map(|(slot, image)| PluginView { slot, manifest: image.manifest() }).collect();
    views.push(PluginView { slot, manifest });
    views.sort_by_key(|view| view.slot.name());
    engine.prepare(&views).map_err(|error| error.to_string())
}
