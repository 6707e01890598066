//! Maps shared components to bevy components, by stable name and schema hash, never by `TypeId`.
//!
//! A component's schema says which bytes are values of it: plugins' commands are checked against it. The columns hold values only.
//!
//! A name is bound to one layout while host code that has bound it, a running plugin or an entity uses it. Afterwards it may be declared
//! with another layout, and then means another bevy component.
//!
//! # Invariants
//! 1. Preparing a set of plugins changes no name's meaning; only [`ComponentRegistry::go_over_to`] does.
//! 2. bevy frees no component. One whose name means another layout now is kept, and reused when its layout returns.

#![expect(unsafe_code, reason = "registers components by their layout")]

use std::alloc::Layout;
use std::collections::{BTreeMap, BTreeSet};

use bevy_ecs::component::{ComponentCloneBehavior, ComponentDescriptor, ComponentId, StorageType};
use bevy_ecs::prelude::{EntityWorldMut, Resource, World};
use plugin_host::image::ComponentInfo;
use shm_bus::schema::Fields;

use super::col::Col;

/// Alignment of a command buffer's component bytes, and therefore the largest alignment of a shared component.
pub(super) const ALIGN_MAX: usize = 16;

/// Why a component can't be shared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// The name is in use with another layout.
    #[error("component \"{name}\" has another layout than the one in use: {found}, in use by {user} {present}")]
    Layout {
        /// Stable name.
        name: String,
        /// Schema of the new component.
        found: String,
        /// Schema in use.
        present: String,
        /// Its user.
        user: String,
    },
    /// Its alignment exceeds that of commands.
    #[error("component \"{name}\" is aligned to {align} bytes, at most {ALIGN_MAX} are supported")]
    Align {
        /// Stable name.
        name: String,
        /// In bytes.
        align: usize,
    },
    /// Its schema is no text that the derives write, or describes another size.
    #[error("component \"{name}\": {reason}, in {schema}; build it with this SDK's derives")]
    Schema {
        /// Stable name.
        name: String,
        /// Its schema.
        schema: String,
        /// The problem.
        reason: String,
    },
    /// Another component has its schema hash.
    #[error("components \"{name}\" and \"{other}\" have the same schema hash; rename one")]
    Hash {
        /// Stable name of the new component.
        name: String,
        /// Stable name of the one in use.
        other: String,
    },
    /// A type of this name is already registered, usually by a plugin that was loaded before `bind`.
    #[error("component \"{0}\" is registered already as another type; bind the host's types before plugins are loaded")]
    Late(String),
}

/// A component with its layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Registered {
    pub(super) id: ComponentId,
    pub(super) info: ComponentInfo,
    /// Checks its bytes; `None` if any bytes are a value.
    pub(super) checked: Option<Fields>,
}

/// All components that a set of plugins names, by name.
#[derive(Debug)]
pub(super) struct Declared(BTreeMap<String, Registered>);

impl Declared {
    pub(super) fn id_of(&self, info: &ComponentInfo) -> Option<ComponentId> {
        self.0.get(&info.name).filter(|declared| declared.info == *info).map(|declared| declared.id)
    }
}

/// All shared components of a world.
#[derive(Debug, Default, Resource)]
pub struct ComponentRegistry {
    by_name: BTreeMap<String, Registered>,
    /// Names by schema hash.
    by_hash: BTreeMap<u64, String>,
    /// Names that host code has bound.
    bound: BTreeSet<String>,
    /// Names that running plugins use.
    used: BTreeSet<String>,
    /// Components that no name refers to now.
    spare: Vec<Registered>,
}

impl ComponentRegistry {
    /// Makes host code's `Col<T>` and plugins' `T` the same column. Call it before loading plugins that use `T`.
    ///
    /// # Errors
    /// If a running plugin uses the name already, or entities of an earlier one do.
    pub fn bind<T: plugin_sdk::Component>(world: &mut World) -> Result<ComponentId, RegisterError> {
        let id = world.register_component::<Col<T>>();
        let info = ComponentInfo {
            name: T::NAME.to_owned(),
            schema: T::SCHEMA.to_owned(),
            hash: T::SCHEMA_HASH,
            size: size_of::<T>(),
            align: align_of::<T>(),
        };
        world.init_resource::<Self>();
        let registry = world.resource::<Self>();
        match registry.by_name.get(T::NAME) {
            Some(present) if present.id == id => {}
            Some(present) if registry.is_used(T::NAME) || has_rows(world, present.id) => {
                return Err(RegisterError::Late(info.name));
            }
            _ => registry.check_new(&info)?,
        }
        let checked = checked(&info)?;
        let mut registry = world.resource_mut::<Self>();
        registry.bound.insert(info.name.clone());
        registry.declare(Registered { id, info, checked });
        Ok(id)
    }

    /// Whether `info` fits the components in use; changes nothing.
    pub(super) fn check(world: &mut World, info: &ComponentInfo) -> Result<(), RegisterError> {
        world.init_resource::<Self>();
        let registry = world.resource::<Self>();
        if let Some(present) = registry.by_name.get(&info.name).filter(|present| present.info != *info) {
            if registry.bound.contains(&info.name) {
                return Err(differs(info, &present.info, "the game itself"));
            }
            if has_rows(world, present.id) {
                return Err(differs(info, &present.info, "entities"));
            }
        }
        registry.check_new(info)
    }

    /// Whether the name could refer to this component if it were free.
    fn check_new(&self, info: &ComponentInfo) -> Result<(), RegisterError> {
        if info.align > ALIGN_MAX {
            return Err(RegisterError::Align { name: info.name.clone(), align: info.align });
        }
        checked(info)?;
        match self.by_hash.get(&info.hash).filter(|other| **other != info.name) {
            Some(other) => Err(RegisterError::Hash { name: info.name.clone(), other: other.clone() }),
            None => Ok(()),
        }
    }

    /// Whether host code or a running plugin uses the name.
    fn is_used(&self, name: &str) -> bool {
        self.bound.contains(name) || self.used.contains(name)
    }

    /// The bevy components for all names of a set of plugins. The names get these meanings in [`Self::go_over_to`].
    pub(super) fn make<'a>(
        world: &mut World,
        infos: impl Iterator<Item = &'a ComponentInfo>,
    ) -> Result<Declared, RegisterError> {
        let mut declared = BTreeMap::new();
        for info in infos {
            if !declared.contains_key(&info.name) {
                declared.insert(info.name.clone(), Self::find_or_make(world, info)?);
            }
        }
        Ok(Declared(declared))
    }

    fn find_or_make(world: &mut World, info: &ComponentInfo) -> Result<Registered, RegisterError> {
        let registry = world.get_resource_or_init::<Self>();
        let mut known = registry.by_name.get(&info.name).into_iter().chain(&registry.spare);
        if let Some(known) = known.find(|known| known.info == *info) {
            return Ok(known.clone());
        }
        let checked = checked(info)?;
        let layout = Layout::from_size_align(info.size, info.align)
            .map_err(|_| RegisterError::Align { name: info.name.clone(), align: info.align })?;
        // SAFETY: plain data needs no drop and may be sent and shared; the layout is the manifest's, checked at load.
        let descriptor = unsafe {
            ComponentDescriptor::new_with_layout(
                info.name.clone(),
                StorageType::Table,
                layout,
                None,
                true,
                false,
                ComponentCloneBehavior::Default,
                None,
            )
        };
        let made = Registered { id: world.register_component_with_descriptor(descriptor), info: info.clone(), checked };
        world.resource_mut::<Self>().spare.push(made.clone());
        Ok(made)
    }

    /// Commits to these plugins.
    pub(super) fn go_over_to(&mut self, Declared(declared): Declared) {
        self.used = declared.keys().cloned().collect();
        declared.into_values().for_each(|component| self.declare(component));
    }

    /// Notes that no plugin runs any more.
    pub(super) fn without_plugins(&mut self) {
        self.used.clear();
    }

    /// Makes a name refer to `component`.
    fn declare(&mut self, component: Registered) {
        self.spare.retain(|spare| *spare != component);
        let name = component.info.name.clone();
        self.by_hash.insert(component.info.hash, name.clone());
        let Some(before) = self.by_name.insert(name, component.clone()).filter(|before| *before != component) else {
            return;
        };
        if before.info.hash != component.info.hash {
            self.by_hash.remove(&before.info.hash);
        }
        self.spare.push(before);
    }

    /// Whether plugins may change this entity: only if it has a shared component. Other entities are the host's or bevy's own.
    pub(super) fn shares(&self, entity: &EntityWorldMut<'_>) -> bool {
        self.by_name.values().any(|component| entity.contains_id(component.id))
    }

    pub(super) fn by_hash(&self, hash: u64) -> Option<&Registered> {
        self.by_name.get(self.by_hash.get(&hash)?)
    }

    /// The components, ordered by name.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Registered> {
        self.by_name.values()
    }
}

/// The fields that a component's bytes are checked against; `None` if any bytes are a value.
fn checked(info: &ComponentInfo) -> Result<Option<Fields>, RegisterError> {
    // A tag has no bytes, and the parser knows no message without any.
    if info.size == 0 {
        return Ok(None);
    }
    let wrong = |reason| RegisterError::Schema { name: info.name.clone(), schema: info.schema.clone(), reason };
    let fields = Fields::parse(&info.schema).map_err(|error| wrong(error.to_string()))?;
    if fields.size() != info.size {
        return Err(wrong(format!("its schema says {} bytes, its layout {}", fields.size(), info.size)));
    }
    Ok((!fields.any_bits()).then_some(fields))
}

/// Whether any entity has the component.
fn has_rows(world: &World, id: ComponentId) -> bool {
    world.archetypes().iter().any(|archetype| archetype.contains(id) && !archetype.is_empty())
}

/// Whether two plugins declare the same layout for a component's name; `user` is the plugin of `present`.
pub(super) fn fits(found: &ComponentInfo, present: &ComponentInfo, user: &str) -> Result<(), RegisterError> {
    if found == present { Ok(()) } else { Err(differs(found, present, user)) }
}

fn differs(found: &ComponentInfo, present: &ComponentInfo, user: &str) -> RegisterError {
    RegisterError::Layout {
        name: found.name.clone(),
        found: found.schema.clone(),
        present: present.schema.clone(),
        user: user.to_owned(),
    }
}
