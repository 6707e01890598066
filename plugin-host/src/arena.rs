//! The frame arena: a bump allocator whose memory lives for one frame and stays readable during the next.
//!
//! Plugins bump-allocate within a piece; only a refill calls this module. The lock is held only while a piece is handed out, never across a
//! call into a plugin. The steady state allocates nothing: chunks are reused.
//!
//! # Invariants
//! 1. Each byte is handed out at most once a frame.
//! 2. Memory of frame n is untouched until frame n + [`FrameArena::FRAMES`] begins.
//! 3. A plugin's allowance depends only on what it has taken itself: each plugin has a quota, and there is no shared limit. The total is
//!    bounded by the number of plugins.
//!
//! # Failure
//! A refill beyond the quota is refused; the plugin sees `ArenaFull`. Only the first of consecutive frames with refusals is logged.

#![expect(unsafe_code, reason = "lends raw memory to plugins")]

use std::mem::MaybeUninit;
use std::sync::Mutex;

use plugin_sdk::abi::Bump;

/// Bytes of a chunk, unless one allocation needs more.
const CHUNK_BYTES: usize = 256 << 10;

/// Alignment of every chunk, and the largest that an allocation may request without waste.
const CHUNK_ALIGN: usize = 64;

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([MaybeUninit<u8>; CHUNK_ALIGN]);

/// Default quota of the frame arena for each plugin, in bytes a frame: a quarter of the 64 MiB for which the arena of a usual game is made.
pub const ARENA_QUOTA_BYTES: usize = (64 << 20) / 4;

/// Memory of the last frames.
#[derive(Debug)]
pub struct FrameArena {
    frames: [Mutex<Chunks>; Self::FRAMES],
    /// Index of the current frame's memory, in `0 .. FRAMES`.
    current: usize,
    /// Number of frames so far.
    number: u64,
    /// Quota of one plugin in one frame, in bytes.
    quota: usize,
}

/// One plugin's use of the frame arena.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArenaUse {
    /// The most bytes that it took in one frame.
    pub peak_bytes: usize,
    /// Allocations that the quota refused.
    pub refused: u64,
}

impl ArenaUse {
    /// Adds the use of another lifetime of the plugin.
    pub(crate) fn add(&mut self, other: Self) {
        self.peak_bytes = self.peak_bytes.max(other.peak_bytes);
        self.refused += other.refused;
    }
}

/// One plugin's account of the arena.
#[derive(Debug, Default)]
pub(crate) struct Share {
    /// The frame that `used` refers to.
    frame: u64,
    used: usize,
    /// The last frame in which an allocation was refused.
    refused_in: Option<u64>,
    total: ArenaUse,
}

impl Share {
    pub(crate) fn total(&self) -> ArenaUse {
        self.total
    }

    fn take(&mut self, bytes: usize) {
        self.used += bytes;
        self.total.peak_bytes = self.total.peak_bytes.max(self.used);
    }
}

/// Error: a plugin's quota refuses an allocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    bytes: usize,
    used: usize,
    quota: usize,
    /// Whether this is the first refusal in this frame, and the previous frame had none.
    is_first: bool,
}

impl Refusal {
    /// Logs the refusal if it is the first of consecutive frames with refusals.
    pub(crate) fn tell(&self, plugin: &str, place: &dyn std::fmt::Display) {
        let Self { bytes, used, quota, is_first } = self;
        if *is_first {
            tracing::warn!(
                plugin,
                "the frame arena refused {plugin} {bytes} bytes {place}: it has used {used} of its quota of {quota} bytes in this frame; allocate less, or raise the quota with `Host::with_arena_quota`"
            );
        }
    }
}

/// One frame's memory.
#[derive(Default)]
struct Chunks {
    chunks: Vec<Box<[Line]>>,
    /// Number of chunks that are handed out, in `0 ..= chunks.len()`.
    next: usize,
    /// Returned pieces that have room left.
    open: Vec<Bump>,
    /// Bytes handed out in chunks.
    given: usize,
    /// Bytes of pieces that were too small for the request.
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

// SAFETY: the bumps point into the boxed chunks; each piece is used by its holder alone, one at a time.
unsafe impl Send for Chunks {}

impl FrameArena {
    /// Frames whose memory is readable, including the current one.
    pub const FRAMES: usize = 2;

    /// Creates an arena that gives each plugin at most `quota` bytes a frame.
    #[must_use]
    pub fn new(quota: usize) -> Self {
        Self { frames: std::array::from_fn(|_| Mutex::default()), current: 0, number: 0, quota }
    }

    /// Ends the frame and frees what was allocated [`Self::FRAMES`] frames ago. Returns the bytes that the ended frame used.
    pub fn flip(&mut self) -> usize {
        let used = self.lock().used();
        self.current = (self.current + 1) % Self::FRAMES;
        self.number += 1;
        let mut next = self.lock();
        next.open.clear();
        (next.next, next.given, next.wasted) = (0, 0, 0);
        drop(next);
        used
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Chunks> {
        self.frames[self.current].lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Chunks {
    /// Hands out the next chunk of at least `bytes`.
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

/// One call's piece of the arena; given back on drop.
pub(crate) struct Piece<'a> {
    arena: &'a FrameArena,
    share: &'a mut Share,
    /// Start of this call's part of the piece.
    start: *mut u8,
    /// End of the piece; the plugin sees only as much of it as its quota allows.
    end: *mut u8,
    /// The rest that the plugin has not used.
    pub(crate) left: Bump,
}

impl<'a> Piece<'a> {
    /// Opens a piece for one call; it may be empty.
    pub(crate) fn open(arena: &'a FrameArena, share: &'a mut Share) -> Self {
        if share.frame != arena.number {
            (share.frame, share.used) = (arena.number, 0);
        }
        let bump = arena.lock().open.pop().unwrap_or(Bump::EMPTY);
        let mut piece = Self { arena, share, start: bump.cursor, end: bump.end, left: bump };
        piece.left = piece.within_quota(bump);
        piece
    }

    /// Exchanges the rest of this piece for a new one with room for `size` bytes at `align`.
    pub(crate) fn refill(&mut self, left: Bump, size: usize, align: usize) -> Result<Bump, Refusal> {
        self.account(left);
        let needed = size.saturating_add(align.saturating_sub(CHUNK_ALIGN)).max(1);
        let quota = self.arena.quota;
        if needed > quota.saturating_sub(self.share.used) {
            return Err(self.refuse(size));
        }
        let mut chunks = self.arena.lock();
        chunks.wasted += length(Bump { end: self.end, ..left });
        let fresh = chunks.take(needed.max(CHUNK_BYTES));
        drop(chunks);
        (self.start, self.end) = (fresh.cursor, fresh.end);
        self.left = self.within_quota(fresh);
        Ok(self.left)
    }

    fn refuse(&mut self, bytes: usize) -> Refusal {
        let (now, used, quota) = (self.arena.number, self.share.used, self.arena.quota);
        let is_first = self.share.refused_in.is_none_or(|last| last + 1 < now);
        self.share.refused_in = Some(now);
        self.share.total.refused += 1;
        Refusal { bytes, used, quota, is_first }
    }

    /// Adds what the plugin took of the piece to its account.
    fn account(&mut self, left: Bump) {
        self.share.take(left.cursor.addr().saturating_sub(self.start.addr()));
        self.start = left.cursor;
    }

    /// The part of `piece` that the plugin may still take.
    fn within_quota(&self, piece: Bump) -> Bump {
        let allowed = self.arena.quota.saturating_sub(self.share.used);
        if length(piece) <= allowed {
            return piece;
        }
        Bump { end: piece.cursor.wrapping_add(allowed), ..piece }
    }
}

impl Drop for Piece<'_> {
    fn drop(&mut self) {
        self.account(self.left);
        if self.left.cursor < self.end {
            self.arena.lock().open.push(Bump { cursor: self.left.cursor, end: self.end });
        }
    }
}

fn length(piece: Bump) -> usize {
    piece.end.addr().saturating_sub(piece.cursor.addr())
}

#[cfg(test)]
mod tests {
    use super::{ArenaUse, CHUNK_BYTES, FrameArena, Piece, Refusal, Share};
    use plugin_sdk::abi::Bump;

    const QUOTA: usize = 1 << 20;

    /// Allocates `bytes` as a plugin does; returns the memory or the refusal.
    fn take(piece: &mut Piece<'_>, bytes: usize) -> Result<*mut u8, Refusal> {
        let mut bump = piece.left;
        if super::length(bump) < bytes {
            bump = piece.refill(bump, bytes, 8)?;
        }
        piece.left = Bump { cursor: bump.cursor.wrapping_add(bytes), ..bump };
        Ok(bump.cursor)
    }

    /// One call that allocates `bytes`.
    fn call(arena: &FrameArena, share: &mut Share, bytes: usize) -> Result<*mut u8, Refusal> {
        take(&mut Piece::open(arena, share), bytes)
    }

    #[test]
    fn used_bytes_count_neither_rest_nor_waste() {
        let (mut arena, mut share) = (FrameArena::new(QUOTA), Share::default());
        let mut piece = Piece::open(&arena, &mut share);
        take(&mut piece, 100).expect("within the quota");
        take(&mut piece, CHUNK_BYTES).expect("within the quota");
        drop(piece);
        call(&arena, &mut share, 50).expect("within the quota");
        assert_eq!(arena.flip(), 100 + CHUNK_BYTES + 50);
        assert_eq!(share.total(), ArenaUse { peak_bytes: 100 + CHUNK_BYTES + 50, refused: 0 });
    }

    #[test]
    fn a_piece_given_back_is_used_on_and_accounted_to_whom_uses_it() {
        let (arena, [mut one, mut two]) = (FrameArena::new(QUOTA), [Share::default(), Share::default()]);
        let first = call(&arena, &mut one, 8).expect("within the quota");
        let second = call(&arena, &mut two, 24).expect("within the quota");
        assert_eq!(second, first.wrapping_add(8));
        call(&arena, &mut one, 8).expect("within the quota");
        assert_eq!([one.total().peak_bytes, two.total().peak_bytes], [16, 24]);
    }

    #[test]
    fn past_its_quota_a_plugin_is_refused_and_no_other() {
        let arena = FrameArena::new(QUOTA);
        for _ in 0..20 {
            let (mut greedy, mut modest) = (Share::default(), Share::default());
            while call(&arena, &mut greedy, 100_000).is_ok() {}
            assert_eq!(greedy.total(), ArenaUse { peak_bytes: 1_000_000, refused: 1 });
            call(&arena, &mut modest, 100_000).expect("within the quota");
        }
    }

    #[test]
    fn a_quota_is_kept_to_the_byte_whoever_left_the_piece() {
        let (arena, [mut one, mut two]) = (FrameArena::new(CHUNK_BYTES / 2), [Share::default(), Share::default()]);
        let first = call(&arena, &mut one, CHUNK_BYTES / 2).expect("its whole quota");
        assert!(call(&arena, &mut one, 1).is_err());
        let second = call(&arena, &mut two, CHUNK_BYTES / 2).expect("its whole quota");
        assert_eq!(
            second,
            first.wrapping_add(CHUNK_BYTES / 2),
            "the second plugin gets the memory that the first may not take"
        );
        assert!(call(&arena, &mut two, 1).is_err());
    }

    #[test]
    fn a_row_of_frames_with_refusals_is_told_once() {
        let (mut arena, mut share) = (FrameArena::new(QUOTA), Share::default());
        let mut told = Vec::new();
        for wants in [QUOTA + 1, QUOTA + 1, 1, QUOTA + 1] {
            for _ in 0..2 {
                let refused = call(&arena, &mut share, wants).err();
                told.push(refused.is_some_and(|refusal| refusal.is_first));
            }
            arena.flip();
        }
        assert_eq!(told, [true, false, false, false, false, false, true, false]);
    }

    #[test]
    fn an_allocation_that_no_memory_holds_is_refused() {
        let (arena, mut share) = (FrameArena::new(usize::MAX), Share::default());
        let mut piece = Piece::open(&arena, &mut share);
        take(&mut piece, 8).expect("within the quota");
        let left = piece.left;
        assert!(piece.refill(left, usize::MAX, 8).is_err());
    }

    #[test]
    fn memory_of_the_last_frame_is_not_handed_out_in_this_one() {
        let (mut arena, mut share) = (FrameArena::new(QUOTA), Share::default());
        let mut frame = || {
            let place = call(&arena, &mut share, 8).expect("within the quota");
            arena.flip();
            place
        };
        let (last, this) = (frame(), frame());
        assert_ne!(last, this);
        assert_eq!(frame(), last);
    }
}
