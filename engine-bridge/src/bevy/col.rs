//! The host's bevy component for a component that plugins share.

use bevy_ecs::component::{Component, Mutable, StorageType};
use std::ops::{Deref, DerefMut};

/// A plugin component `T` as a bevy component. Spawn `Col(Position { … })`, query `&Col<Position>`. Call
/// [`ComponentRegistry::bind`](super::ComponentRegistry::bind) first: plugins don't see an unbound column.
///
/// `T` itself can't implement bevy's `Component`: the orphan rule forbids it here, and `T`'s crate doesn't depend on bevy.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(transparent)]
pub struct Col<T>(pub T);

impl<T: plugin_sdk::Component> Component for Col<T> {
    const STORAGE_TYPE: StorageType = StorageType::Table;
    type Mutability = Mutable;
}

impl<T> Deref for Col<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Col<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}
