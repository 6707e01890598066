//! A bare futex and a cache line in memory that two processes map: the lower bound for waking.
//!
//! Every block is followed by a wake, whether or not the other end sleeps.

#![expect(unsafe_code, reason = "a futex is half of a word that is mapped")]

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Result;
use rustix::io::Errno;
use rustix::thread::futex;

use super::bare_line::{Line, Page};
use crate::block::SMALL;
use crate::link::{Across, Link, Sleeping};

pub(crate) struct BareFutex {
    page: Page,
    out: usize,
    into: usize,
    last: u64,
}

impl BareFutex {
    /// The futex that belongs to a line: it lies two lines behind it.
    fn word(&self, line: usize) -> &AtomicU32 {
        let line: *const Line = self.page.line(line + 2);
        // SAFETY: a line begins with an aligned word of 8 bytes, of which nobody accesses more than this half.
        unsafe { &*line.cast() }
    }
}

impl Link<SMALL> for BareFutex {
    const NAME: &'static str = "bare_futex";

    fn pair(folder: &Path) -> Result<(Self, Self)> {
        Ok((Self::listen(folder)?, Self::connect(folder)?))
    }

    fn send(&mut self, number: u64) -> Result<bool> {
        self.page.line(self.out).put(number);
        Ok(true)
    }

    fn receive(&mut self) -> Result<Option<u64>> {
        Ok(self.page.line(self.into).sum(&mut self.last))
    }
}

impl Sleeping<SMALL> for BareFutex {
    fn send_and_wake(&mut self, number: u64) -> Result<bool> {
        self.send(number)?;
        let word = self.word(self.out);
        // ORDERING: Release, pairs with the Acquire load in `receive_asleep`: a reader that sees the count sees the block.
        word.fetch_add(1, Ordering::Release);
        futex::wake(word, futex::Flags::empty(), 1)?;
        Ok(true)
    }

    fn receive_asleep(&mut self) -> Result<u64> {
        loop {
            // ORDERING: Acquire, pairs with the Release add in `send_and_wake`.
            let seen = self.word(self.into).load(Ordering::Acquire);
            if let Some(sum) = self.receive()? {
                return Ok(sum);
            }
            match futex::wait(self.word(self.into), futex::Flags::empty(), seen, None) {
                Ok(()) | Err(Errno::AGAIN | Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Across<SMALL> for BareFutex {
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
