//! Checks plugins' commands and applies them to the world.
//!
//! # Failure
//! A command is dropped and counted if it names an entity that is dead or has no shared component, an unknown component, or a component
//! of another size. The others are applied.

#![expect(unsafe_code, reason = "inserts components by id from bytes")]

use std::ptr::NonNull;

use bevy_ecs::component::ComponentId;
use bevy_ecs::entity::Entity;
use bevy_ecs::prelude::{Mut, Resource, World};
use bevy_ecs::ptr::OwningPtr;
use plugin_sdk::abi::command::{Command, ComponentBytes, Operation, decode};

use super::registry::ComponentRegistry;

/// Outcomes of commands since the world was created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Resource)]
pub struct CommandStats {
    /// Applied.
    pub applied: u64,
    /// Stale: the entity was gone, usually because two systems despawned it.
    pub stale: u64,
    /// Refused: malformed, or with an unknown component or size.
    pub refused: u64,
}

/// Memory for one command's components, reused across frames.
#[derive(Debug, Default, Resource)]
pub(super) struct CommandScratch {
    ids: Vec<ComponentId>,
    /// The components' bytes, each aligned to a word: a plugin's buffer may have any alignment.
    words: Vec<u64>,
    /// Index of each component's first word.
    starts: Vec<usize>,
}

/// Why a command was not applied.
enum Dropped {
    Stale,
    Refused(String),
}

/// Applies the commands of `system`.
pub(super) fn apply(world: &mut World, system: &str, mut buffer: &[u8]) {
    if buffer.is_empty() {
        return;
    }
    let mut stats = *world.get_resource_or_init::<CommandStats>();
    world.init_resource::<CommandScratch>();
    world.resource_scope(|world, registry: Mut<'_, ComponentRegistry>| {
        world.resource_scope(|world, mut scratch: Mut<'_, CommandScratch>| {
            loop {
                let result = match decode(&mut buffer) {
                    Ok(None) => break,
                    Ok(Some(command)) => one(world, &registry, &mut scratch, &command),
                    Err(malformed) => {
                        buffer = &[];
                        Err(Dropped::Refused(malformed.to_string()))
                    }
                };
                match result {
                    Ok(()) => stats.applied += 1,
                    Err(Dropped::Stale) => stats.stale += 1,
                    Err(Dropped::Refused(reason)) => {
                        stats.refused += 1;
                        tracing::warn!("a command of {system} is dropped: {reason}");
                    }
                }
            }
        });
    });
    world.insert_resource(stats);
}

fn one(
    world: &mut World,
    registry: &ComponentRegistry,
    scratch: &mut CommandScratch,
    command: &Command<'_>,
) -> Result<(), Dropped> {
    gather(registry, scratch, command)?;
    let mut entity = match command.operation {
        Operation::Spawn => world.spawn_empty(),
        _ => {
            let id = Entity::try_from_bits(command.entity).ok_or(Dropped::Stale)?;
            let entity = world.get_entity_mut(id).map_err(|_| Dropped::Stale)?;
            if !registry.shares(&entity) {
                return Err(Dropped::Refused(format!("entity {id} has no component that plugins share")));
            }
            entity
        }
    };
    match command.operation {
        Operation::Spawn | Operation::Insert => {
            let CommandScratch { ids, words, starts } = scratch;
            let components = starts.iter().map(|start| {
                let bytes = NonNull::from(&mut words[*start..]).cast();
                // SAFETY: as many bytes as the component has, checked in `gather`, aligned to 8; plain data, hence copied out.
                unsafe { OwningPtr::new(bytes) }
            });
            // SAFETY: ids of this world's registry, each with bytes of its layout.
            unsafe { entity.insert_by_ids(ids, components) };
        }
        Operation::Despawn => entity.despawn(),
        Operation::Remove => {
            entity.remove_by_ids(&scratch.ids);
        }
    }
    Ok(())
}

/// Looks up and checks the command's components.
fn gather(registry: &ComponentRegistry, scratch: &mut CommandScratch, command: &Command<'_>) -> Result<(), Dropped> {
    scratch.ids.clear();
    scratch.words.clear();
    scratch.starts.clear();
    for ComponentBytes { hash, bytes } in command.components() {
        let Some(component) = registry.by_hash(hash) else {
            let reason =
                format!("no component has schema hash {hash:#018x}; name it in a query or in #[plugin(components(…))]");
            return Err(Dropped::Refused(reason));
        };
        let expected = if command.operation == Operation::Remove { 0 } else { component.info.size };
        if bytes.len() != expected {
            let name = &component.info.name;
            return Err(Dropped::Refused(format!("\"{name}\" has {expected} bytes, the command {}", bytes.len())));
        }
        if scratch.ids.contains(&component.id) {
            return Err(Dropped::Refused(format!("it contains \"{}\" twice", component.info.name)));
        }
        scratch.ids.push(component.id);
        scratch.starts.push(scratch.words.len());
        let (whole, rest) = bytes.as_chunks::<8>();
        scratch.words.extend(whole.iter().map(|word| u64::from_ne_bytes(*word)));
        if !rest.is_empty() {
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            scratch.words.push(u64::from_ne_bytes(last));
        }
    }
    Ok(())
}
