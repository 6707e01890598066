//! The host's interface to an engine: run a set of plugins, and switch to another set.

use std::sync::Arc;

use crate::image::Manifest;
use crate::slot::Slot;

/// One plugin of the set that an engine is to run.
#[derive(Clone, Copy, Debug)]
pub struct PluginView<'a> {
    /// The slot through which its systems are called.
    pub slot: &'a Arc<Slot>,
    /// Its manifest once the change is committed.
    pub manifest: &'a Manifest,
}

/// What a change alters for the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// One plugin's code alone: the set has the same plugins in the same slots, with the same systems, components and topics.
    Code,
    /// The plugins of the set, or what one of them declares.
    Declarations,
}

/// An engine that runs plugins' systems. Called at the frame edge only.
pub trait Engine {
    /// Result of [`Self::prepare`].
    type Prepared;
    /// Why a set of plugins can't run here.
    type Error: std::error::Error;

    /// Checks the set and does everything that can fail; the running set stays unchanged. For [`Change::Code`] an engine that calls through
    /// the slots has nothing to do.
    ///
    /// # Errors
    /// What doesn't fit, naming plugin and system; the change is then not made.
    fn prepare(&mut self, plugins: &[PluginView<'_>], change: Change) -> Result<Self::Prepared, Self::Error>;

    /// Switches to the prepared set. Cannot fail.
    fn commit(&mut self, prepared: Self::Prepared);
}
