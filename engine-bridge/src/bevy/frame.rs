//! One frame: swaps at its edge, messages, stages with their commands and handovers, end of its memory.

use bevy_ecs::prelude::{Mut, World};
use plugin_host::{FrameInfo, Host};

use super::commands;
use super::engine::{BevyEngine, Running};
use super::registry::ComponentRegistry;
use super::resources::{CurrentFrame, PluginHost};
use super::stages::Stages;

/// Gives `world` a plugin host. Bind the host's own component types before.
///
/// A host that the world had is dropped, and its plugins with it; what they did to the world stays. A host that comes from another
/// world brings the plugins that it runs.
pub fn install(world: &mut World, host: Host) {
    world.remove_resource::<PluginHost>();
    world.insert_resource(Stages::default());
    world.insert_resource(Running::default());
    world.get_resource_or_init::<ComponentRegistry>().without_plugins();
    world.insert_resource(PluginHost(host));
    world.resource_scope(|world, mut host: Mut<'_, PluginHost>| host.0.enter(&mut BevyEngine(world)));
}

/// Loads the libraries that stand in the folder, waiting until each was tried. What is refused is logged and counted.
///
/// # Errors
/// When the folder can't be read.
///
/// # Panics
/// Without [`install`]; as every function here.
pub fn load_present(world: &mut World) -> std::io::Result<()> {
    world.resource_scope(|world, mut host: Mut<'_, PluginHost>| host.0.load_present(&mut BevyEngine(world)))
}

/// Swaps in what waits: what the last [`run_frame`] began to hand over, first loads, removals. Gives the number of plugins that
/// changed.
pub fn frame_edge(world: &mut World) -> usize {
    world.resource_scope(|world, mut host: Mut<'_, PluginHost>| host.0.frame_edge(&mut BevyEngine(world)))
}

/// Delivers messages and runs every stage, applying commands after each, and beginning the handovers of plugins that are done with
/// the frame. To be called once between two edges.
pub fn run_frame(world: &mut World, frame: FrameInfo) {
    world.insert_resource(CurrentFrame(frame));
    world.resource_scope(|world, host: Mut<'_, PluginHost>| {
        host.0.deliver(&frame, |plugin, bytes| commands::apply(world, plugin, bytes));
    });
    world.resource_scope(|world, mut stages: Mut<'_, Stages>| stages.run(world));
}

/// Ends the frame's memory; gives the bytes that plugins used of it.
pub fn end_frame(world: &mut World) -> usize {
    world.resource_mut::<PluginHost>().0.end_frame()
}
