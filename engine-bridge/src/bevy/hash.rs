//! A hash of the whole state: equal runs have equal hashes, with or without swaps in between.
//!
//! It covers every entity with a shared component in id order (not archetype order), each component's name and bytes, every plugin's
//! state, and the tick. A plugin whose state can't be saved is left out and named.

#![expect(unsafe_code, reason = "reads plain components as bytes")]

use std::collections::BTreeMap;

use bevy_ecs::entity::Entity;
use bevy_ecs::prelude::World;
use bevy_ecs::world::EntityRef;
use plugin_host::Fault;

use super::registry::{ComponentRegistry, Registered};
use super::resources::{CurrentFrame, PluginHost};

/// Result of [`world_hash`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorldHash {
    /// The hash; it covers only a part of the world if `unsaved` is not empty.
    pub value: u64,
    /// The plugins that it doesn't cover because their states could not be saved, with the reasons.
    pub unsaved: BTreeMap<String, Fault>,
}

/// FNV-1a, 64 bits.
struct Hash(u64);

impl Hash {
    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    /// Hashes a part with its length, so that the boundary between two parts counts.
    fn part(&mut self, bytes: &[u8]) {
        self.bytes(&(bytes.len() as u64).to_le_bytes());
        self.bytes(bytes);
    }
}

/// The world's hash. It saves every plugin's state; [`Host::states`](plugin_host::Host::states) describes what happens to a plugin that hangs.
///
/// # Panics
/// Without [`install`](super::install).
pub fn world_hash(world: &mut World) -> WorldHash {
    let mut hash = Hash(0xcbf2_9ce4_8422_2325);
    let tick = world.get_resource::<CurrentFrame>().map_or(0, |frame| frame.0.tick);
    hash.bytes(&tick.to_le_bytes());
    let mut query = world.query::<EntityRef<'_>>();
    let components: Vec<Registered> =
        world.get_resource::<ComponentRegistry>().into_iter().flat_map(ComponentRegistry::iter).cloned().collect();
    let mut entities: Vec<EntityRef<'_>> = query.iter(world).collect();
    entities.sort_unstable_by_key(|entity| entity.id().to_bits());
    for entity in entities {
        hash_entity(&mut hash, entity, &components);
    }
    let host = world.resource::<PluginHost>();
    let mut unsaved = BTreeMap::new();
    for (plugin, state) in host.0.states() {
        match state {
            Ok(state) => {
                hash.part(plugin.as_bytes());
                hash.part(&state);
            }
            Err(fault) => {
                unsaved.insert(plugin.to_owned(), fault);
            }
        }
    }
    WorldHash { value: hash.0, unsaved }
}

fn hash_entity(hash: &mut Hash, entity: EntityRef<'_>, components: &[Registered]) {
    let mut id: Option<Entity> = Some(entity.id());
    for component in components {
        let Ok(pointer) = entity.get_by_id(component.id) else { continue };
        if let Some(id) = id.take() {
            hash.bytes(&id.to_bits().to_le_bytes());
        }
        // SAFETY: plain data of the registered size, every byte initialized.
        let bytes = unsafe { std::slice::from_raw_parts(pointer.as_ptr(), component.info.size) };
        hash.part(component.info.name.as_bytes());
        hash.part(bytes);
    }
}
