//! The limit on a state's nesting: the same for writer and reader, in plain and opaque fields, so that every written state can be
//! read.
//!
//! A second limit guards the stack. A level costs the reader several times as much stack as the writer, so the writer's limit is smaller in
//! proportion. The host gives both [`STATE_STACK_BYTES`].

use core::cell::Cell;

use super::error::Error;
use crate::abi::STATE_STACK_BYTES;

/// Maximum nesting of sequences, maps and structs.
pub(super) const LEVELS_MAX: u32 = 1_024;

/// Bytes of stack for the reader. The rest is for the host's own calls.
pub(super) const READER_STACK_BYTES: usize = STATE_STACK_BYTES / 8 * 7;

/// Bytes of stack for the writer.
pub(super) const WRITER_STACK_BYTES: usize = READER_STACK_BYTES / 8;

/// See the module.
#[derive(Debug)]
pub(super) struct Depth {
    levels: Cell<u32>,
    /// The lowest address that the stack may reach; it grows downwards.
    floor: usize,
}

impl Depth {
    pub(super) fn new(stack: usize) -> Self {
        Self { levels: Cell::new(0), floor: here().saturating_sub(stack) }
    }

    /// Enters a level.
    #[inline]
    pub(super) fn enter(&self) -> Result<(), Error> {
        let levels = self.levels.get() + 1;
        self.levels.set(levels);
        if levels > LEVELS_MAX {
            return Err(too_deep());
        }
        self.look()
    }

    /// Leaves a level.
    #[inline]
    pub(super) fn leave(&self) {
        self.levels.set(self.levels.get() - 1);
    }

    /// Fails if little stack is left.
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

/// Approximate address of the top of the stack.
#[inline]
fn here() -> usize {
    let place = 0_u8;
    core::hint::black_box(&raw const place).addr()
}
