//! A two-way connection that carries blocks: what its ends can do, and how they wait by spinning.

use std::ops::Range;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::block::Block;

/// Number of blocks that a peer's queue has room for, the same for all.
pub(crate) const ROOM: usize = 4096;

/// One end of a two-way connection that carries blocks of `W` words.
pub(crate) trait Link<const W: usize>: Sized {
    /// The peer's name.
    const NAME: &'static str;

    /// Both ends, in this process. `folder` is an empty folder.
    fn pair(folder: &Path) -> Result<(Self, Self)>;

    /// Fills and sends the block of `number`; `false` if there is no room now.
    fn send(&mut self, number: u64) -> Result<bool>;

    /// Takes the next block and sums its words; `None` if there is none now.
    fn receive(&mut self) -> Result<Option<u64>>;
}

/// A connection between two processes, which know the same folder.
pub(crate) trait Across<const W: usize>: Link<W> {
    /// The state of the near end until the far end is there.
    type Listening;

    fn listen(folder: &Path) -> Result<Self::Listening>;
    fn accept(listening: Self::Listening) -> Result<Self>;
    fn connect(folder: &Path) -> Result<Self>;
}

/// An end that can sleep until a block arrives.
pub(crate) trait Sleeping<const W: usize>: Link<W> {
    /// Like [`Link::send`], and wakes the other end.
    fn send_and_wake(&mut self, number: u64) -> Result<bool> {
        self.send(number)
    }

    /// Sleeps until there is a block; returns its sum.
    fn receive_asleep(&mut self) -> Result<u64>;
}

/// An end that sends and takes several blocks in one go.
pub(crate) trait Batching<const W: usize>: Link<W> {
    /// Sends the blocks of `numbers`, or the first of them if there is no room for more now; returns their number.
    fn send_many(&mut self, numbers: Range<u64>) -> Result<u64>;

    /// Calls `each` with the sums of the present blocks.
    fn receive_many(&mut self, each: impl FnMut(u64) -> Result<()>) -> Result<()>;
}

/// Time without a block, or without room, after which a spinning end gives up.
const SILENCE_MAX: Duration = Duration::from_secs(10);

/// Polls until `poll` returns a value; fails if that takes too long.
#[inline]
pub(crate) fn spin<T>(mut poll: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    const POLLS_PER_LOOK: u32 = 1 << 16;
    let mut since: Option<Instant> = None;
    loop {
        for _ in 0..POLLS_PER_LOOK {
            if let Some(found) = poll()? {
                return Ok(found);
            }
        }
        if since.get_or_insert_with(Instant::now).elapsed() > SILENCE_MAX {
            bail!("the other end is silent");
        }
    }
}

/// Spins until there is room for the block of `number`.
#[inline]
pub(crate) fn send_spinning<const W: usize>(link: &mut impl Link<W>, number: u64) -> Result<()> {
    spin(|| Ok(link.send(number)?.then_some(())))
}

/// Spins until there is a block; returns its number.
#[inline]
pub(crate) fn receive_spinning<const W: usize>(link: &mut impl Link<W>) -> Result<u64> {
    Block::<W>::number_of(spin(|| link.receive())?)
}
