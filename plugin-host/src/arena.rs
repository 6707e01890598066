//! The frame arena: bump memory that lives for one frame and stays readable for the next.
//!
//! Plugins bump within a piece; only a refill comes here. The lock is held for the moment of handing out a piece, never
//! across a call into a plugin. In the steady state nothing is allocated: chunks are used again.
//!
//! # Invariants
//! 1. A byte is handed out once a frame.
//! 2. Memory of frame n is untouched until frame n + [`FrameArena::FRAMES`] begins.
//!
//! # Failure
//! Past the limit a refill is refused, which the plugin sees as `ArenaFull`.

#![expect(unsafe_code, reason = "lends raw memory to plugins")]

use std::mem::MaybeUninit;
use std::sync::Mutex;

use plugin_sdk::abi::Bump;

/// Bytes of a chunk, unless one allocation needs more.
const CHUNK_BYTES: usize = 256 << 10;

/// Alignment of every chunk, and the largest that an allocation may ask for without waste.
const CHUNK_ALIGN: usize = 64;

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([MaybeUninit<u8>; CHUNK_ALIGN]);

/// Memory of the last frames.
#[derive(Debug)]
pub struct FrameArena {
    frames: [Mutex<Chunks>; Self::FRAMES],
    /// In `0 .. FRAMES`.
    current: usize,
    /// In bytes, of one frame.
    limit: usize,
}

/// One frame's memory.
#[derive(Default)]
struct Chunks {
    chunks: Vec<Box<[Line]>>,
    /// Chunks below it are handed out, in `0 ..= chunks.len()`.
    next: usize,
    /// Pieces that were given back with room left.
    open: Vec<Bump>,
    /// Bytes handed out in chunks.
    given: usize,
    /// Bytes of pieces that were too small for a request.
    wasted: usize,
}

impl std::fmt::Debug for Chunks {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Chunks")
            .field("chunks", &self.chunks.len())
            .field("given", &self.given)
            .finish_non_exhaustive()
    }
}

// SAFETY: the bumps point into the boxed chunks, which are used by whoever holds the piece, one at a time.
unsafe impl Send for Chunks {}

impl FrameArena {
    /// Frames that stay readable, the current one included.
    pub const FRAMES: usize = 2;

    /// An arena that gives at most `limit` bytes a frame.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { frames: std::array::from_fn(|_| Mutex::default()), current: 0, limit }
    }

    /// Ends the frame: what was allocated [`Self::FRAMES`] frames ago becomes free. Returns the bytes that the ended frame used.
    pub fn flip(&mut self) -> usize {
        let used = self.lock().used();
        self.current = (self.current + 1) % Self::FRAMES;
        let mut next = self.lock();
        next.open.clear();
        (next.next, next.given, next.wasted) = (0, 0, 0);
        drop(next);
        used
    }

    /// A piece for one call; may be empty.
    pub(crate) fn open(&self) -> Bump {
        self.lock().open.pop().unwrap_or(Bump::EMPTY)
    }

    /// Takes a piece back after the call.
    pub(crate) fn close(&self, piece: Bump) {
        if piece.cursor < piece.end {
            self.lock().open.push(piece);
        }
    }

    /// A fresh piece with room for `size` bytes at `align`, in exchange for `spent`; `None` at the limit.
    pub(crate) fn refill(&self, spent: Bump, size: usize, align: usize) -> Option<Bump> {
        let slack = align.saturating_sub(CHUNK_ALIGN);
        let needed = size.checked_add(slack)?.max(1);
        let mut chunks = self.lock();
        let bytes = needed.max(CHUNK_BYTES);
        if chunks.given.checked_add(bytes)? > self.limit {
            return None;
        }
        chunks.wasted += spent.end.addr() - spent.cursor.addr();
        Some(chunks.take(bytes))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Chunks> {
        self.frames[self.current].lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Chunks {
    /// The next chunk of at least `bytes`.
    fn take(&mut self, bytes: usize) -> Bump {
        let lines = bytes.div_ceil(CHUNK_ALIGN);
        let found = self.chunks[self.next..].iter().position(|chunk| chunk.len() >= lines);
        match found {
            Some(offset) => self.chunks.swap(self.next, self.next + offset),
            None => {
                let chunk = vec![Line([MaybeUninit::uninit(); CHUNK_ALIGN]); lines].into_boxed_slice();
                self.chunks.insert(self.next, chunk);
            }
        }
        let chunk = self.chunks[self.next].as_mut_ptr_range();
        self.next += 1;
        self.given += chunk.end.addr() - chunk.start.addr();
        Bump { cursor: chunk.start.cast(), end: chunk.end.cast() }
    }

    fn used(&self) -> usize {
        let left: usize = self.open.iter().map(|piece| piece.end.addr() - piece.cursor.addr()).sum();
        self.given - left - self.wasted
    }
}

#[cfg(test)]
mod tests {
    use super::{CHUNK_BYTES, FrameArena};
    use plugin_sdk::abi::Bump;

    fn spend(piece: &mut Bump, bytes: usize) {
        piece.cursor = piece.cursor.wrapping_add(bytes);
    }

    #[test]
    fn used_bytes_count_neither_rest_nor_waste() {
        let mut arena = FrameArena::new(1 << 20);
        let mut piece = arena.refill(arena.open(), 100, 8).expect("below the limit");
        spend(&mut piece, 100);
        let mut larger = arena.refill(piece, CHUNK_BYTES, 8).expect("below the limit");
        spend(&mut larger, 50);
        arena.close(larger);
        assert_eq!(arena.flip(), 150);
    }

    #[test]
    fn a_piece_given_back_is_used_on() {
        let arena = FrameArena::new(1 << 20);
        let mut piece = arena.refill(arena.open(), 8, 8).expect("below the limit");
        spend(&mut piece, 8);
        arena.close(piece);
        assert_eq!(arena.open().cursor, piece.cursor);
    }

    #[test]
    fn past_the_limit_nothing_is_given() {
        let arena = FrameArena::new(CHUNK_BYTES);
        let piece = arena.refill(Bump::EMPTY, 8, 8).expect("one chunk fits");
        assert!(arena.refill(piece, 8, 8).is_none());
    }

    #[test]
    fn memory_of_the_last_frame_is_not_handed_out_in_this_one() {
        let mut arena = FrameArena::new(1 << 20);
        let last = arena.refill(Bump::EMPTY, 8, 8).expect("below the limit");
        arena.flip();
        let this = arena.refill(Bump::EMPTY, 8, 8).expect("below the limit");
        assert_ne!(last.cursor, this.cursor);
        arena.flip();
        assert_eq!(arena.refill(Bump::EMPTY, 8, 8).expect("below the limit").cursor, last.cursor);
    }
}
