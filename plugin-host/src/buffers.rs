//! Memory for the arguments and the reply of a call, kept by each thread: allocating it takes as long as a call.

use std::cell::Cell;
use std::ops::{Deref, DerefMut};

/// A pair of larger capacity is not kept.
const KEPT_BYTES_MAX: usize = 1 << 16;

thread_local! {
    static KEPT: Cell<Buffers> = const { Cell::new(Buffers { arguments: Vec::new(), reply: Vec::new() }) };
}

/// Two empty vectors.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    pub(crate) arguments: Vec<u8>,
    pub(crate) reply: Vec<u8>,
}

impl Buffers {
    /// This thread's buffers; new ones within another call, and while the thread ends.
    #[inline]
    pub(crate) fn lend() -> Lent {
        Lent(KEPT.try_with(Cell::take).unwrap_or_default())
    }
}

/// Buffers that are given back when they are dropped.
#[derive(Debug)]
pub(crate) struct Lent(Buffers);

impl Deref for Lent {
    type Target = Buffers;

    fn deref(&self) -> &Buffers {
        &self.0
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut Buffers {
        &mut self.0
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let mut buffers = std::mem::take(&mut self.0);
        buffers.arguments.clear();
        buffers.reply.clear();
        if buffers.arguments.capacity() + buffers.reply.capacity() <= KEPT_BYTES_MAX {
            // A thread that ends keeps nothing.
            let _ = KEPT.try_with(|kept| kept.set(buffers));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_within_a_call_has_buffers_of_its_own_and_the_next_one_finds_them_empty() {
        let mut outer = Buffers::lend();
        outer.arguments.push(1);
        {
            let mut inner = Buffers::lend();
            assert!(inner.arguments.is_empty() && inner.reply.is_empty());
            inner.arguments.push(2);
        }
        assert_eq!(outer.arguments, [1]);
        drop(outer);
        let next = Buffers::lend();
        assert!(next.arguments.is_empty() && next.reply.is_empty());
    }

    #[test]
    fn large_buffers_are_not_kept() {
        Buffers::lend().reply.reserve(2 * KEPT_BYTES_MAX);
        assert!(Buffers::lend().reply.capacity() <= KEPT_BYTES_MAX);
    }
}
