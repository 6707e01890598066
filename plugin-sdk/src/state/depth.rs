//! How deep a state may be nested: one limit for writer and reader, so that what is written can be read.
//!
//! The second guard is the stack: a level costs the reader several times what it costs the writer, whose allowance is smaller by
//! as much. The host gives both a stack that has this room.

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
    levels: u32,
    /// Address in the frame where it began.
    base: usize,
    stack: usize,
}

impl Depth {
    pub(super) fn new(stack: usize) -> Self {
        Self { levels: 0, base: here(), stack }
    }

    /// One level deeper.
    pub(super) fn enter(&mut self) -> Result<(), Error> {
        self.levels += 1;
        if self.levels > LEVELS_MAX {
            return Err(Error::new(format_args!(
                "it is nested more than {LEVELS_MAX} levels deep, which is the limit of a state; keep a long chain as a list"
            )));
        }
        self.look()
    }

    /// Back from a level.
    pub(super) fn leave(&mut self) {
        self.levels -= 1;
    }

    /// Refuses to go on with little stack left.
    pub(super) fn look(&self) -> Result<(), Error> {
        if self.base.abs_diff(here()) > self.stack {
            return Err(Error::new(format_args!(
                "at level {} its types need too much stack; keep a long chain as a list, and large arrays in a `Vec` or `Box`",
                self.levels
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
