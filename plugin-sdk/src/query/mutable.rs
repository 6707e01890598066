//! A component that notes when it is written.

use core::ops::{Deref, DerefMut};

/// Exclusive access to one component; writing through it stamps the row as changed.
#[derive(Debug)]
pub struct Mut<'a, T> {
    value: &'a mut T,
    changed: &'a mut u32,
    change_tick: u32,
}

impl<T> Mut<'_, T> {
    /// # Safety
    /// Both pointers are valid and unaliased for the result's lifetime.
    #[inline]
    pub(super) unsafe fn new(value: *mut T, changed: *mut u32, change_tick: u32) -> Self {
        // SAFETY: by contract.
        let value = unsafe { &mut *value };
        // SAFETY: by contract.
        let changed = unsafe { &mut *changed };
        Self { value, changed, change_tick }
    }
}

impl<T> Deref for Mut<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.value
    }
}

impl<T> DerefMut for Mut<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        *self.changed = self.change_tick;
        self.value
    }
}
