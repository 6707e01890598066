//! A minimal engine: calls every system in the order of the manifests, with empty queries.

#![expect(unsafe_code, reason = "calls systems of plugins")]

use std::sync::Arc;

use plugin_host::image::{Manifest, ParamInfo};
use plugin_host::{Engine, FrameArena, FrameInfo, PluginView, Slot, publisher_value};
use plugin_sdk::abi::{List, ParamValue};

/// Runs plugins without a world.
#[derive(Debug, Default)]
pub(crate) struct Bare {
    pub(crate) running: Vec<Running>,
    /// Build versions that this engine refuses.
    pub(crate) refused: Vec<&'static str>,
}

/// One plugin that runs.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) slot: Arc<Slot>,
    pub(crate) manifest: Manifest,
}

/// A version that this engine was told to refuse.
#[derive(Debug, thiserror::Error)]
#[error("this engine has no room for {0} {1}")]
pub(crate) struct NoRoom(String, String);

impl Engine for Bare {
    type Prepared = Vec<Running>;
    type Error = NoRoom;

    fn prepare(&mut self, plugins: &[PluginView<'_>]) -> Result<Vec<Running>, NoRoom> {
        let running = plugins.iter().map(|plugin| {
            self.check_code(*plugin)?;
            Ok(Running { slot: plugin.slot.clone(), manifest: plugin.manifest.clone() })
        });
        running.collect()
    }

    fn commit(&mut self, prepared: Vec<Running>) {
        self.running = prepared;
    }

    fn check_code(&mut self, PluginView { manifest, .. }: PluginView<'_>) -> Result<(), NoRoom> {
        if self.refused.contains(&manifest.version.as_str()) {
            return Err(NoRoom(manifest.name.clone(), manifest.version.clone()));
        }
        Ok(())
    }
}

impl Bare {
    /// Runs every system; returns the number of bytes of their commands.
    pub(crate) fn run(&self, frame: &FrameInfo, arena: &FrameArena) -> usize {
        let mut commands = 0;
        for Running { slot, manifest } in &self.running {
            for (index, system) in manifest.systems.iter().enumerate() {
                let params: Vec<ParamValue> = system.params.iter().map(value).collect();
                // SAFETY: no query has a table, so there are no columns.
                commands += unsafe { slot.run(index, &params, 1, frame, arena) }.len();
            }
        }
        commands
    }
}

fn value(param: &ParamInfo) -> ParamValue {
    match param {
        ParamInfo::Publisher(number) => publisher_value(*number),
        ParamInfo::Query { .. } => {
            ParamValue { tables: List { pointer: std::ptr::dangling(), length: 0 }, publisher: 0, reserved: 0 }
        }
    }
}
