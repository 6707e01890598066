//! nexus-queue: a single-producer ring between two threads.

use std::path::Path;

use anyhow::Result;
use nexus_queue::Full;
use nexus_queue::spsc::{Consumer, Producer, ring_buffer};

use crate::block::Block;
use crate::link::{Link, ROOM};

pub(crate) struct NexusQueue<const W: usize> {
    out: Producer<Block<W>>,
    into: Consumer<Block<W>>,
}

impl<const W: usize> Link<W> for NexusQueue<W> {
    const NAME: &'static str = "nexus-queue";

    fn pair(_: &Path) -> Result<(Self, Self)> {
        let ((to_far, at_far), (to_near, at_near)) = (ring_buffer(ROOM), ring_buffer(ROOM));
        Ok((Self { out: to_far, into: at_near }, Self { out: to_near, into: at_far }))
    }

    #[inline]
    fn send(&mut self, number: u64) -> Result<bool> {
        match self.out.push(Block::of(number)) {
            Ok(()) => Ok(true),
            Err(Full(_)) => Ok(false),
        }
    }

    #[inline]
    fn receive(&mut self) -> Result<Option<u64>> {
        Ok(self.into.pop().map(|block| block.sum()))
    }
}
