//! bevy_ecs as the host's engine: checks a set of plugins against the world, then commits to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use bevy_ecs::component::StorageType;
use bevy_ecs::entity_disabling::DefaultQueryFilters;
use bevy_ecs::prelude::World;
use bevy_ecs::schedule::ScheduleBuildError;
use plugin_host::image::{ComponentInfo, Manifest, ParamInfo, SystemInfo, Term};
use plugin_host::{Engine, PluginView, Slot};
use plugin_sdk::abi::Stage;

use super::columns::{ParamPlan, TermPlan};
use super::order::{Node, OrderError, order};
use super::registry::{ComponentRegistry, Declared, RegisterError, fits};
use super::stages::{PlannedSystem, Stages};

/// Why a set of plugins can't run in this world.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrepareError {
    /// A component differs from the one in use.
    #[error(transparent)]
    Component(#[from] RegisterError),
    /// No order satisfies every `after` and `before`.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// bevy refused the schedule.
    #[error("bevy refuses the schedule: {0}")]
    Schedule(#[from] ScheduleBuildError),
    /// A default query filter is not in table storage, so plugins can't receive whole tables.
    #[error("the world's default query filters include {0}, which is in sparse-set storage")]
    SparseFilter(String),
    /// A component of a query is not registered.
    #[error("component \"{0}\" of a query is not registered")]
    Unregistered(String),
}

/// The world, as the host's engine.
#[derive(Debug)]
pub(super) struct BevyEngine<'world>(pub(super) &'world mut World);

/// A prepared set of plugins. Dropping it leaves the committed set unchanged.
#[derive(Debug)]
pub(super) struct Prepared {
    components: Declared,
    stages: Stages,
}

impl Engine for BevyEngine<'_> {
    type Prepared = Prepared;
    type Error = PrepareError;

    fn prepare(&mut self, plugins: &[PluginView<'_>]) -> Result<Prepared, PrepareError> {
        let world = &mut *self.0;
        refuse_sparse_filters(world)?;
        check(world, plugins)?;
        let nodes: Vec<Node<'_>> = plugins.iter().flat_map(nodes).collect();
        let ordered = Stage::ALL.map(|stage| order(stage, &nodes).map(|nodes| (stage, nodes)));
        let ordered = ordered.into_iter().collect::<Result<Vec<_>, OrderError>>()?;
        let named = plugins.iter().flat_map(|plugin| components(plugin.manifest));
        let components = ComponentRegistry::make(world, named)?;
        let mut stages = Stages::default();
        for (stage, nodes) in ordered {
            let planned = nodes.into_iter().filter_map(|node| {
                let slot: &Arc<Slot> = plugins.iter().find(|plugin| plugin.manifest.name == node.plugin)?.slot;
                Some(plan(&components, node.system).map(|params| PlannedSystem { params, slot: slot.clone(), node }))
            });
            let planned = planned.collect::<Result<Vec<_>, PrepareError>>()?;
            stages.add(world, stage, planned)?;
        }
        Ok(Prepared { components, stages })
    }

    fn commit(&mut self, Prepared { components, stages }: Prepared) {
        tracing::debug!("rebuilding the schedules");
        self.0.get_resource_or_init::<ComponentRegistry>().go_over_to(components);
        self.0.insert_resource(stages);
    }
}

fn nodes<'a>(plugin: &PluginView<'a>) -> impl Iterator<Item = Node<'a>> + use<'a> {
    let Manifest { name, systems, .. } = plugin.manifest;
    systems.iter().enumerate().map(move |(index, system)| Node { plugin: name, index, system })
}

/// Checks each plugin's components against the registry and the other plugins'; changes nothing.
fn check(world: &mut World, plugins: &[PluginView<'_>]) -> Result<(), PrepareError> {
    let mut named = BTreeMap::<&str, (&ComponentInfo, &str)>::new();
    for PluginView { manifest, .. } in plugins {
        for component in components(manifest) {
            ComponentRegistry::check(world, component)?;
            let (present, user) = named.entry(&component.name).or_insert((component, &manifest.name));
            fits(component, present, user)?;
        }
    }
    Ok(())
}

/// Every component that the plugin names, with repetitions.
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

fn plan(components: &Declared, system: &SystemInfo) -> Result<Vec<ParamPlan>, PrepareError> {
    let term = |term: &Term| match &term.component {
        None => Ok(TermPlan::Entity),
        Some(info) => match components.id_of(info) {
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

/// With a sparse filter, tables in `matched_tables` could have rows that don't match.
fn refuse_sparse_filters(world: &World) -> Result<(), PrepareError> {
    let Some(filters) = world.get_resource::<DefaultQueryFilters>() else { return Ok(()) };
    let mut infos = filters.disabling_ids().filter_map(|id| world.components().get_info(id));
    match infos.find(|info| info.storage_type() == StorageType::SparseSet) {
        Some(info) => Err(PrepareError::SparseFilter(info.name().to_string())),
        None => Ok(()),
    }
}
