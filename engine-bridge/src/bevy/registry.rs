//! Which bevy component is which shared one: by stable name and schema hash, never by `TypeId`.

#![expect(unsafe_code, reason = "registers components by their layout")]

use std::alloc::Layout;
use std::collections::BTreeMap;

use bevy_ecs::component::{ComponentCloneBehavior, ComponentDescriptor, ComponentId, StorageType};
use bevy_ecs::prelude::{EntityWorldMut, Resource, World};
use plugin_host::image::ComponentInfo;

use super::Col;

/// Alignment of a command buffer's component bytes, hence the largest that a shared component may have.
const ALIGN_MAX: usize = 8;

/// Why a component can't be shared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// The name is taken by another layout.
    #[error("component \"{name}\" has another layout than the one in use: {found}, in use {present}")]
    Layout {
        /// Stable name.
        name: String,
        /// Schema of the newcomer.
        found: String,
        /// Schema in use.
        present: String,
    },
    /// It is aligned more strictly than commands are.
    #[error("component \"{name}\" is aligned to {align} bytes, at most {ALIGN_MAX} are supported")]
    Align {
        /// Stable name.
        name: String,
        /// In bytes.
        align: usize,
    },
    /// Another component has its schema hash.
    #[error("components \"{name}\" and \"{other}\" have the same schema hash; rename one")]
    Hash {
        /// Stable name of the newcomer.
        name: String,
        /// Stable name of the one in use.
        other: String,
    },
    /// Somebody brought another type of this name before: mostly a plugin that was loaded too early.
    #[error("component \"{0}\" is registered already as another type; bind the host's types before plugins are loaded")]
    Late(String),
}

/// A component in use.
#[derive(Clone, Debug)]
pub(super) struct Registered {
    pub(super) id: ComponentId,
    pub(super) info: ComponentInfo,
}

/// All shared components of a world.
#[derive(Debug, Default, Resource)]
pub struct ComponentRegistry {
    by_name: BTreeMap<String, Registered>,
    /// Names by schema hash.
    by_hash: BTreeMap<u64, String>,
}

impl ComponentRegistry {
    /// Makes host code's `Col<T>` and plugins' `T` the same column. To be called before plugins that use it are loaded.
    ///
    /// # Errors
    /// When a plugin was there first.
    pub fn bind<T: plugin_sdk::Component>(world: &mut World) -> Result<ComponentId, RegisterError> {
        let id = world.register_component::<Col<T>>();
        let info = ComponentInfo {
            name: T::NAME.to_owned(),
            schema: T::SCHEMA.to_owned(),
            hash: T::SCHEMA_HASH,
            size: size_of::<T>(),
            align: align_of::<T>(),
        };
        let mut registry = world.get_resource_or_init::<Self>();
        match registry.by_name.get(T::NAME) {
            Some(present) if present.id == id => Ok(id),
            Some(_) => Err(RegisterError::Late(info.name)),
            None => {
                registry.check(&info)?;
                registry.add(Registered { id, info });
                Ok(id)
            }
        }
    }

    /// Whether `info` fits what is registered; changes nothing.
    pub(super) fn check(&self, info: &ComponentInfo) -> Result<(), RegisterError> {
        if let Some(present) = self.by_name.get(&info.name) {
            return fits(info, &present.info);
        }
        if info.align > ALIGN_MAX {
            return Err(RegisterError::Align { name: info.name.clone(), align: info.align });
        }
        match self.by_hash.get(&info.hash) {
            Some(other) => Err(RegisterError::Hash { name: info.name.clone(), other: other.clone() }),
            None => Ok(()),
        }
    }

    /// The component that a plugin means by `info`; registered if it is new.
    pub(super) fn register(world: &mut World, info: &ComponentInfo) -> Result<ComponentId, RegisterError> {
        let registry = world.get_resource_or_init::<Self>();
        registry.check(info)?;
        if let Some(present) = registry.by_name.get(&info.name) {
            return Ok(present.id);
        }
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
        let id = world.register_component_with_descriptor(descriptor);
        world.get_resource_or_init::<Self>().add(Registered { id, info: info.clone() });
        Ok(id)
    }

    /// Adds what [`Self::check`] found new.
    fn add(&mut self, component: Registered) {
        let ComponentInfo { name, hash, .. } = &component.info;
        self.by_hash.insert(*hash, name.clone());
        self.by_name.insert(name.clone(), component);
    }

    /// Whether plugins may change this entity: it has a component that they share. Others are the host's, or bevy's own.
    pub(super) fn shares(&self, entity: &EntityWorldMut<'_>) -> bool {
        self.by_name.values().any(|component| entity.contains_id(component.id))
    }

    pub(super) fn by_hash(&self, hash: u64) -> Option<&Registered> {
        self.by_name.get(self.by_hash.get(&hash)?)
    }

    /// In the order of the names.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Registered> {
        self.by_name.values()
    }

    pub(super) fn id_of(&self, info: &ComponentInfo) -> Option<ComponentId> {
        self.by_name.get(&info.name).filter(|present| present.info == *info).map(|present| present.id)
    }
}

/// Whether two plugins, or a plugin and the host, mean the same by a component's name.
pub(super) fn fits(found: &ComponentInfo, present: &ComponentInfo) -> Result<(), RegisterError> {
    if found == present {
        return Ok(());
    }
    Err(RegisterError::Layout {
        name: found.name.clone(),
        found: found.schema.clone(),
        present: present.schema.clone(),
    })
}
