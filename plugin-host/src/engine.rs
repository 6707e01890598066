//! What the host needs of an engine: to run a set of plugins, and to go over to another set.

use std::sync::Arc;

use crate::image::Manifest;
use crate::slot::Slot;

/// A plugin of the set that an engine is to run.
#[derive(Clone, Copy, Debug)]
pub struct PluginView<'a> {
    /// What its systems are called through.
    pub slot: &'a Arc<Slot>,
    /// What it will be once the change is committed.
    pub manifest: &'a Manifest,
}

/// An engine that runs plugins' systems. Called at the frame edge only.
pub trait Engine {
    /// What [`Self::prepare`] made.
    type Prepared;
    /// Why a set of plugins can't run here.
    type Error: std::error::Error;

    /// Checks the set and makes everything fallible for it, while the present set stays as it is.
    ///
    /// # Errors
    /// What doesn't fit, naming plugin and system; the change is then not made.
    fn prepare(&mut self, plugins: &[PluginView<'_>]) -> Result<Self::Prepared, Self::Error>;

    /// Goes over to what was prepared. Cannot fail.
    fn commit(&mut self, prepared: Self::Prepared);
}
