//! An engine for programs that only call exports.

use std::convert::Infallible;

use crate::engine::{Engine, PluginView};

/// An engine that runs no systems, for a program that only calls the exports of its plugins.
///
/// It accepts every plugin, and logs once for each build that has systems that they don't run.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExportsOnly;

impl Engine for ExportsOnly {
    type Prepared = ();
    type Error = Infallible;

    fn prepare(&mut self, plugins: &[PluginView<'_>]) -> Result<(), Infallible> {
        for PluginView { manifest, .. } in plugins {
            let (plugin, systems) = (&manifest.name, manifest.systems.len());
            if systems > 0 {
                tracing::info!(plugin, systems, "{plugin}'s systems do not run: this program only calls exports");
            }
        }
        Ok(())
    }

    fn commit(&mut self, (): ()) {}
}
