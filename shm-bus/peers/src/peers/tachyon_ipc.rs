//! tachyon-ipc: a ring between two processes for each direction, with a Unix socket for the handshake.
//!
//! Its receive blocks; it is configured to spin as long as possible, and both ends are told that the other one never sleeps.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use tachyon_ipc::{Bus, TachyonError};

use crate::block::Block;
use crate::link::{Across, Batching, Link, ROOM};

pub(crate) struct TachyonIpc<const W: usize> {
    out: Bus,
    into: Bus,
}

impl<const W: usize> TachyonIpc<W> {
    /// Bytes of a ring for [`ROOM`] blocks, each after a header of a cache line; a power of two.
    const CAPACITY: usize = (ROOM * (Block::<W>::BYTES + 64)).next_power_of_two();

    fn over(out: Bus, into: Bus) -> Self {
        out.set_polling_mode(1);
        into.set_polling_mode(1);
        Self { out, into }
    }
}

fn socket(folder: &Path, name: &str) -> Result<String> {
    folder.join(name).into_os_string().into_string().map_err(|path| anyhow!("{} is not UTF-8", path.display()))
}

/// Waits until the other end listens, which it does only within a blocking call.
fn connect(folder: &Path, name: &str) -> Result<Bus> {
    const LOCK_TIMEOUT: Duration = Duration::from_secs(10);
    let (path, begun) = (socket(folder, name)?, Instant::now());
    loop {
        match Bus::connect(&path) {
            Ok(bus) => return Ok(bus),
            Err(error) if begun.elapsed() > LOCK_TIMEOUT => return Err(error).context("the other end does not listen"),
            Err(_) => std::thread::yield_now(),
        }
    }
}

impl<const W: usize> Link<W> for TachyonIpc<W> {
    const NAME: &'static str = "tachyon-ipc";

    fn pair(folder: &Path) -> Result<(Self, Self)> {
        std::thread::scope(|scope| {
            let far = scope.spawn(|| Self::connect(folder));
            let near = Self::accept(Self::listen(folder)?)?;
            let far = far.join().map_err(|_| anyhow!("the far end panicked"))??;
            Ok((near, far))
        })
    }

    #[inline]
    fn send(&mut self, number: u64) -> Result<bool> {
        match self.out.send(Block::<W>::of(number).as_bytes(), 0) {
            Ok(()) => Ok(true),
            Err(TachyonError::BufferFull) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    #[inline]
    fn receive(&mut self) -> Result<Option<u64>> {
        let received = self.into.acquire_rx(u32::MAX)?;
        let sum = Block::<W>::sum_of(received.data())?;
        received.commit()?;
        Ok(Some(sum))
    }
}

impl<const W: usize> Across<W> for TachyonIpc<W> {
    type Listening = PathBuf;

    fn listen(folder: &Path) -> Result<PathBuf> {
        Ok(folder.to_owned())
    }

    fn accept(folder: PathBuf) -> Result<Self> {
        let out = Bus::listen(&socket(&folder, "there")?, Self::CAPACITY)?;
        Ok(Self::over(out, Bus::listen(&socket(&folder, "back")?, Self::CAPACITY)?))
    }

    fn connect(folder: &Path) -> Result<Self> {
        let into = connect(folder, "there")?;
        Ok(Self::over(connect(folder, "back")?, into))
    }
}

impl<const W: usize> Batching<W> for TachyonIpc<W> {
    #[inline]
    fn send_many(&mut self, numbers: Range<u64>) -> Result<u64> {
        let mut sent = 0;
        for number in numbers {
            let slot = match self.out.acquire_tx(Block::<W>::BYTES) {
                Ok(slot) => slot,
                Err(TachyonError::BufferFull) => break,
                Err(error) => return Err(error.into()),
            };
            slot.write(Block::<W>::of(number).as_bytes());
            slot.commit_unflushed(Block::<W>::BYTES, 0)?;
            sent += 1;
        }
        self.out.flush();
        Ok(sent)
    }

    #[inline]
    fn receive_many(&mut self, mut each: impl FnMut(u64) -> Result<()>) -> Result<()> {
        const BATCH: usize = 64;
        let batch = self.into.drain_batch(BATCH, u32::MAX)?;
        batch.iter().try_for_each(|block| each(Block::<W>::sum_of(block.data())?))?;
        Ok(batch.commit()?)
    }
}
