//! Checks plugins' commands and applies them to the world.
//!
//! # Failure
//! A command is dropped and counted if it names an entity that is dead or has no shared component, an unknown component, a component of
//! another size, or bytes that are no value of their component. The others are applied.

#![expect(unsafe_code, reason = "inserts components by id from bytes")]

use std::ptr::NonNull;

use bevy_ecs::component::ComponentId;
use bevy_ecs::entity::Entity;
use bevy_ecs::prelude::{Mut, Resource, World};
use bevy_ecs::ptr::OwningPtr;
use plugin_sdk::abi::command::{Command, ComponentBytes, Operation, decode};

use super::registry::{ALIGN_MAX, ComponentRegistry};

/// Outcomes of commands since the world was created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Resource)]
pub struct CommandStats {
    /// Applied.
    pub applied: u64,
    /// Stale: the entity was gone, usually because two systems despawned it.
    pub stale: u64,
    /// Refused: malformed, or with an unknown component, size or value.
    pub refused: u64,
}

/// Memory for one command's components, reused across frames.
#[derive(Debug, Default, Resource)]
pub(super) struct CommandScratch {
    ids: Vec<ComponentId>,
    /// The components' bytes, each from a new block on: a plugin's buffer may have any alignment.
    blocks: Vec<Block>,
    /// Index of each component's first block.
    starts: Vec<usize>,
}

/// Memory with the largest alignment of a component.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(16))]
struct Block([u8; ALIGN_MAX]);

const _: () = assert!(size_of::<Block>() == ALIGN_MAX && align_of::<Block>() == ALIGN_MAX);

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
            let CommandScratch { ids, blocks, starts } = scratch;
            let components = starts.iter().map(|start| {
                let bytes = NonNull::from(&mut blocks[*start..]).cast();
                // SAFETY: as many bytes as the component has, a value of it, checked in `gather`, aligned to 16; plain data, hence copied out.
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
    scratch.blocks.clear();
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
        let copy = scratch.copy(component.id, bytes);
        // Checks the copy, because the plugin may still write to its buffer.
        if let Some(fields) = component.checked.as_ref().filter(|_| command.operation != Operation::Remove)
            && let Err(error) = fields.check(copy)
        {
            return Err(Dropped::Refused(format!("\"{}\": {error}", component.info.name)));
        }
    }
    Ok(())
}

impl CommandScratch {
    /// Copies a component's bytes; returns the copy.
    fn copy(&mut self, id: ComponentId, bytes: &[u8]) -> &[u8] {
        let start = self.blocks.len();
        self.ids.push(id);
        self.starts.push(start);
        let (whole, rest) = bytes.as_chunks();
        self.blocks.extend(whole.iter().map(|block| Block(*block)));
        if !rest.is_empty() {
            let mut last = [0; ALIGN_MAX];
            last[..rest.len()].copy_from_slice(rest);
            self.blocks.push(Block(last));
        }
        // SAFETY: blocks have no padding, asserted above, and a byte no alignment; `bytes.len()` of them were just written.
        unsafe { std::slice::from_raw_parts(self.blocks[start..].as_ptr().cast(), bytes.len()) }
    }
}
