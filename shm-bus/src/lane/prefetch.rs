//! Asking for cache lines before they are read: hints to the processor, without effect on what a program means. Asking for lines
//! before they are written was tried too, and made streams slower.
//!
//! A record's place follows from the length of the one before it, which may still be on its way from another processor; without
//! hints the lines of a stream would be fetched one after the other.

#![cfg_attr(target_arch = "x86_64", expect(unsafe_code, reason = "the instruction takes a pointer"))]

use crate::sync::AtomicU64;

/// How far ahead, in words: eight cache lines.
pub(super) const AHEAD: usize = 64;

/// Asks for the line of `word` to be read.
#[inline(always)]
pub(super) fn to_read(word: &AtomicU64) {
    #[cfg(all(target_arch = "x86_64", not(loom)))]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a hint, whatever the address; this one is mapped.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(word.as_ptr().cast()) };
    }
    #[cfg(any(not(target_arch = "x86_64"), loom))]
    let _ = word;
}
