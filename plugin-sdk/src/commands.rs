//! Structural changes, recorded in the frame arena; the host checks and applies them at the end of the stage.

#![expect(unsafe_code, reason = "views plain components as bytes")]

use core::cell::RefCell;
use core::fmt;

use crate::abi::List;
use crate::abi::command::{COMPONENT_HEADER, HEADER, Operation};
use crate::arena::{Arena, ArenaFull, ArenaVec};
use crate::component::Component;
use shm_bus_wire::EntityId;

/// The recorded commands of one call, as 8-byte words.
#[derive(Debug, Default)]
pub(crate) struct CommandBuffer<'call> {
    words: Option<ArenaVec<'call, u64>>,
}

impl CommandBuffer<'_> {
    pub(crate) fn into_bytes(self) -> List<u8> {
        match self.words {
            None => List { pointer: core::ptr::null(), length: 0 },
            Some(words) => List { pointer: words.as_ptr().cast(), length: size_of_val(&*words) },
        }
    }
}

/// Records commands.
///
/// # Panics
/// Every method panics, at its caller's location, if the plugin's quota of the frame arena is used up. The host catches the panic and
/// drops the system's commands.
pub struct Commands<'frame, 'call> {
    buffer: &'frame RefCell<CommandBuffer<'call>>,
    arena: Arena<'call>,
}

impl fmt::Debug for Commands<'_, '_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Commands").finish_non_exhaustive()
    }
}

impl<'frame, 'call> Commands<'frame, 'call> {
    pub(crate) fn new(buffer: &'frame RefCell<CommandBuffer<'call>>, arena: Arena<'call>) -> Self {
        Self { buffer, arena }
    }

    /// Spawns an entity with the components of `bundle`: one component, or a tuple of up to eight.
    #[track_caller]
    pub fn spawn<B: Bundle>(&self, bundle: B) {
        self.record(Operation::Spawn, EntityId(0), B::COUNT, |words| bundle.write(words));
    }

    /// Despawns `entity`. If it no longer lives, the host ignores and counts the command.
    #[track_caller]
    pub fn despawn(&self, entity: EntityId) {
        self.record(Operation::Despawn, entity, 0, |_| {});
    }

    /// Adds the components of `bundle` to `entity`, replacing existing ones.
    #[track_caller]
    pub fn insert<B: Bundle>(&self, entity: EntityId, bundle: B) {
        self.record(Operation::Insert, entity, B::COUNT, |words| bundle.write(words));
    }

    /// Removes component `C` from `entity`.
    #[track_caller]
    pub fn remove<C: Component>(&self, entity: EntityId) {
        self.record(Operation::Remove, entity, 1, |words| words.component(C::SCHEMA_HASH, &[]));
    }

    #[track_caller]
    fn record(
        &self,
        operation: Operation,
        entity: EntityId,
        count: u32,
        components: impl FnOnce(&mut Words<'_, 'call>),
    ) {
        let mut buffer = self.buffer.borrow_mut();
        let vec = match &mut buffer.words {
            Some(words) => words,
            None => match self.arena.vec(64) {
                Ok(words) => buffer.words.insert(words),
                Err(full) => no_room(full),
            },
        };
        let before = vec.len();
        let mut words = Words { vec, result: Ok(()) };
        const { assert!(HEADER == 16) };
        words.push(pair(operation as u32, count));
        words.push(entity.0);
        components(&mut words);
        if let Err(full) = words.result {
            // A plugin that catches the panic continues with complete commands.
            words.vec.truncate(before);
            drop(buffer);
            no_room(full);
        }
    }
}

/// Receives a bundle's components.
#[derive(Debug)]
pub struct Words<'a, 'call> {
    vec: &'a mut ArenaVec<'call, u64>,
    /// Of all pushes; a panic in a closure would name this file as its location.
    result: Result<(), ArenaFull>,
}

impl Words<'_, '_> {
    fn push(&mut self, word: u64) {
        self.result = self.result.and_then(|()| self.vec.push(word));
    }

    fn component(&mut self, hash: u64, bytes: &[u8]) {
        const { assert!(COMPONENT_HEADER == 16) };
        self.push(hash);
        self.push(pair(bytes.len() as u32, 0));
        let (whole, rest) = bytes.as_chunks::<8>();
        for word in whole {
            self.push(u64::from_ne_bytes(*word));
        }
        if !rest.is_empty() {
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            self.push(u64::from_ne_bytes(last));
        }
    }
}

/// Two 32-bit fields in memory order.
fn pair(first: u32, second: u32) -> u64 {
    let [a, b, c, d] = first.to_ne_bytes();
    let [e, f, g, h] = second.to_ne_bytes();
    u64::from_ne_bytes([a, b, c, d, e, f, g, h])
}

#[cold]
#[track_caller]
fn no_room(full: ArenaFull) -> ! {
    panic!("cannot record a command: {full}")
}

/// Components that are added together: one, or a tuple of up to eight.
pub trait Bundle {
    /// Number of components.
    const COUNT: u32;
    /// Writes all components.
    fn write(&self, words: &mut Words<'_, '_>);
}

impl<C: Component> Bundle for C {
    const COUNT: u32 = 1;

    fn write(&self, words: &mut Words<'_, '_>) {
        // SAFETY: a component has no padding, hence every byte is initialized.
        let bytes = unsafe { core::slice::from_raw_parts(core::ptr::from_ref(self).cast(), size_of::<C>()) };
        words.component(C::SCHEMA_HASH, bytes);
    }
}

macro_rules! tuple {
    ($count:literal: $($component:ident $index:tt),+) => {
        impl<$($component: Component),+> Bundle for ($($component,)+) {
            const COUNT: u32 = $count;

            fn write(&self, words: &mut Words<'_, '_>) {
                $(Bundle::write(&self.$index, words);)+
            }
        }
    };
}
tuple!(1: A 0);
tuple!(2: A 0, B 1);
tuple!(3: A 0, B 1, C 2);
tuple!(4: A 0, B 1, C 2, D 3);
tuple!(5: A 0, B 1, C 2, D 3, E 4);
tuple!(6: A 0, B 1, C 2, D 3, E 4, F 5);
tuple!(7: A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuple!(8: A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
