//! crossbeam-channel: bounded, between two threads.

use std::path::Path;

use anyhow::Result;
use crossbeam_channel::{Receiver, Sender, TryRecvError, TrySendError, bounded};

use crate::block::Block;
use crate::link::{Link, ROOM, Sleeping};

pub(crate) struct CrossbeamChannel<const W: usize> {
    out: Sender<Block<W>>,
    into: Receiver<Block<W>>,
}

impl<const W: usize> Link<W> for CrossbeamChannel<W> {
    const NAME: &'static str = "crossbeam-channel";

    fn pair(_: &Path) -> Result<(Self, Self)> {
        let ((to_far, at_far), (to_near, at_near)) = (bounded(ROOM), bounded(ROOM));
        Ok((Self { out: to_far, into: at_near }, Self { out: to_near, into: at_far }))
    }

    #[inline]
    fn send(&mut self, number: u64) -> Result<bool> {
        match self.out.try_send(Block::of(number)) {
            Ok(()) => Ok(true),
            Err(TrySendError::Full(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    #[inline]
    fn receive(&mut self) -> Result<Option<u64>> {
        match self.into.try_recv() {
            Ok(block) => Ok(Some(block.sum())),
            Err(TryRecvError::Empty) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

impl<const W: usize> Sleeping<W> for CrossbeamChannel<W> {
    fn receive_asleep(&mut self) -> Result<u64> {
        Ok(self.into.recv()?.sum())
    }
}
