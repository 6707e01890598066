//! One mapping, accessed as 8-byte atomic words.
//!
//! Knows nothing about the meaning of the words. The raw pointer of a mapping never leaves this module.
//!
//! # Invariants
//! 1. `words` spans exactly the mapping, is page-aligned and lives as long as `mapping`.
//! 2. No references to the mapped bytes exist except to `AtomicU64`; peers change the bytes at any time.
//! 3. A read-only mapping is accessed only by Relaxed loads: std promises nothing else for memory that can't be written.
//! 4. A forked child has none of the mappings (Linux), and unmaps nothing.
//!
//! # Failure
//! A file of the wrong size is refused when it is mapped. If a process of the same user truncates a mapped file, its readers die with
//! SIGBUS. A library can't prevent this, see `PROTOCOL.md`.

#![expect(unsafe_code, reason = "turns a mapping into a slice of atomics")]

mod text;

pub(crate) use text::{load_text, store_text};

use std::fs::File;
use std::io;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::sync::Arc;

use memmap2::{MmapOptions, MmapRaw};

use crate::layout::PAGE;
use crate::sync::AtomicU64;
use crate::sys::Origin;

#[cfg(target_endian = "big")]
compile_error!("segments hold little-endian words, which this crate does not byte-swap");

/// A mapping, or a shared reference to one.
#[derive(Debug)]
pub(crate) struct Segment {
    /// The mapping's first word.
    words: NonNull<AtomicU64>,
    count: usize,
    mapping: Arc<Mapping>,
}

// SAFETY: only atomics are reached through `words` (invariant 2), and the mapping may be unmapped on any thread.
unsafe impl Send for Segment {}
// SAFETY: as above; `&Segment` gives `&[AtomicU64]` and nothing else.
unsafe impl Sync for Segment {}

/// Unmaps when the last reference is dropped, in the process that mapped.
#[derive(Debug)]
struct Mapping {
    map: ManuallyDrop<MmapRaw>,
    origin: Origin,
}

impl Segment {
    /// Maps all of `file`, which must have `len` bytes, for reading and writing.
    pub(crate) fn writable(file: &File, len: u64) -> io::Result<Self> {
        let len = checked(file, len)?;
        Ok(Self::of(MmapOptions::new().len(len).populate().map_raw(file)?))
    }

    /// Maps all of `file`, which must have `len` bytes, for reading.
    pub(crate) fn readable(file: &File, len: u64) -> io::Result<Self> {
        let len = checked(file, len)?;
        Ok(Self::of(MmapOptions::new().len(len).populate().map_raw_read_only(file)?))
    }

    /// Like [`Segment::readable`], but each page is loaded into memory at its first access.
    pub(crate) fn sparse(file: &File, len: u64) -> io::Result<Self> {
        let len = checked(file, len)?;
        Ok(Self::of(MmapOptions::new().len(len).map_raw_read_only(file)?))
    }

    /// Like [`Segment::writable`], but each page is loaded into memory at its first access.
    pub(crate) fn sparse_writable(file: &File, len: u64) -> io::Result<Self> {
        let len = checked(file, len)?;
        Ok(Self::of(MmapOptions::new().len(len).map_raw(file)?))
    }

    /// Maps all of `file`, which must have `len` bytes and may be open for reading only, copy-on-write: loads may use any ordering, and
    /// stores reach nobody.
    pub(crate) fn private(file: &File, len: u64) -> io::Result<Self> {
        let len = checked(file, len)?;
        let mut options = MmapOptions::new();
        // SAFETY: only references to atomics are formed to the mapped bytes (invariant 2), whoever changes the file.
        let map = unsafe { options.len(len).map_copy(file) }?;
        Ok(Self::of(map.into()))
    }

    /// Maps the first page of `file`, which may have any length, for reading.
    pub(crate) fn first_page(file: &File) -> io::Result<Self> {
        let found = file.metadata()?.len();
        if found < PAGE as u64 {
            return Err(wrong_size(found, PAGE as u64));
        }
        Ok(Self::of(MmapOptions::new().len(PAGE).map_raw_read_only(file)?))
    }

    /// `len` bytes of zeros that no other process can see.
    pub(crate) fn anonymous(len: u64) -> io::Result<Self> {
        let len = usize::try_from(len).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
        Ok(Self::of(MmapOptions::new().len(len).map_anon()?.into()))
    }

    /// The same memory, shared.
    pub(crate) fn share(&self) -> Self {
        Self { words: self.words, count: self.count, mapping: Arc::clone(&self.mapping) }
    }

    fn of(map: MmapRaw) -> Self {
        // A forked child that used the bus would be taken for its parent. If the advice is refused, dropping is still safe.
        #[cfg(target_os = "linux")]
        let _ = map.advise(memmap2::Advice::DontFork);
        let words = NonNull::new(map.as_mut_ptr()).expect("nothing is mapped at address 0").cast::<AtomicU64>();
        let count = map.len() / 8;
        Self { words, count, mapping: Arc::new(Mapping { map: ManuallyDrop::new(map), origin: Origin::here() }) }
    }

    /// All words.
    #[inline]
    pub(crate) fn words(&self) -> &[AtomicU64] {
        // SAFETY: by invariant 1 the memory is mapped, aligned and long enough for as long as `self`; by invariant 2 only atomics view it.
        // Any bytes are a valid AtomicU64.
        unsafe { std::slice::from_raw_parts(self.words.as_ptr(), self.count) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // In a forked child this address may belong to something else by now.
        if self.origin.is_here() {
            // SAFETY: not used again, as `self` is being dropped.
            unsafe { ManuallyDrop::drop(&mut self.map) };
        }
    }
}

fn checked(file: &File, len: u64) -> io::Result<usize> {
    let found = file.metadata()?.len();
    if found != len || !len.is_multiple_of(PAGE as u64) {
        return Err(wrong_size(found, len));
    }
    usize::try_from(len).map_err(|_| io::ErrorKind::OutOfMemory.into())
}

fn wrong_size(found: u64, wanted: u64) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the file has {found} bytes instead of {wanted}"))
}

const _: () = {
    assert!(size_of::<AtomicU64>() == 8 && align_of::<AtomicU64>() == 8, "a word is 8 bytes");
    assert!(cfg!(target_pointer_width = "64"), "positions and sizes are 64 bits wide");
};

#[cfg(test)]
mod tests {
    use super::Segment;
    use crate::layout::PAGE;
    use crate::sync::Ordering;

    #[test]
    fn what_is_stored_in_a_private_mapping_reaches_nobody() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        file.as_file().set_len(PAGE as u64).expect("room");
        let shared = Segment::writable(file.as_file(), PAGE as u64).expect("mapped");
        shared.words()[1].store(7, Ordering::Relaxed);
        let private = Segment::private(&file.reopen().expect("reads"), PAGE as u64).expect("mapped");
        assert_eq!(private.words()[1].load(Ordering::Acquire), 7);
        private.words()[1].store(8, Ordering::Relaxed);
        assert_eq!(shared.words()[1].load(Ordering::Relaxed), 7);
    }
}
