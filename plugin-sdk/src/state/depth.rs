//! How deep a state may be nested: one limit for writer and reader, in plain fields and in opaque ones, so that what is written can
//! be read.
//!
//! The second guard is the stack: a level costs the reader several times what it costs the writer, whose allowance is smaller by
//! as much. The host gives both a stack that has this room.

use core::cell::Cell;

use super::error::Error;

/// Sequences, maps and structs within one another.
pub(super) const LEVELS_MAX: u32 = 1_024;

/// Of stack, for the writer.
pub(super) const WRITER_STACK_BYTES: usize = 6 << 20;

/// Of stack, for the reader.
pub(super) const READER_STACK_BYTES: usize = 48 << 20;

/// See the module.
#[derive(Debug)]
pub(super) struct Depth {
    levels: Cell<u32>,
    /// Address in the frame where it began.
    base: usize,
    stack: usize,
}

impl Depth {
    pub(super) fn new(stack: usize) -> Self {
        Self { levels: Cell::new(0), base: here(), stack }
    }

    /// One level deeper.
    pub(super) fn enter(&self) -> Result<(), Error> {
        let levels = self.levels.get() + 1;
        self.levels.set(levels);
        if levels > LEVELS_MAX {
            return Err(Error::new(format_args!(
                "it is nested more than {LEVELS_MAX} levels deep, which is the limit of a state; keep a long chain as a list"
            )));
        }
        self.look()
    }

    /// Back from a level.
    pub(super) fn leave(&self) {
        self.levels.set(self.levels.get() - 1);
    }

    /// Refuses to go on with little stack left.
    pub(super) fn look(&self) -> Result<(), Error> {
        if self.base.abs_diff(here()) > self.stack {
            return Err(Error::new(format_args!(
                "at level {} its types need too much stack; keep a long chain as a list, and large arrays in a `Vec` or `Box`",
                self.levels.get()
            )));
        }
        Ok(())
    }
}

/// About where the stack is now.
#[inline(never)]
fn here() -> usize {
    let place = 0_u8;
    core::hint::black_box(&raw const place).addr()
}
