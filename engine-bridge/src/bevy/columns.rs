//! A plugin system's queries as one bevy system parameter: raw columns of the matched tables, with bevy's access tracking.
//!
//! # Invariants
//! 1. Access is what `Query<FilteredEntityMut>` registers for the same terms, so that bevy keeps conflicting systems apart.
//! 2. All terms and default filters are in table storage, so every row of the `matched_tables` matches.
//! 3. Each run takes new pointers and uses them only until it ends.
//!
//! A steady-state run allocates nothing: the vectors keep their capacity.

#![expect(unsafe_code, reason = "gives out raw column pointers under bevy's access tracking")]

use std::marker::PhantomData;

use bevy_ecs::change_detection::Tick;
use bevy_ecs::component::ComponentId;
use bevy_ecs::entity::Entity;
use bevy_ecs::prelude::{Query, World};
use bevy_ecs::query::{QueryBuilder, QueryState};
use bevy_ecs::resource::IsResource;
use bevy_ecs::storage::{Table, TableRow};
use bevy_ecs::system::{SystemAccess, SystemMeta, SystemParam, SystemParamBuilder, SystemParamValidationError};
use bevy_ecs::world::{FilteredEntityMut, unsafe_world_cell::UnsafeWorldCell};
use plugin_host::publisher_value;
use plugin_sdk::abi::{Access, ColumnPointer, List, ParamValue, TableColumns};

/// Rows of an entity column are read as u64.
const _: () = {
    assert!(size_of::<Entity>() == 8 && align_of::<Entity>() == 8);
    // SAFETY: the same size, and any bits are a u64.
    assert!(unsafe { std::mem::transmute::<Entity, u64>(Entity::PLACEHOLDER) } == Entity::PLACEHOLDER.to_bits());
    assert!(size_of::<Tick>() == 4 && align_of::<Tick>() == 4);
};

/// A term with its bevy id.
#[derive(Clone, Copy, Debug)]
pub(super) enum TermPlan {
    /// The entity's own id.
    Entity,
    /// A shared component.
    Component(Access, ComponentId),
}

/// A parameter with its bevy ids.
#[derive(Clone, Debug)]
pub(super) enum ParamPlan {
    Query { data: Vec<TermPlan>, filter: Vec<TermPlan> },
    Publisher(u32),
}

/// The values of a plugin system's parameters in one run.
#[derive(Debug)]
pub struct PluginColumns<'world, 'state> {
    params: &'state [ParamValue],
    change_tick: u32,
    world: PhantomData<&'world mut World>,
}

impl PluginColumns<'_, '_> {
    /// One value per parameter of the manifest.
    #[must_use]
    pub fn params(&self) -> &[ParamValue] {
        self.params
    }

    /// The tick with which this run stamps what it writes.
    #[must_use]
    pub fn change_tick(&self) -> u32 {
        self.change_tick
    }
}

/// State of [`PluginColumns`]: queries, and reused memory for their values.
#[derive(Default)]
pub struct ColumnsState {
    queries: Vec<MatchedQuery>,
    /// In parameter order.
    order: Vec<Source>,
    columns: Vec<ColumnPointer>,
    tables: Vec<TableColumns>,
    params: Vec<ParamValue>,
}

struct MatchedQuery {
    matched: QueryState<FilteredEntityMut<'static, 'static>>,
    /// A column each.
    data: Vec<TermPlan>,
}

/// The source of a parameter's value.
#[derive(Clone, Copy)]
enum Source {
    /// Index of the query.
    Query(usize),
    /// Number of the publisher.
    Publisher(u32),
}

impl std::fmt::Debug for ColumnsState {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("ColumnsState").field("queries", &self.queries.len()).finish_non_exhaustive()
    }
}

// SAFETY: the pointers are used only within the run that made them (invariant 3), under the state's exclusive borrow.
unsafe impl Send for ColumnsState {}
// SAFETY: as above.
unsafe impl Sync for ColumnsState {}

impl ColumnsState {
    fn new(world: &mut World, plans: Vec<ParamPlan>) -> Self {
        let mut state = Self::default();
        for plan in plans {
            match plan {
                ParamPlan::Publisher(number) => state.order.push(Source::Publisher(number)),
                ParamPlan::Query { data, filter } => {
                    state.order.push(Source::Query(state.queries.len()));
                    let matched = query(world, data.iter().chain(&filter));
                    state.queries.push(MatchedQuery { matched, data });
                }
            }
        }
        state
    }

    /// Builds the values for this run: first with indices, since the vectors may still reallocate, then with pointers.
    ///
    /// # Safety
    /// The queries belong to the world, and their access is granted.
    unsafe fn fill(&mut self, world: UnsafeWorldCell<'_>, change_tick: Tick) {
        self.columns.clear();
        self.tables.clear();
        self.params.clear();
        // SAFETY: access to the columns is granted; everything else in the storages is only read.
        let storages = unsafe { world.storages() };
        for source in &self.order {
            let query = match *source {
                Source::Publisher(number) => {
                    self.params.push(publisher_value(number));
                    continue;
                }
                Source::Query(index) => &mut self.queries[index],
            };
            let first = self.tables.len();
            query.matched.update_archetypes_unsafe_world_cell(world);
            let tables = query.matched.matched_tables().filter_map(|id| storages.tables.get(id));
            for table in tables.filter(|table| !table.is_empty()) {
                let columns = std::ptr::without_provenance(self.columns.len());
                self.tables.push(TableColumns { rows: table.entity_count() as usize, columns });
                self.columns.extend(query.data.iter().map(|term| column(table, *term, change_tick)));
            }
            let tables = List { pointer: std::ptr::without_provenance(first), length: self.tables.len() - first };
            self.params.push(ParamValue { tables, publisher: 0, reserved: 0 });
        }
        for table in &mut self.tables {
            table.columns = self.columns[table.columns.addr()..].as_ptr();
        }
        for param in &mut self.params {
            param.tables.pointer = self.tables[param.tables.pointer.addr()..].as_ptr();
        }
    }
}

fn query<'a>(
    world: &mut World,
    terms: impl Iterator<Item = &'a TermPlan>,
) -> QueryState<FilteredEntityMut<'static, 'static>> {
    // bevy keeps resources on entities; plugins don't see these.
    let resource = world.register_component::<IsResource>();
    let mut builder = QueryBuilder::<FilteredEntityMut<'static, 'static>>::new(world);
    builder.without_id(resource);
    for term in terms {
        let TermPlan::Component(access, id) = *term else { continue };
        match access {
            Access::Read => builder.ref_id(id),
            Access::Write => builder.mut_id(id),
            Access::OptionalRead => builder.optional(|builder| {
                builder.ref_id(id);
            }),
            Access::OptionalWrite => builder.optional(|builder| {
                builder.mut_id(id);
            }),
            Access::With => builder.with_id(id),
            Access::Without => builder.without_id(id),
            Access::Entity => continue,
        };
    }
    builder.build()
}

/// One column of a nonempty table.
fn column(table: &Table, term: TermPlan, change_tick: Tick) -> ColumnPointer {
    let TermPlan::Component(access, id) = term else {
        return ColumnPointer { data: table.entities().as_ptr().cast_mut().cast(), changed: std::ptr::null_mut() };
    };
    let Some(column) = table.get_column(id) else {
        return ColumnPointer::NULL;
    };
    // SAFETY: the table has a first row.
    let data = unsafe { column.get_data_unchecked(TableRow::new(Default::default())) }.as_ptr().cast_mut();
    if !matches!(access, Access::Write | Access::OptionalWrite) {
        return ColumnPointer { data, changed: std::ptr::null_mut() };
    }
    if let Some(summary) = column.get_summary_tick() {
        summary.set(change_tick);
    }
    // SAFETY: the table has as many rows.
    let changed = unsafe { column.get_changed_ticks_slice(table.entity_count() as usize) };
    ColumnPointer { data, changed: changed.as_ptr().cast_mut().cast() }
}

// SAFETY: each query's access is registered in `init_access`, as `Query` itself does; `get_param` uses no other.
unsafe impl SystemParam for PluginColumns<'_, '_> {
    type State = ColumnsState;
    type Item<'world, 'state> = PluginColumns<'world, 'state>;

    fn init_state(_: &mut World) -> ColumnsState {
        ColumnsState::default()
    }

    fn init_access(state: &ColumnsState, meta: &mut SystemMeta, access: &mut SystemAccess, world: &mut World) {
        for MatchedQuery { matched, .. } in &state.queries {
            <Query<'_, '_, FilteredEntityMut<'static, 'static>> as SystemParam>::init_access(
                matched, meta, access, world,
            );
        }
    }

    unsafe fn get_param<'world, 'state>(
        state: &'state mut ColumnsState,
        _: &SystemMeta,
        world: UnsafeWorldCell<'world>,
        change_tick: Tick,
    ) -> Result<PluginColumns<'world, 'state>, SystemParamValidationError> {
        // SAFETY: access was registered in `init_access`, and the caller grants it, for the world of `init_state`.
        unsafe { state.fill(world, change_tick) };
        Ok(PluginColumns { params: &state.params, change_tick: change_tick.get(), world: PhantomData })
    }
}

/// Builds [`PluginColumns`] for a system's parameters.
#[derive(Debug)]
pub(super) struct ColumnsBuilder(pub(super) Vec<ParamPlan>);

// SAFETY: the state is made in the same world; its access is registered by `init_access`.
unsafe impl<'w, 's> SystemParamBuilder<PluginColumns<'w, 's>> for ColumnsBuilder {
    fn build(self, world: &mut World) -> ColumnsState {
        ColumnsState::new(world, self.0)
    }
}
