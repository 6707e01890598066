//! Bump allocation in the host's frame arena: only a refill calls the host, and nothing is freed singly.
//!
//! # Failure
//! An allocation beyond the plugin's quota returns [`ArenaFull`]; earlier allocations stay valid. Other plugins' use doesn't matter.

#![expect(unsafe_code, reason = "bump allocation in memory that the host owns")]

use core::fmt;
use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

use crate::abi::{Bump, Call, Status};

/// The allocation exceeds what is left of the plugin's quota of the frame arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArenaFull;

impl fmt::Display for ArenaFull {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the plugin's quota of the frame arena is used up")
    }
}

impl core::error::Error for ArenaFull {}

/// Memory of the current frame.
#[derive(Clone, Copy, Debug)]
pub struct Arena<'frame> {
    /// The host's call, valid for `'frame` and used by this thread alone.
    call: NonNull<Call>,
    frame: PhantomData<&'frame Call>,
}

impl<'frame> Arena<'frame> {
    /// # Safety
    /// `call` is the host's call, valid for `'frame` and used by this thread alone.
    pub(crate) unsafe fn new(call: NonNull<Call>) -> Self {
        Self { call, frame: PhantomData }
    }

    /// Moves `value` into the arena.
    ///
    /// # Errors
    /// [`ArenaFull`] beyond the plugin's quota.
    #[inline]
    pub fn alloc<T: Copy>(self, value: T) -> Result<&'frame mut T, ArenaFull> {
        let place = self.reserve::<T>(1)?;
        Ok(place[0].write(value))
    }

    /// A slice of `length` copies of `value`.
    ///
    /// # Errors
    /// [`ArenaFull`] beyond the plugin's quota.
    pub fn slice<T: Copy>(self, length: usize, value: T) -> Result<&'frame mut [T], ArenaFull> {
        let places = self.reserve::<T>(length)?;
        for place in &mut *places {
            place.write(value);
        }
        // SAFETY: every place was written above.
        Ok(unsafe { assume_init(places) })
    }

    /// Copies `text` into the arena.
    ///
    /// # Errors
    /// [`ArenaFull`] beyond the plugin's quota.
    pub fn text(self, text: &str) -> Result<&'frame str, ArenaFull> {
        let mut bytes = self.vec::<u8>(text.len())?;
        bytes.extend(text.as_bytes())?;
        // SAFETY: a copy of valid UTF-8.
        Ok(unsafe { core::str::from_utf8_unchecked(bytes.into_slice()) })
    }

    /// An empty vector with room for `capacity` items; to grow, it moves within the arena.
    ///
    /// # Errors
    /// [`ArenaFull`] beyond the plugin's quota.
    pub fn vec<T: Copy>(self, capacity: usize) -> Result<ArenaVec<'frame, T>, ArenaFull> {
        Ok(ArenaVec { arena: self, places: self.reserve(capacity)?, length: 0 })
    }

    #[inline]
    pub(crate) fn reserve<T: Copy>(self, length: usize) -> Result<&'frame mut [MaybeUninit<T>], ArenaFull> {
        let size = size_of::<T>().checked_mul(length).ok_or(ArenaFull)?;
        let memory = self.bytes(size, align_of::<T>())?;
        // SAFETY: `bytes` gave `size` bytes, aligned, to nobody else, which live past `'frame`; uninitialized is allowed.
        Ok(unsafe { core::slice::from_raw_parts_mut(memory.as_ptr().cast(), length) })
    }

    #[inline]
    fn bytes(self, size: usize, align: usize) -> Result<NonNull<u8>, ArenaFull> {
        if size == 0 {
            return Ok(NonNull::without_provenance(core::num::NonZero::new(align).ok_or(ArenaFull)?));
        }
        match self.bump(size, align) {
            Some(memory) => Ok(memory),
            None => self.refill(size, align),
        }
    }

    #[inline]
    fn bump(self, size: usize, align: usize) -> Option<NonNull<u8>> {
        let bump = self.open();
        // SAFETY: the call is valid and only this thread uses it.
        let Bump { cursor, end } = unsafe { *bump };
        let start = cursor.addr().checked_next_multiple_of(align)?;
        let after = start.checked_add(size)?;
        if after > end.addr() {
            return None;
        }
        // SAFETY: as above.
        unsafe { (*bump).cursor = cursor.with_addr(after) };
        NonNull::new(cursor.with_addr(start))
    }

    #[cold]
    fn refill(self, size: usize, align: usize) -> Result<NonNull<u8>, ArenaFull> {
        let call = self.call.as_ptr();
        // SAFETY: the call is valid; this copies two plain pointers of it.
        let life = unsafe { (*call).life };
        // SAFETY: the host keeps its table alive for as long as any plugin is loaded.
        let host = unsafe { life.host() };
        // SAFETY: the host's own function, context and call.
        let status = unsafe { (host.arena_refill)(life.context, call, size, align) };
        if status != Status::OK {
            return Err(ArenaFull);
        }
        self.bump(size, align).ok_or(ArenaFull)
    }

    fn open(self) -> *mut Bump {
        // SAFETY: a field of the valid call; no reference is made.
        unsafe { &raw mut (*self.call.as_ptr()).arena }
    }
}

/// # Safety
/// Every item is initialized.
unsafe fn assume_init<T>(places: &mut [MaybeUninit<T>]) -> &mut [T] {
    // SAFETY: same layout; initialized by contract.
    unsafe { &mut *(core::ptr::from_mut(places) as *mut [T]) }
}

/// A growable vector in the frame arena. Memory that it has outgrown stays in use until the frame ends.
pub struct ArenaVec<'frame, T: Copy> {
    arena: Arena<'frame>,
    places: &'frame mut [MaybeUninit<T>],
    /// In `0 ..= places.len()`; the items below it are initialized.
    length: usize,
}

impl<T: Copy + fmt::Debug> fmt::Debug for ArenaVec<'_, T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.deref().fmt(out)
    }
}

impl<'frame, T: Copy> ArenaVec<'frame, T> {
    /// Appends `value`.
    ///
    /// # Errors
    /// [`ArenaFull`] beyond the plugin's quota; the vector stays unchanged.
    pub fn push(&mut self, value: T) -> Result<(), ArenaFull> {
        self.make_room(1)?;
        self.places[self.length].write(value);
        self.length += 1;
        Ok(())
    }

    /// Appends all of `values`.
    ///
    /// # Errors
    /// [`ArenaFull`] beyond the plugin's quota; the vector stays unchanged.
    pub fn extend(&mut self, values: &[T]) -> Result<(), ArenaFull> {
        self.make_room(values.len())?;
        for (place, value) in self.places[self.length..].iter_mut().zip(values) {
            place.write(*value);
        }
        self.length += values.len();
        Ok(())
    }

    /// Removes all items without dropping them; keeps the capacity.
    pub fn clear(&mut self) {
        self.length = 0;
    }

    /// Removes the items from `length` on without dropping them.
    pub(crate) fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    /// The items, for the frame's lifetime.
    #[must_use]
    pub fn into_slice(self) -> &'frame mut [T] {
        // SAFETY: places below `length` are initialized.
        unsafe { assume_init(&mut self.places[..self.length]) }
    }

    fn make_room(&mut self, more: usize) -> Result<(), ArenaFull> {
        let needed = self.length.checked_add(more).ok_or(ArenaFull)?;
        if needed > self.places.len() {
            let grown = self.arena.reserve(needed.max(self.places.len() * 2).max(8))?;
            grown[..self.length].copy_from_slice(&self.places[..self.length]);
            self.places = grown;
        }
        Ok(())
    }
}

impl<T: Copy> Deref for ArenaVec<'_, T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        let initialized = &self.places[..self.length];
        // SAFETY: places below `length` are initialized, and the layout is the same.
        unsafe { &*(core::ptr::from_ref(initialized) as *const [T]) }
    }
}

impl<T: Copy> DerefMut for ArenaVec<'_, T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: places below `length` are initialized.
        unsafe { assume_init(&mut self.places[..self.length]) }
    }
}
