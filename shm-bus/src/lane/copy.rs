//! Copying between a ring and private memory, in blocks of a record's alignment: four words.
//!
//! A ring is shared memory, so each of its words is loaded and stored as an atomic, Relaxed. Their order doesn't matter, as the commit word
//! orders all of them. The compiler makes eight instructions of a block's four words. On x86-64 four 16-byte moves suffice, and more cache
//! lines are in flight between two processors at a time.
//!
//! # Invariants
//! 1. Each word is copied once. A copy that overlapped a write is discarded: `[LAP]`.

use crate::sync::{AtomicU64, Ordering};

/// Words in a block.
const BLOCK: usize = 4;

#[cfg(not(all(target_arch = "x86_64", not(any(loom, word_by_word, feature = "crash-points")))))]
use word_by_word as block;
#[cfg(all(target_arch = "x86_64", not(any(loom, word_by_word, feature = "crash-points"))))]
use x86_64 as block;

/// Copies `from` to the start of `to`, as far as both hold whole blocks.
#[inline(always)]
pub(super) fn copy_out(from: &[AtomicU64], to: &mut [u64]) {
    let (from, _) = from.as_chunks::<BLOCK>();
    let (to, _) = to.as_chunks_mut::<BLOCK>();
    let to = &mut to[..from.len()];
    for index in 0..from.len() {
        block::load(&from[index], &mut to[index]);
    }
}

/// Copies `bytes` to the start of `words` and fills the last word with zeros. Copies the end first, so that the words next to the commit
/// word, which readers poll, are written last.
#[inline(always)]
pub(crate) fn copy_in(words: &[AtomicU64], bytes: &[u8]) {
    let (blocks, rest) = bytes.as_chunks::<{ 8 * BLOCK }>();
    let (body, tail) = words.split_at(blocks.len() * BLOCK);
    if !rest.is_empty() {
        copy_rest(tail, rest);
    }
    let (body, _) = body.as_chunks::<BLOCK>();
    let body = &body[..blocks.len()];
    let mut index = blocks.len();
    while index > 0 {
        index -= 1;
        block::store(&body[index], &blocks[index]);
    }
}

fn copy_rest(words: &[AtomicU64], bytes: &[u8]) {
    let (whole, rest) = bytes.as_chunks::<8>();
    let (body, tail) = words.split_at(whole.len());
    for (word, bytes) in body.iter().zip(whole) {
        // ORDERING: Relaxed, published by [COMMIT].
        word.store(u64::from_le_bytes(*bytes), Ordering::Relaxed);
    }
    if !rest.is_empty() {
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        tail[0].store(u64::from_le_bytes(last), Ordering::Relaxed);
    }
}

/// Copies a block as the compiler does it.
#[cfg(any(test, not(all(target_arch = "x86_64", not(any(loom, word_by_word, feature = "crash-points"))))))]
mod word_by_word {
    use super::{AtomicU64, BLOCK, Ordering};

    #[inline(always)]
    pub(super) fn load(from: &[AtomicU64; BLOCK], to: &mut [u64; BLOCK]) {
        // ORDERING: Relaxed, after the fence of [COMMIT].
        *to = from.each_ref().map(|word| word.load(Ordering::Relaxed));
    }

    #[inline(always)]
    pub(super) fn store(to: &[AtomicU64; BLOCK], from: &[u8; 8 * BLOCK]) {
        let (from, _) = from.as_chunks::<8>();
        for (word, bytes) in to.iter().zip(from) {
            // ORDERING: Relaxed, published by [COMMIT].
            word.store(u64::from_le_bytes(*bytes), Ordering::Relaxed);
        }
    }
}

/// Copies a block in 16-byte moves. It is one assembly block, as the compiler knows no atomic of that size.
#[cfg(all(target_arch = "x86_64", not(any(loom, word_by_word, feature = "crash-points"))))]
mod x86_64 {
    #![expect(unsafe_code, reason = "atomics of two words, which std does not have")]

    use std::arch::asm;

    use super::{AtomicU64, BLOCK};
    use crate::lane::prefetch;

    #[inline(always)]
    pub(super) fn load(from: &[AtomicU64; BLOCK], to: &mut [u64; BLOCK]) {
        // ORDERING: Relaxed, after the fence of [COMMIT]: the compiler moves no memory access over either, and the processor keeps loads in
        // order.
        // SAFETY: both references are valid for 32 bytes; it does what `word_by_word::load` does. Nobody relies on words that arrive whole:
        // a gating reader's record is not written meanwhile, another reader's copy is discarded if it was, and any bytes are a valid word.
        unsafe {
            asm!(
                "movups {low}, [{from}]",
                "movups {high}, [{from} + 16]",
                "movups [{to}], {low}",
                "movups [{to} + 16], {high}",
                from = in(reg) from.as_ptr(),
                to = in(reg) to.as_mut_ptr(),
                low = out(xmm_reg) _,
                high = out(xmm_reg) _,
                options(nostack, preserves_flags),
            );
        }
    }

    /// Loads stay at 8 bytes. The payload was often just written in smaller pieces; a 16-byte load of two of them would miss store-to-load
    /// forwarding and wait until both have left the store buffer, behind all of this stream's stores there. A load of one word does not.
    #[inline(always)]
    pub(super) fn store(to: &[AtomicU64; BLOCK], from: &[u8; 8 * BLOCK]) {
        // ORDERING: Relaxed, published by [COMMIT], a Release store: the compiler moves no memory access over it, and the processor keeps
        // stores in order.
        // SAFETY: as in `load`; a shared reference to atomics allows writing to them. The prefetch is a hint, valid for any address; the
        // oldest processors, which do not know it, ignore it.
        unsafe {
            asm!(
                "movq {low}, [{from}]",
                "movhps {low}, [{from} + 8]",
                "movq {high}, [{from} + 16]",
                "movhps {high}, [{from} + 24]",
                "movups [{to} + 16], {high}",
                "movups [{to}], {low}",
                "prefetchw [{to} + {ahead}]",
                from = in(reg) from.as_ptr(),
                to = in(reg) to.as_ptr(),
                low = out(xmm_reg) _,
                high = out(xmm_reg) _,
                ahead = const prefetch::AHEAD,
                options(nostack, preserves_flags),
            );
        }
    }

    #[cfg(test)]
    mod tests {
        use super::super::word_by_word;
        use super::{AtomicU64, BLOCK};
        use crate::sync::Ordering;

        #[test]
        fn a_block_is_copied_as_word_by_word() {
            let bytes: [u8; 8 * BLOCK] = std::array::from_fn(|place| place as u8 + 1);
            let copied = |store: fn(&[AtomicU64; BLOCK], &[u8; 8 * BLOCK]),
                          load: fn(&[AtomicU64; BLOCK], &mut [u64; BLOCK])| {
                let (shared, mut private) = (std::array::from_fn(|_| AtomicU64::new(0)), [0; BLOCK]);
                store(&shared, &bytes);
                load(&shared, &mut private);
                (shared.map(|word| word.load(Ordering::Relaxed)), private)
            };
            let expected = copied(word_by_word::store, word_by_word::load);
            assert_eq!(expected.0.map(u64::to_le_bytes).concat(), bytes);
            assert_eq!(copied(super::store, super::load), expected);
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{copy_in, copy_out};
    use crate::sync::AtomicU64;

    #[test]
    fn what_goes_in_comes_out_whatever_its_length() {
        for len in 0..=100 {
            let bytes: Vec<u8> = (1..=len).collect();
            let words = bytes.len().div_ceil(32) * 4;
            let shared: Vec<_> = (0..words).map(|_| AtomicU64::new(u64::MAX)).collect();
            let mut private = vec![0; words];
            copy_in(&shared, &bytes);
            copy_out(&shared, &mut private);
            let out: Vec<u8> = private.into_iter().flat_map(u64::to_le_bytes).collect();
            assert_eq!(out[..bytes.len()], bytes, "{len}");
            assert!(out[bytes.len()..bytes.len().next_multiple_of(8)].iter().all(|byte| *byte == 0), "{len}");
        }
    }
}
