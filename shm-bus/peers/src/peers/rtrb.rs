//! rtrb: a ring between two threads.

use std::ops::Range;
use std::path::Path;

use anyhow::Result;
use rtrb::{Consumer, Producer, PushError, RingBuffer};

use crate::block::Block;
use crate::link::{Batching, Link, ROOM};

pub(crate) struct Rtrb<const W: usize> {
    out: Producer<Block<W>>,
    into: Consumer<Block<W>>,
}

impl<const W: usize> Link<W> for Rtrb<W> {
    const NAME: &'static str = "rtrb";

    fn pair(_: &Path) -> Result<(Self, Self)> {
        let ((to_far, at_far), (to_near, at_near)) = (RingBuffer::new(ROOM), RingBuffer::new(ROOM));
        Ok((Self { out: to_far, into: at_near }, Self { out: to_near, into: at_far }))
    }

    #[inline]
    fn send(&mut self, number: u64) -> Result<bool> {
        match self.out.push(Block::of(number)) {
            Ok(()) => Ok(true),
            Err(PushError::Full(_)) => Ok(false),
        }
    }

    #[inline]
    fn receive(&mut self) -> Result<Option<u64>> {
        Ok(self.into.pop().ok().map(|block| block.sum()))
    }
}

impl<const W: usize> Batching<W> for Rtrb<W> {
    #[inline]
    fn send_many(&mut self, numbers: Range<u64>) -> Result<u64> {
        let Ok(chunk) = self.out.write_chunk_uninit((numbers.end - numbers.start) as usize) else { return Ok(0) };
        Ok(chunk.fill_from_iter(numbers.map(Block::of)) as u64)
    }

    #[inline]
    fn receive_many(&mut self, mut each: impl FnMut(u64) -> Result<()>) -> Result<()> {
        let chunk = self.into.read_chunk(self.into.slots())?;
        let (first, second) = chunk.as_slices();
        first.iter().chain(second).try_for_each(|block| each(block.sum()))?;
        chunk.commit_all();
        Ok(())
    }
}
