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

/// An engine that runs plugins' systems. Called at the frame edge only.
pub trait Engine {
    /// Result of [`Self::prepare`].
    type Prepared;
    /// Why a set of plugins can't run here.
    type Error: std::error::Error;

    /// Checks the set and does everything that can fail; the running set stays unchanged.
    ///
    /// # Errors
    /// What doesn't fit, naming plugin and system; the change is then not made.
    fn prepare(&mut self, plugins: &[PluginView<'_>]) -> Result<Self::Prepared, Self::Error>;

    /// Switches to the prepared set. Cannot fail.
    fn commit(&mut self, prepared: Self::Prepared);

    /// Checks the next build of one plugin, which declares what the present one declares: its name, systems, components and topics. Such a
    /// build is neither prepared nor committed, because the same systems then call it through the same slot. By default it is accepted.
    ///
    /// # Errors
    /// Why it can't run here; the present build then goes on.
    fn check_code(&mut self, _next: PluginView<'_>) -> Result<(), Self::Error> {
        Ok(())
    }
}
