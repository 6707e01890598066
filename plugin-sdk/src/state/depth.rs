//! How deep a state may be nested: one limit for writer and reader, in plain fields and in opaque ones, so that what is written can
//! be read.
//!
//! The second guard is the stack: a level costs the reader several times what it costs the writer, whose allowance is smaller by
//! as much. The host gives both [`STATE_STACK_BYTES`].

use core::cell::Cell;

use super::error::Error;
use crate::abi::STATE_STACK_BYTES;

/// Sequences, maps and structs within one another.
pub(super) const LEVELS_MAX: u32 = 1_024;

/// Of stack, for the reader. The host's own calls have the rest.
pub(super) const READER_STACK_BYTES: usize = STATE_STACK_BYTES / 8 * 7;

/// Of stack, for the writer.
pub(super) const WRITER_STACK_BYTES: usize = READER_STACK_BYTES / 8;

/// See the module.
#[derive(Debug)]
pub(super) struct Depth {
    levels: Cell<u32>,
    /// The lowest address that the stack, which grows downwards, may reach.
    floor: usize,
}

impl Depth {
    pub(super) fn new(stack: usize) -> Self {
        Self { levels: Cell::new(0), floor: here().saturating_sub(stack) }
    }

    /// One level deeper.
    #[inline]
    pub(super) fn enter(&self) -> Result<(), Error> {
        let levels = self.levels.get() + 1;
        self.levels.set(levels);
        if levels > LEVELS_MAX {
            return Err(too_deep());
        }
        self.look()
    }

    /// Back from a level.
    #[inline]
    pub(super) fn leave(&self) {
        self.levels.set(self.levels.get() - 1);
    }

    /// Refuses to go on with little stack left.
    #[inline]
    pub(super) fn look(&self) -> Result<(), Error> {
        if here() < self.floor {
            return Err(too_large(self.levels.get()));
        }
        Ok(())
    }
}

#[cold]
fn too_deep() -> Error {
    Error::new(format_args!(
        "it is nested more than {LEVELS_MAX} levels deep, which is the limit of a state; keep a long chain as a list"
    ))
}

#[cold]
fn too_large(level: u32) -> Error {
    Error::new(format_args!(
        "at level {level} its types need too much stack; keep a long chain as a list, and large arrays in a `Vec` or `Box`"
    ))
}

/// About where the stack is now.
#[inline]
fn here() -> usize {
    let place = 0_u8;
    core::hint::black_box(&raw const place).addr()
}
