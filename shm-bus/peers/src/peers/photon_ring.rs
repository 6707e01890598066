//! photon-ring: its bounded channel, which loses nothing, between two threads.

#![expect(unsafe_code, reason = "promises that blocks are plain data")]

use std::path::Path;

use anyhow::{Result, bail};
use photon_ring::{Pod, PublishError, Publisher, Subscriber, TryRecvError, channel_bounded};

use crate::block::Block;
use crate::link::{Batching, Link, ROOM};

// SAFETY: an array of words: every bit pattern is a value, there is no padding, and it is `Copy + Send`.
unsafe impl<const W: usize> Pod for Block<W> {}

pub(crate) struct PhotonRing<const W: usize> {
    out: Publisher<Block<W>>,
    into: Subscriber<Block<W>>,
}

impl<const W: usize> Link<W> for PhotonRing<W> {
    const NAME: &'static str = "photon-ring";

    fn pair(_: &Path) -> Result<(Self, Self)> {
        let ((to_far, at_far), (to_near, at_near)) = (channel_bounded(ROOM, 0), channel_bounded(ROOM, 0));
        let near = Self { out: to_far, into: at_near.subscribe() };
        Ok((near, Self { out: to_near, into: at_far.subscribe() }))
    }

    #[inline]
    fn send(&mut self, number: u64) -> Result<bool> {
        match self.out.try_publish(Block::of(number)) {
            Ok(()) => Ok(true),
            Err(PublishError::Full(_)) => Ok(false),
        }
    }

    #[inline]
    fn receive(&mut self) -> Result<Option<u64>> {
        match self.into.try_recv() {
            Ok(block) => Ok(Some(block.sum())),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Lagged { skipped }) => bail!("a bounded channel lost {skipped} blocks"),
        }
    }
}

impl<const W: usize> Batching<W> for PhotonRing<W> {
    /// Its own batch waits for room without end; so the blocks are published one by one, as its batch does internally.
    #[inline]
    fn send_many(&mut self, numbers: std::ops::Range<u64>) -> Result<u64> {
        let mut sent = 0;
        for number in numbers {
            if !self.send(number)? {
                break;
            }
            sent += 1;
        }
        Ok(sent)
    }

    #[inline]
    fn receive_many(&mut self, mut each: impl FnMut(u64) -> Result<()>) -> Result<()> {
        self.into.drain().try_for_each(|block| each(block.sum()))
    }
}
