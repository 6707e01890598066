//! The swap: one plugin goes from its present generation to the next, at the frame edge.
//!
//! ```text
//! save old → create new from it → make ports → engine prepares │ commit: engine, ports, instance │ drop old
//!              each may fail: the new one is dropped,           │ cannot fail
//!              the old one goes on with its memory untouched    │
//! ```
//!
//! # Invariants
//! 1. New before old: the old instance is dropped only after the commit.
//! 2. What a failure leaves behind is what was there before.

use std::sync::Arc;

use shm_bus::Bus;

use crate::call::Fault;
use crate::engine::{Engine, PluginView};
use crate::image::{Image, Manifest};
use crate::instance::Instance;
use crate::ports::PortError;
use crate::slot::Slot;

/// Why a generation was not accepted. The one before it goes on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SwapError {
    /// The running generation could not save its state.
    #[error("the running generation can't save its state: {0}")]
    Save(Fault),
    /// The new one could not be made, or did not take the state.
    #[error("the new build can't be made from the saved state: {0}")]
    Create(Fault),
    /// It did not get its publishers and subscriptions.
    #[error("the new build doesn't fit the bus: {0}")]
    Ports(#[from] PortError),
    /// The engine can't run it.
    #[error("the new build doesn't fit the engine: {0}")]
    Engine(String),
}

/// The others' places and what they run, in the order of their names.
pub(crate) type Others = Vec<(Arc<Slot>, Arc<Image>)>;

/// Puts `image` into `slot` as `generation`. Gives the old instance, to be dropped when there is time.
pub(crate) fn swap<E: Engine>(
    slot: &Arc<Slot>,
    image: Arc<Image>,
    generation: u32,
    others: &Others,
    bus: &Bus,
    engine: &mut E,
) -> Result<Option<Instance>, SwapError> {
    let mut occupant = slot.lock();
    let saved = match &occupant.instance {
        None => Vec::new(),
        Some(old) => match old.save() {
            Ok(saved) => saved,
            // A plugin that has failed already may well fail here: a fresh start is better than none.
            Err(fault) if slot.is_suspended() => {
                tracing::warn!(plugin = slot.name(), %fault, "the suspended generation's state is lost: starting afresh");
                Vec::new()
            }
            Err(fault) => return Err(SwapError::Save(fault)),
        },
    };
    tracing::debug!(plugin = slot.name(), bytes = saved.len(), "its state is saved");
    let new = Instance::create(image, generation, &saved).map_err(SwapError::Create)?;
    let ports = occupant.ports.prepare(bus, new.image().manifest())?;
    let prepared = match prepare(slot, new.image().manifest(), others, engine) {
        Ok(prepared) => prepared,
        Err(error) => {
            occupant.ports.abandon(ports);
            return Err(SwapError::Engine(error));
        }
    };
    // From here on nothing can fail.
    engine.commit(prepared);
    occupant.ports.apply(ports);
    let (was_suspended, undelivered) = (slot.is_suspended(), occupant.undelivered);
    let old = slot.put(&mut occupant, Some(new));
    drop(occupant);
    if was_suspended && undelivered > 0 {
        tracing::warn!(plugin = slot.name(), undelivered, "messages were dropped while it was suspended");
    }
    Ok(old)
}

/// Takes `slot`'s plugin out; its systems are no longer run.
pub(crate) fn remove<E: Engine>(slot: &Arc<Slot>, others: &Others, engine: &mut E) -> Result<(), SwapError> {
    let views: Vec<_> = others.iter().map(|(slot, image)| PluginView { slot, manifest: image.manifest() }).collect();
    let prepared = engine.prepare(&views).map_err(|error| SwapError::Engine(error.to_string()))?;
    engine.commit(prepared);
    let mut occupant = slot.lock();
    let old = slot.put(&mut occupant, None);
    occupant.ports = Default::default();
    drop(occupant);
    drop(old);
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
