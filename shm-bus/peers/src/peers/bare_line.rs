//! A bare cache line for each direction, in memory that two processes map: the lower bound for a block of 64 bytes.
//!
//! The first word is the number + 1 and is stored last. The next block may overwrite a line only after it was answered, so this is a
//! ping-pong and not a queue.

#![expect(unsafe_code, reason = "maps memory that two processes share")]

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Result, ensure};
use memmap2::{MmapOptions, MmapRaw};

use crate::block::{Block, SMALL};
use crate::link::{Across, Link};

/// One block, alone in its pair of lines.
#[repr(C, align(128))]
pub(super) struct Line([AtomicU64; SMALL]);

impl Line {
    /// Publishes the block of `number`.
    #[inline]
    pub(super) fn put(&self, number: u64) {
        let [first, rest @ ..] = Block::<SMALL>::of(number).0;
        let [flag, places @ ..] = &self.0;
        for (folder, word) in places.iter().zip(rest) {
            // ORDERING: Relaxed, published by the Release store below.
            folder.store(word, Ordering::Relaxed);
        }
        // ORDERING: Release, pairs with the Acquire load in `sum`.
        flag.store(first + 1, Ordering::Release);
    }

    /// The sum of the block after `last`, the flag of the previous one; `None` if it is not there.
    #[inline]
    pub(super) fn sum(&self, last: &mut u64) -> Option<u64> {
        let [flag, places @ ..] = &self.0;
        // ORDERING: Acquire, pairs with the Release store in `put`.
        let found = flag.load(Ordering::Acquire);
        if found == *last {
            return None;
        }
        *last = found;
        Some(places.iter().fold(found - 1, |sum, folder| sum.wrapping_add(folder.load(Ordering::Relaxed))))
    }
}

/// A page of lines that processes share.
pub(super) struct Page(MmapRaw);

impl Page {
    const BYTES: u64 = 4096;

    pub(super) fn make(folder: &Path) -> Result<Self> {
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(folder.join("page"))?;
        file.set_len(Self::BYTES)?;
        Ok(Self(MmapOptions::new().map_raw(&file)?))
    }

    pub(super) fn open(folder: &Path) -> Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(folder.join("page"))?;
        ensure!(file.metadata()?.len() == Self::BYTES, "another page");
        Ok(Self(MmapOptions::new().map_raw(&file)?))
    }

    #[inline]
    pub(super) fn line(&self, index: usize) -> &Line {
        let lines: &[Line; Self::BYTES as usize / size_of::<Line>()] = {
            // SAFETY: the mapping has as many bytes and is page-aligned, any bytes are atomic words, and both processes
            // access them as atomic words only. It lives as long as `self`.
            unsafe { &*self.0.as_ptr().cast() }
        };
        &lines[index]
    }
}

pub(crate) struct BareLine {
    page: Page,
    out: usize,
    into: usize,
    last: u64,
}

impl Link<SMALL> for BareLine {
    const NAME: &'static str = "bare_line";

    fn pair(folder: &Path) -> Result<(Self, Self)> {
        Ok((Self::listen(folder)?, Self::connect(folder)?))
    }

    #[inline]
    fn send(&mut self, number: u64) -> Result<bool> {
        self.page.line(self.out).put(number);
        Ok(true)
    }

    #[inline]
    fn receive(&mut self) -> Result<Option<u64>> {
        Ok(self.page.line(self.into).sum(&mut self.last))
    }
}

impl Across<SMALL> for BareLine {
    type Listening = Self;

    fn listen(folder: &Path) -> Result<Self> {
        Ok(Self { page: Page::make(folder)?, out: 0, into: 1, last: 0 })
    }

    fn accept(listening: Self) -> Result<Self> {
        Ok(listening)
    }

    fn connect(folder: &Path) -> Result<Self> {
        Ok(Self { page: Page::open(folder)?, out: 1, into: 0, last: 0 })
    }
}
