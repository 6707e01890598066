//! One mapped file, seen as 8-byte atomic words.
//!
//! Knows nothing of what the words mean. The raw pointer of a mapping never leaves this module.
//!
//! # Invariants
//! 1. `words` spans exactly the mapping, is page-aligned and lives as long as it.
//! 2. Nobody forms a reference to the mapped bytes other than to `AtomicU64`; peers change them at any time.
//! 3. A read-only mapping is only ever loaded from, Relaxed.
//!
//! # Failure
//! A file of the wrong size is refused when it is mapped. A same-user process that truncates a mapped file kills its
//! readers with SIGBUS; that is outside what a library can prevent, see `PROTOCOL.md`.

#![expect(unsafe_code, reason = "turns a mapping into a slice of atomics")]

mod text;

pub(crate) use text::{load_text, store_text};

use std::fs::File;
use std::io;

use memmap2::{MmapOptions, MmapRaw};

use crate::sync::AtomicU64;

/// Bytes of the header page of every segment.
pub(crate) const PAGE: usize = 4096;
/// Words of the header page.
pub(crate) const PAGE_WORDS: usize = PAGE / 8;

#[cfg(target_endian = "big")]
compile_error!("segments hold little-endian words, which this crate does not swap");

/// A mapping.
#[derive(Debug)]
pub(crate) struct Segment {
    map: MmapRaw,
}

impl Segment {
    /// Maps all of `file`, which must have `len` bytes, for reading and writing.
    pub(crate) fn writable(file: &File, len: u64) -> io::Result<Self> {
        let len = checked(file, len)?;
        Ok(Self { map: MmapOptions::new().len(len).populate().map_raw(file)? })
    }

    /// Maps all of `file`, which must have `len` bytes, for reading.
    pub(crate) fn readable(file: &File, len: u64) -> io::Result<Self> {
        let len = checked(file, len)?;
        Ok(Self { map: MmapOptions::new().len(len).populate().map_raw_read_only(file)? })
    }

    /// All words.
    #[inline]
    pub(crate) fn words(&self) -> &[AtomicU64] {
        let words = self.map.as_ptr().cast::<AtomicU64>();
        // SAFETY: by invariant 1 the memory is mapped, aligned and long enough for as long as `self`; by invariant 2 only
        // atomics view it. Any bytes are a valid AtomicU64.
        unsafe { std::slice::from_raw_parts(words, self.map.len() / 8) }
    }
}

fn checked(file: &File, len: u64) -> io::Result<usize> {
    let found = file.metadata()?.len();
    if found != len || !len.is_multiple_of(PAGE as u64) {
        let text = format!("the file has {found} bytes instead of {len}");
        return Err(io::Error::new(io::ErrorKind::InvalidData, text));
    }
    usize::try_from(len).map_err(|_| io::ErrorKind::OutOfMemory.into())
}

const _: () = {
    assert!(size_of::<AtomicU64>() == 8 && align_of::<AtomicU64>() == 8, "a word is 8 bytes");
    assert!(cfg!(target_pointer_width = "64"), "positions and sizes are 64 bits wide");
};
