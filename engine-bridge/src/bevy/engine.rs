//! bevy_ecs as the host's engine: checks a set of plugins against the world, and goes over to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use bevy_ecs::component::StorageType;
use bevy_ecs::entity_disabling::DefaultQueryFilters;
use bevy_ecs::prelude::{Resource, World};
use bevy_ecs::schedule::ScheduleBuildError;
use plugin_host::image::{ComponentInfo, Manifest, ParamInfo, SystemInfo, Term};
use plugin_host::{Engine, PluginView, Slot};
use plugin_sdk::abi::Stage;

use super::columns::{ParamPlan, TermPlan};
use super::order::{Node, OrderError, order};
use super::registry::{ComponentRegistry, RegisterError, fits};
use super::stages::{PlannedSystem, Stages};

/// Why a set of plugins can't run in this world.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrepareError {
    /// A component doesn't fit the one in use.
    #[error(transparent)]
    Component(#[from] RegisterError),
    /// No order satisfies all.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// bevy refused the schedule.
    #[error("bevy refuses the schedule: {0}")]
    Schedule(#[from] ScheduleBuildError),
    /// A default query filter is not in table storage, so that tables can't be handed over whole.
    #[error("the world's default query filters include {0}, which is in sparse-set storage")]
    SparseFilter(String),
    /// A component of a query is not registered.
    #[error("component \"{0}\" of a query is not registered")]
    Unregistered(String),
}

/// What the present schedules were built from.
#[derive(Debug, Default, PartialEq, Resource)]
pub(super) struct Running(Vec<(String, Vec<SystemInfo>)>);

/// The world, as the host's engine.
#[derive(Debug)]
pub(super) struct BevyEngine<'world>(pub(super) &'world mut World);

/// New schedules; `None` when the present ones fit: their systems call through the same slots.
pub(super) type Prepared = Option<(Stages, Running)>;

impl Engine for BevyEngine<'_> {
    type Prepared = Prepared;
    type Error = PrepareError;

    fn prepare(&mut self, plugins: &[PluginView<'_>]) -> Result<Prepared, PrepareError> {
        let world = &mut *self.0;
        check(world, plugins)?;
        let nodes: Vec<Node<'_>> = plugins.iter().flat_map(nodes).collect();
        let ordered = Stage::ALL.map(|stage| order(stage, &nodes).map(|nodes| (stage, nodes)));
        let ordered = ordered.into_iter().collect::<Result<Vec<_>, OrderError>>()?;
        // Nothing of a plugin that is refused above stays in the registry, which forgets no layout.
        for component in plugins.iter().flat_map(|plugin| components(plugin.manifest)) {
            ComponentRegistry::register(world, component)?;
        }
        let systems = |plugin: &PluginView<'_>| (plugin.manifest.name.clone(), plugin.manifest.systems.clone());
        let running = Running(plugins.iter().map(systems).collect());
        if *world.get_resource_or_init::<Running>() == running {
            return Ok(None);
        }
        let mut stages = Stages::default();
        for (stage, nodes) in ordered {
            let planned = nodes.into_iter().filter_map(|node| {
                let slot: &Arc<Slot> = plugins.iter().find(|plugin| plugin.manifest.name == node.plugin)?.slot;
                let registry = world.get_resource::<ComponentRegistry>()?;
                Some(plan(registry, node.system).map(|params| PlannedSystem { params, slot: slot.clone(), node }))
            });
            let planned = planned.collect::<Result<Vec<_>, PrepareError>>()?;
            stages.add(world, stage, planned)?;
        }
        Ok(Some((stages, running)))
    }

    fn commit(&mut self, prepared: Prepared) {
        if let Some((stages, running)) = prepared {
            let systems: usize = running.0.iter().map(|(_, systems)| systems.len()).sum();
            tracing::debug!(plugins = running.0.len(), systems, "the schedules are built anew");
            self.0.insert_resource(stages);
            self.0.insert_resource(running);
        }
    }
}

fn nodes<'a>(plugin: &PluginView<'a>) -> impl Iterator<Item = Node<'a>> + use<'a> {
    let Manifest { name, systems, .. } = plugin.manifest;
    systems.iter().enumerate().map(move |(index, system)| Node { plugin: name, index, system })
}

/// Checks each plugin's components against the registry and the other plugins'; changes nothing.
fn check(world: &mut World, plugins: &[PluginView<'_>]) -> Result<(), PrepareError> {
    refuse_sparse_filters(world)?;
    let registry = world.get_resource_or_init::<ComponentRegistry>();
    let mut named = BTreeMap::<&str, &ComponentInfo>::new();
    for PluginView { manifest, .. } in plugins {
        for component in components(manifest) {
            registry.check(component)?;
            fits(component, named.entry(&component.name).or_insert(component))?;
        }
    }
    Ok(())
}

/// Every component that the plugin names; some more than once.
fn components(manifest: &Manifest) -> impl Iterator<Item = &ComponentInfo> {
    let terms = manifest.systems.iter().flat_map(|system| &system.params).flat_map(terms);
    manifest.components.iter().chain(terms.filter_map(|term| term.component.as_ref()))
}

fn terms(param: &ParamInfo) -> impl Iterator<Item = &Term> {
    let (data, filter): (&[Term], &[Term]) = match param {
        ParamInfo::Query { data, filter } => (data, filter),
        ParamInfo::Publisher(_) => (&[], &[]),
    };
    data.iter().chain(filter)
}

fn plan(registry: &ComponentRegistry, system: &SystemInfo) -> Result<Vec<ParamPlan>, PrepareError> {
    let term = |term: &Term| match &term.component {
        None => Ok(TermPlan::Entity),
        Some(info) => match registry.id_of(info) {
            Some(id) => Ok(TermPlan::Component(term.access, id)),
            None => Err(PrepareError::Unregistered(info.name.clone())),
        },
    };
    let terms = |terms: &[Term]| terms.iter().map(term).collect::<Result<Vec<_>, _>>();
    let plan = |param: &ParamInfo| match param {
        ParamInfo::Query { data, filter } => Ok(ParamPlan::Query { data: terms(data)?, filter: terms(filter)? }),
        ParamInfo::Publisher(number) => Ok(ParamPlan::Publisher(*number)),
    };
    system.params.iter().map(plan).collect()
}

/// A sparse filter would make `matched_tables` hold rows that don't match.
fn refuse_sparse_filters(world: &World) -> Result<(), PrepareError> {
    let Some(filters) = world.get_resource::<DefaultQueryFilters>() else { return Ok(()) };
    let mut infos = filters.disabling_ids().filter_map(|id| world.components().get_info(id));
    match infos.find(|info| info.storage_type() == StorageType::SparseSet) {
        Some(info) => Err(PrepareError::SparseFilter(info.name().to_string())),
        None => Ok(()),
    }
}
