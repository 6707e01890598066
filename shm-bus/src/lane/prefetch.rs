//! Prefetches cache lines before they are used: hints to the processor that don't change a program's meaning.
//!
//! A record's position follows from the length of the one before it, which may still be in flight from another processor. Without hints the
//! lines of a stream would be fetched one after the other. [`copy`](super::copy) prefetches the lines that will be written.

#![cfg_attr(
    all(target_arch = "x86_64", not(loom)),
    expect(unsafe_code, reason = "hints that the language has no word for")
)]

use std::ops::Range;

use super::Geometry;
use crate::sync::AtomicU64;

/// Prefetch distance in bytes.
pub(super) const AHEAD: u64 = 1024;
/// Words of a cache line.
const LINE: usize = 8;

/// Prefetches the lines of `positions` for reading, as far as they lie in one lap.
#[inline(always)]
pub(super) fn to_read(ring: &[AtomicU64], geometry: Geometry, positions: Range<u64>) {
    let words = (positions.end.saturating_sub(positions.start) / 8) as usize;
    for word in ring[geometry.word(positions.start)..].iter().take(words).step_by(LINE) {
        line_of(word);
    }
}

/// `value`, hidden from the optimizer. The optimizer knows that the extent just read is equal, and would use that, so the next position
/// would depend on its load. `black_box` may go through memory.
#[inline(always)]
pub(super) fn predicted(value: u64) -> u64 {
    #[cfg(all(target_arch = "x86_64", not(loom)))]
    {
        let same: u64;
        // SAFETY: no instruction; the operand stays as it is.
        unsafe {
            std::arch::asm!("/* {0} */", inout(reg) value => same, options(pure, nomem, nostack, preserves_flags))
        };
        same
    }
    #[cfg(any(not(target_arch = "x86_64"), loom))]
    std::hint::black_box(value)
}

/// Prefetches the line of `word` for reading.
#[inline(always)]
pub(super) fn line_of(word: &AtomicU64) {
    #[cfg(all(target_arch = "x86_64", not(loom)))]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a hint, valid for any address; this one is mapped.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(word.as_ptr().cast()) };
    }
    #[cfg(any(not(target_arch = "x86_64"), loom))]
    let _ = word;
}
