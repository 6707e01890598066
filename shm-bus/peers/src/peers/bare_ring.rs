//! A bare ring for each direction, in memory that two processes map: the lower bound for a stream of records that carry their own commit
//! word, as the bus's do.
//!
//! Blocks are built and summed in the ring, by plain moves as wide as the compiler makes them. Storing them word by word takes four times as
//! long for 1 KiB: a processor has 56 to 72 pending stores, which are then too few for the lines in flight.
//!
//! A slot holds as many bytes as the bus's record of the same block. Its first word is the number + 1 and is stored last. There are no
//! lengths, kinds or checks, and one reader, which tells every eighth of the ring how far it is.

#![expect(unsafe_code, reason = "maps memory that two processes share, and fills it in place")]

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Result, ensure};
use memmap2::{MmapOptions, MmapRaw};

use crate::block::Block;
use crate::link::{Across, Link, ROOM};

/// Words of a slot besides its block, the commit word included: those of a record's header.
const HEADER: usize = 4;
/// Words of the page before the two rings. The cursors of their readers lie at 0 and `FAR`.
const PAGE: usize = 512;
const FAR: usize = 64;

/// The mapping: the page, then a ring for each direction.
struct Rings<const W: usize>(MmapRaw);

impl<const W: usize> Rings<W> {
    const SLOT: usize = HEADER + W;
    const WORDS: usize = PAGE + 2 * ROOM * Self::SLOT;

    fn map(folder: &Path, create: bool) -> Result<Self> {
        let path = folder.join("rings");
        let file = OpenOptions::new().read(true).write(true).create_new(create).open(path)?;
        if create {
            file.set_len(8 * Self::WORDS as u64)?;
        }
        ensure!(file.metadata()?.len() == 8 * Self::WORDS as u64, "other rings");
        Ok(Self(MmapOptions::new().populate().map_raw(&file)?))
    }

    #[inline]
    fn words(&self) -> &[AtomicU64] {
        // SAFETY: the mapping has as many words and is page-aligned, any bytes are atomic words, and nobody writes to a commit word or a cursor in
        // another way. It lives as long as `self`.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast(), Self::WORDS) }
    }

    /// The cursor of the ring `way`.
    #[inline]
    fn cursor(&self, way: usize) -> &AtomicU64 {
        &self.words()[way * FAR]
    }

    /// The slot of the `nth` block that is sent through the ring `way`: its header and its block.
    #[inline]
    fn slot(&self, way: usize, nth: u64) -> (&[AtomicU64; HEADER], &[AtomicU64]) {
        let at = PAGE + (way * ROOM + (nth % ROOM as u64) as usize) * Self::SLOT;
        let (header, block) = self.words()[at..at + Self::SLOT].split_at(HEADER);
        (header.try_into().expect("as long"), block)
    }
}

pub(crate) struct BareRing<const W: usize> {
    rings: Rings<W>,
    out: usize,
    sent: u64,
    /// Blocks that may be sent before the reader's cursor is looked at again.
    room: u64,
    received: u64,
}

impl<const W: usize> BareRing<W> {
    const fn new(rings: Rings<W>, out: usize) -> Self {
        Self { rings, out, sent: 0, room: ROOM as u64, received: 0 }
    }
}

impl<const W: usize> Link<W> for BareRing<W> {
    const NAME: &'static str = "bare_ring";

    fn pair(folder: &Path) -> Result<(Self, Self)> {
        Ok((Self::listen(folder)?, Self::connect(folder)?))
    }

    #[inline]
    fn send(&mut self, number: u64) -> Result<bool> {
        if self.sent == self.room {
            // ORDERING: Acquire, pairs with the Release store in `receive`.
            self.room = self.rings.cursor(self.out).load(Ordering::Acquire) + ROOM as u64;
            if self.sent == self.room {
                return Ok(false);
            }
        }
        let ([commit, ..], block) = self.rings.slot(self.out, self.sent);
        // SAFETY: the slot has room for the block and lies in a mapping that is writable and page-aligned. Its reader has passed it and reads
        // it again only after the Release store below.
        unsafe { block.as_ptr().cast_mut().cast::<Block<W>>().write(Block::of(number)) };
        self.sent += 1;
        // ORDERING: Release, pairs with the Acquire load in `receive`.
        commit.store(self.sent, Ordering::Release);
        Ok(true)
    }

    #[inline]
    fn receive(&mut self) -> Result<Option<u64>> {
        let into = 1 - self.out;
        let ([commit, ..], block) = self.rings.slot(into, self.received);
        // ORDERING: Acquire, pairs with the Release store in `send`.
        if commit.load(Ordering::Acquire) != self.received + 1 {
            return Ok(None);
        }
        // SAFETY: the block was written before its commit word, and its writer does not touch it until the cursor has passed it. Any words are
        // a block.
        let sum = unsafe { block.as_ptr().cast::<Block<W>>().read() }.sum();
        self.received += 1;
        if self.received.is_multiple_of(ROOM as u64 / 8) {
            // ORDERING: Release, pairs with the Acquire load in `send`: the block was summed before its slot is used again.
            self.rings.cursor(into).store(self.received, Ordering::Release);
        }
        Ok(Some(sum))
    }
}

impl<const W: usize> Across<W> for BareRing<W> {
    type Listening = Self;

    fn listen(folder: &Path) -> Result<Self> {
        Ok(Self::new(Rings::map(folder, true)?, 0))
    }

    fn accept(listening: Self) -> Result<Self> {
        Ok(listening)
    }

    fn connect(folder: &Path) -> Result<Self> {
        Ok(Self::new(Rings::map(folder, false)?, 1))
    }
}
