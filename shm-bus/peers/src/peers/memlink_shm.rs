//! memlink-shm: its rings lie on the heap, so both ends are in one process.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use memlink_shm::{BufferPriority, Futex, FutexError, Priority, PriorityRingBuffer, RingBuffer, RingBufferError};

use crate::abilities::{Arrival, Urgent};
use crate::block::{Block, LARGE, SMALL};
use crate::link::{Link, ROOM, Sleeping};

/// Its plain ring, and its futex for sleeping ends.
pub(crate) struct MemlinkShm<const W: usize> {
    out: Arc<(RingBuffer, Futex)>,
    into: Arc<(RingBuffer, Futex)>,
}

impl<const W: usize> Link<W> for MemlinkShm<W> {
    const NAME: &'static str = "memlink-shm";

    fn pair(_: &Path) -> Result<(Self, Self)> {
        let ring = || Ok::<_, anyhow::Error>(Arc::new((RingBuffer::new(ROOM)?, Futex::new(0))));
        let (there, back) = (ring()?, ring()?);
        Ok((Self { out: Arc::clone(&there), into: Arc::clone(&back) }, Self { out: back, into: there }))
    }

    #[inline]
    fn send(&mut self, number: u64) -> Result<bool> {
        has_room(self.out.0.write_slot(BufferPriority::Normal, Block::<W>::of(number).as_bytes()))
    }

    #[inline]
    fn receive(&mut self) -> Result<Option<u64>> {
        self.into.0.read_slot().map(|(_, bytes)| Block::<W>::sum_of(&bytes)).transpose()
    }
}

impl<const W: usize> Sleeping<W> for MemlinkShm<W> {
    fn send_and_wake(&mut self, number: u64) -> Result<bool> {
        let sent = self.send(number)?;
        self.out.1.store(self.out.1.load().wrapping_add(1));
        self.out.1.wake_one();
        Ok(sent)
    }

    fn receive_asleep(&mut self) -> Result<u64> {
        loop {
            let seen = self.into.1.load();
            if let Some(sum) = self.receive()? {
                return Ok(sum);
            }
            match self.into.1.wait(seen, None) {
                // `InvalidArgument` also says that the word has changed already.
                Ok(()) | Err(FutexError::Interrupted | FutexError::InvalidArgument) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Its ring of three levels.
pub(crate) struct MemlinkLevels {
    out: Arc<PriorityRingBuffer>,
    into: Arc<PriorityRingBuffer>,
}

impl Link<SMALL> for MemlinkLevels {
    const NAME: &'static str = "memlink-shm";

    fn pair(_: &Path) -> Result<(Self, Self)> {
        let ring = || Ok::<_, anyhow::Error>(Arc::new(PriorityRingBuffer::new(2 * ROOM)?));
        let (there, back) = (ring()?, ring()?);
        Ok((Self { out: Arc::clone(&there), into: Arc::clone(&back) }, Self { out: back, into: there }))
    }

    fn send(&mut self, number: u64) -> Result<bool> {
        self.send_urgent(number)
    }

    fn receive(&mut self) -> Result<Option<u64>> {
        match self.receive_by_urgency()? {
            Some(Arrival::Bulk(_)) => Err(anyhow!("received bulk data that was not sent")),
            Some(Arrival::Urgent(sum)) => Ok(Some(sum)),
            None => Ok(None),
        }
    }
}

impl Urgent for MemlinkLevels {
    fn send_urgent(&mut self, number: u64) -> Result<bool> {
        has_room(self.out.write(Priority::Critical, Block::<SMALL>::of(number).as_bytes()))
    }

    fn send_bulk(&mut self, number: u64) -> Result<bool> {
        has_room(self.out.write(Priority::Low, Block::<LARGE>::of(number).as_bytes()))
    }

    fn receive_by_urgency(&mut self) -> Result<Option<Arrival>> {
        Ok(match self.into.read() {
            None => None,
            Some((Priority::Critical, bytes)) => Some(Arrival::Urgent(Block::<SMALL>::sum_of(&bytes)?)),
            Some((_, bytes)) => Some(Arrival::Bulk(Block::<LARGE>::sum_of(&bytes)?)),
        })
    }
}

/// A slot that the reader has counted as free, but not yet marked, is `InvalidState`: it becomes free in a moment.
fn has_room<T>(written: Result<T, RingBufferError>) -> Result<bool> {
    match written {
        Ok(_) => Ok(true),
        Err(RingBufferError::Full | RingBufferError::InvalidState) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
