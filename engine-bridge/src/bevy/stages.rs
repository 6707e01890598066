//! Builds and runs the schedules of a set of plugins, one per stage.

#![expect(unsafe_code, reason = "keeps command buffers of the frame arena until the stage's end")]

use std::sync::{Arc, Mutex, PoisonError};

use bevy_ecs::prelude::{IntoScheduleConfigs, Mut, Res, Resource, Schedule, SystemSet, World};
use bevy_ecs::schedule::{LogLevel, ScheduleBuildError, ScheduleBuildSettings, ScheduleLabel, SingleThreadedExecutor};
use bevy_ecs::system::{ParamBuilder, SystemParamBuilder, SystemState};
use plugin_host::Slot;
use plugin_host::image::conflicts;
use plugin_sdk::abi::Stage;

use super::columns::{ColumnsBuilder, ParamPlan, PluginColumns};
use super::commands;
use super::order::Node;
use super::resources::{CurrentFrame, PluginHost};

/// A system to be scheduled, with the data for calling it.
pub(super) struct PlannedSystem<'a> {
    pub(super) node: Node<'a>,
    pub(super) slot: Arc<Slot>,
    pub(super) params: Vec<ParamPlan>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, ScheduleLabel)]
struct StageLabel(u32);

/// Position of a system in its stage.
#[derive(Clone, Debug, PartialEq, Eq, Hash, SystemSet)]
struct Position(usize);

/// All stages of a set of plugins.
#[derive(Default, Resource)]
pub(super) struct Stages(Vec<StageSchedule>);

struct StageSchedule {
    stage: Stage,
    schedule: Schedule,
    /// `plugin/system`, in order.
    names: Vec<String>,
    recorded: Recorded,
}

impl std::fmt::Debug for Stages {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_list().entries(self.0.iter().map(|stage| (stage.stage, &stage.names))).finish()
    }
}

/// Command buffers of the running stage, each with its system's position.
type Recorded = Arc<Mutex<Vec<(usize, Buffer)>>>;

/// A command buffer in the frame arena.
#[derive(Clone, Copy)]
struct Buffer(*const [u8]);

// SAFETY: arena memory is not bound to a thread.
unsafe impl Send for Buffer {}

impl Stages {
    /// Builds one stage from systems in order. Conflicting systems are chained in that order, so bevy finds no ambiguity.
    pub(super) fn add(
        &mut self,
        world: &mut World,
        stage: Stage,
        systems: Vec<PlannedSystem<'_>>,
    ) -> Result<(), ScheduleBuildError> {
        let mut schedule = Schedule::new(StageLabel(stage as u32));
        schedule.set_executor(SingleThreadedExecutor::new());
        schedule
            .set_build_settings(ScheduleBuildSettings { ambiguity_detection: LogLevel::Error, ..Default::default() });
        let recorded = Recorded::default();
        let nodes: Vec<Node<'_>> = systems.iter().map(|system| system.node).collect();
        for (position, PlannedSystem { node, slot, params }) in systems.into_iter().enumerate() {
            let (index, recorded) = (node.index, recorded.clone());
            let state: SystemState<(PluginColumns<'_, '_>, Res<'_, PluginHost>, Res<'_, CurrentFrame>)> =
                (ColumnsBuilder(params), ParamBuilder, ParamBuilder).build_state(world);
            let system = state.build_system(
                move |columns: PluginColumns<'_, '_>, host: Res<'_, PluginHost>, frame: Res<'_, CurrentFrame>| {
                    // SAFETY: the columns were made for this manifest's system, and bevy grants their access for this run.
                    let commands =
                        unsafe { slot.run(index, columns.params(), columns.change_tick(), &frame.0, host.0.arena()) };
                    if !commands.is_empty() {
                        recorded.lock().unwrap_or_else(PoisonError::into_inner).push((position, Buffer(commands)));
                    }
                },
            );
            let mut config = system.in_set(Position(position));
            for (earlier, other) in nodes[..position].iter().enumerate() {
                if other.plugin == node.plugin || conflicts(node.system, other.system) {
                    config = config.after(Position(earlier));
                }
            }
            schedule.add_systems(config);
        }
        schedule.initialize(world)?;
        let names = nodes.iter().map(Node::full_name).collect();
        self.0.push(StageSchedule { stage, schedule, names, recorded });
        Ok(())
    }

    /// Runs every stage. After each it applies the commands in order and begins the handovers of plugins whose last stage it was.
    pub(super) fn run(&mut self, world: &mut World) {
        for StageSchedule { stage, schedule, names, recorded } in &mut self.0 {
            recorded.lock().unwrap_or_else(PoisonError::into_inner).clear();
            schedule.run(world);
            // Effects of commands can't reach the host, which owns the buffers' memory.
            world.resource_scope(|world, _: Mut<'_, PluginHost>| {
                let mut recorded = recorded.lock().unwrap_or_else(PoisonError::into_inner);
                recorded.sort_unstable_by_key(|(position, _)| *position);
                for (position, Buffer(bytes)) in recorded.drain(..) {
                    // SAFETY: recorded in this run, in the frame arena of the host, which this scope keeps from being flipped or dropped.
                    commands::apply(world, &names[position], unsafe { &*bytes });
                }
            });
            world.resource_mut::<PluginHost>().0.stage_done(*stage);
        }
    }
}
