//! One frame: swaps at the frame edge, messages, stages with their commands and handovers, end of the frame arena.

use bevy_ecs::prelude::{Mut, World};
use plugin_host::{FrameInfo, Host};

use super::commands;
use super::engine::BevyEngine;
use super::registry::ComponentRegistry;
use super::resources::{CurrentFrame, PluginHost};
use super::stages::Stages;

/// Installs a plugin host in `world`. Bind the host's own component types first.
///
/// An earlier host of the world is dropped together with its plugins; their effects on the world stay. A host from another world keeps its
/// running plugins.
pub fn install(world: &mut World, host: Host) {
    world.remove_resource::<PluginHost>();
    world.insert_resource(Stages::default());
    world.get_resource_or_init::<ComponentRegistry>().without_plugins();
    world.insert_resource(PluginHost(host));
    world.resource_scope(|world, mut host: Mut<'_, PluginHost>| host.0.enter(&mut BevyEngine(world)));
}

/// Loads the libraries in the folder and waits until each was tried. A refused library is logged and counted.
///
/// # Errors
/// When the folder can't be read.
///
/// # Panics
/// Without [`install`], like every function here.
pub fn load_present(world: &mut World) -> std::io::Result<()> {
    world.resource_scope(|world, mut host: Mut<'_, PluginHost>| host.0.load_present(&mut BevyEngine(world)))
}

/// Commits the handovers that the last [`run_frame`] began, and performs first loads and removals. Returns the number of plugins that
/// changed.
pub fn frame_edge(world: &mut World) -> usize {
    world.resource_scope(|world, mut host: Mut<'_, PluginHost>| host.0.frame_edge(&mut BevyEngine(world)))
}

/// Delivers messages, then runs every stage. After each stage it applies the commands and begins the handovers of plugins whose last stage
/// it was. Call it once between two edges.
pub fn run_frame(world: &mut World, frame: FrameInfo) {
    world.insert_resource(CurrentFrame(frame));
    world.resource_scope(|world, host: Mut<'_, PluginHost>| {
        host.0.deliver(&frame, |plugin, bytes| commands::apply(world, plugin, bytes));
    });
    world.resource_scope(|world, mut stages: Mut<'_, Stages>| stages.run(world));
}

/// Ends the frame, drops replaced instances and flips the frame arena. Returns the bytes of it that plugins used.
pub fn end_frame(world: &mut World) -> usize {
    world.resource_mut::<PluginHost>().0.end_frame()
}
