//! Hotframe's bus, as its users call it: a publisher's `send`, `send_batch` and `loan`, an inbox's `receive`, `drain` and `wait`.
//!
//! Every connection has four levels, so that each look visits all of them; every inbox gates.

use std::ops::Range;
use std::path::Path;

use anyhow::{Result, bail};
use shm_bus::wire::{Policy, Priority, schema_hash};
use shm_bus::{Attachment, Bus, Inbox, Publisher, SendError, Start, TopicSpec};

use crate::abilities::{Arrival, FanOut, Loans, Publishers, Urgent, read_all};
use crate::block::{Block, LARGE, SMALL};
use crate::link::{Across, Batching, Link, ROOM, Sleeping};

const BUS: &str = "peers";
const SCHEMA: &str = "peers.Word@1 8/8 {word:u64@0}";
const THERE: &str = "peers/there";
const BACK: &str = "peers/back";

const fn topic(name: &str) -> TopicSpec<'_> {
    TopicSpec {
        name,
        type_name: "peers.Word",
        schema: SCHEMA,
        schema_hash: schema_hash(SCHEMA),
        message_size: 8,
        policy: Policy::Reject,
    }
}

/// Bytes of a ring with room for about [`ROOM`] messages of this size with their headers: the closest power of two. A ring that is larger
/// than the peers' would leave the processor's second-level cache earlier.
const fn ring_for(message_bytes: usize) -> u32 {
    let bytes = (message_bytes + 32) * ROOM;
    let above = bytes.next_power_of_two();
    (if above - bytes < bytes - above / 2 { above } else { above / 2 }) as u32
}

fn all_levels(ring: u32) -> [(Priority, u32); 4] {
    Priority::ALL.map(|level| (level, ring))
}

fn inbox(bus: &Bus, topic_name: &str) -> Result<Inbox> {
    let mut inbox = bus.inbox("reader", Attachment::Gating)?;
    inbox.subscribe(&topic(topic_name), Start::Earliest)?;
    Ok(inbox)
}

#[inline]
fn send<const W: usize>(publisher: &mut Publisher, level: Priority, number: u64) -> Result<bool> {
    match publisher.send(level, Block::<W>::of(number).as_bytes()) {
        Ok(()) => Ok(true),
        Err(SendError::Full) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Sends a message for which there must be room.
#[inline]
fn send_now(publisher: &mut Publisher, number: u64) -> Result<()> {
    Ok(publisher.send(Priority::Normal, Block::<SMALL>::of(number).as_bytes())?)
}

#[inline]
fn receive<const W: usize>(inbox: &mut Inbox) -> Result<Option<u64>> {
    inbox.receive()?.map(|delivery| Block::<W>::sum_of(delivery.payload)).transpose()
}

/// One end: a publisher of one topic and an inbox of the other.
pub(crate) struct Hotframe<const W: usize> {
    publisher: Publisher,
    inbox: Inbox,
}

impl<const W: usize> Hotframe<W> {
    fn open(folder: &Path, out: &str, into: &str, levels: &[(Priority, u32)]) -> Result<Self> {
        let bus = Bus::open_in(folder, BUS)?;
        Ok(Self { publisher: bus.publisher(&topic(out), "writer", levels)?, inbox: inbox(&bus, into)? })
    }

    fn open_four(folder: &Path, out: &str, into: &str) -> Result<Self> {
        Self::open(folder, out, into, &all_levels(ring_for(Block::<W>::BYTES)))
    }
}

impl<const W: usize> Link<W> for Hotframe<W> {
    const NAME: &'static str = "hotframe";

    fn pair(folder: &Path) -> Result<(Self, Self)> {
        Ok((Self::listen(folder)?, Self::connect(folder)?))
    }

    #[inline]
    fn send(&mut self, number: u64) -> Result<bool> {
        send::<W>(&mut self.publisher, Priority::Normal, number)
    }

    #[inline]
    fn receive(&mut self) -> Result<Option<u64>> {
        receive::<W>(&mut self.inbox)
    }
}

impl<const W: usize> Across<W> for Hotframe<W> {
    type Listening = Self;

    fn listen(folder: &Path) -> Result<Self> {
        Self::open_four(folder, THERE, BACK)
    }

    fn accept(listening: Self) -> Result<Self> {
        Ok(listening)
    }

    fn connect(folder: &Path) -> Result<Self> {
        Self::open_four(folder, BACK, THERE)
    }
}

impl<const W: usize> Sleeping<W> for Hotframe<W> {
    fn receive_asleep(&mut self) -> Result<u64> {
        loop {
            if let Some(sum) = self.receive()? {
                return Ok(sum);
            }
            self.inbox.wait()?;
        }
    }
}

impl<const W: usize> Batching<W> for Hotframe<W> {
    #[inline]
    fn send_many(&mut self, numbers: Range<u64>) -> Result<u64> {
        match self.publisher.send_batch(Priority::Normal, numbers.map(Block::<W>::of)) {
            Ok(sent) => Ok(sent as u64),
            Err(error) if error.source == SendError::Full => Ok(error.sent as u64),
            Err(error) => Err(error.into()),
        }
    }

    #[inline]
    fn receive_many(&mut self, mut each: impl FnMut(u64) -> Result<()>) -> Result<()> {
        let mut outcome = Ok(());
        self.inbox.drain(|delivery| {
            if outcome.is_ok() {
                outcome = Block::<W>::sum_of(delivery.payload).and_then(&mut each);
            }
        })?;
        outcome
    }
}

impl Urgent for Hotframe<SMALL> {
    fn send_urgent(&mut self, number: u64) -> Result<bool> {
        send::<SMALL>(&mut self.publisher, Priority::Critical, number)
    }

    fn send_bulk(&mut self, number: u64) -> Result<bool> {
        send::<LARGE>(&mut self.publisher, Priority::Low, number)
    }

    fn receive_by_urgency(&mut self) -> Result<Option<Arrival>> {
        let Some(delivery) = self.inbox.receive()? else { return Ok(None) };
        match delivery.priority {
            Priority::Critical => Ok(Some(Arrival::Urgent(Block::<SMALL>::sum_of(delivery.payload)?))),
            Priority::Low => Ok(Some(Arrival::Bulk(Block::<LARGE>::sum_of(delivery.payload)?))),
            other => bail!("a message of priority {} came", other.name()),
        }
    }
}

/// Sends by loans that are filled in pieces of 64 bytes, as a serializer does.
pub(crate) struct HotframeInPieces<const W: usize>(Hotframe<W>);

impl<const W: usize> Link<W> for HotframeInPieces<W> {
    const NAME: &'static str = "hotframe_loan";

    fn pair(folder: &Path) -> Result<(Self, Self)> {
        Hotframe::pair(folder).map(|(near, far)| (Self(near), Self(far)))
    }

    #[inline]
    fn send(&mut self, number: u64) -> Result<bool> {
        let mut loan = match self.0.publisher.loan(Priority::Normal, Block::<W>::BYTES) {
            Ok(loan) => loan,
            Err(SendError::Full) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        // A block's words from any place on are a block, too.
        for place in (0..W).step_by(SMALL) {
            loan.write(8 * place, Block::<SMALL>::of(number + place as u64).as_bytes());
        }
        loan.commit();
        Ok(true)
    }

    #[inline]
    fn receive(&mut self) -> Result<Option<u64>> {
        self.0.receive()
    }
}

impl<const W: usize> Across<W> for HotframeInPieces<W> {
    type Listening = Self;

    fn listen(folder: &Path) -> Result<Self> {
        Hotframe::listen(folder).map(Self)
    }

    fn accept(listening: Self) -> Result<Self> {
        Ok(listening)
    }

    fn connect(folder: &Path) -> Result<Self> {
        Hotframe::connect(folder).map(Self)
    }
}

/// A single level, like the rings that it is compared with.
pub(crate) struct HotframeOneLevel(Hotframe<SMALL>);

impl Link<SMALL> for HotframeOneLevel {
    const NAME: &'static str = "hotframe";

    fn pair(folder: &Path) -> Result<(Self, Self)> {
        let levels = [(Priority::Normal, ring_for(Block::<SMALL>::BYTES))];
        let open = |out, into| Hotframe::open(folder, out, into, &levels).map(Self);
        Ok((open(THERE, BACK)?, open(BACK, THERE)?))
    }

    #[inline]
    fn send(&mut self, number: u64) -> Result<bool> {
        self.0.send(number)
    }

    #[inline]
    fn receive(&mut self) -> Result<Option<u64>> {
        self.0.receive()
    }
}

pub(crate) struct HotframeFanOut;

impl FanOut for HotframeFanOut {
    type Sender = Publisher;
    type Reader = Inbox;

    fn sender(folder: &Path) -> Result<Publisher> {
        let ring = ring_for(Block::<SMALL>::BYTES);
        Ok(Bus::open_in(folder, BUS)?.publisher(&topic(THERE), "writer", &all_levels(ring))?)
    }

    fn readers(folder: &Path, count: usize) -> Result<Vec<Inbox>> {
        let bus = Bus::open_in(folder, BUS)?;
        (0..count).map(|_| inbox(&bus, THERE)).collect()
    }

    #[inline]
    fn send(sender: &mut Publisher, number: u64) -> Result<()> {
        send_now(sender, number)
    }

    #[inline]
    fn receive(reader: &mut Inbox) -> Result<Option<u64>> {
        receive::<SMALL>(reader)
    }
}

pub(crate) struct HotframePublishers {
    publishers: Vec<Publisher>,
    inbox: Inbox,
}

impl Publishers for HotframePublishers {
    /// One level each, because a bus has room for 256 lanes.
    fn open(folder: &Path, count: usize) -> Result<Self> {
        let bus = Bus::open_in(folder, BUS)?;
        let lanes = [(Priority::Normal, ring_for(Block::<SMALL>::BYTES))];
        let publishers: Result<_, _> =
            (0..count).map(|index| bus.publisher(&topic(THERE), &format!("writer {index:02}"), &lanes)).collect();
        Ok(Self { publishers: publishers?, inbox: inbox(&bus, THERE)? })
    }

    #[inline]
    fn send(&mut self, number: u64) -> Result<()> {
        let active = self.publishers.len() / 2;
        send_now(&mut self.publishers[active], number)
    }

    #[inline]
    fn receive(&mut self) -> Result<Option<u64>> {
        receive::<SMALL>(&mut self.inbox)
    }
}

pub(crate) struct HotframeLoans {
    publisher: Publisher,
    inbox: Inbox,
    filling: Vec<u8>,
}

impl Loans for HotframeLoans {
    fn open(folder: &Path, bytes: usize) -> Result<Self> {
        // A record with its header is at most a quarter of its ring.
        const RING: u32 = 32 << 20;
        let bus = Bus::open_in(folder, BUS)?;
        let publisher = bus.publisher(&topic(THERE), "writer", &[(Priority::Normal, RING)])?;
        Ok(Self { publisher, inbox: inbox(&bus, THERE)?, filling: vec![1; bytes] })
    }

    fn fill_and_send(&mut self) -> Result<()> {
        let mut loan = self.publisher.loan(Priority::Normal, self.filling.len())?;
        loan.write(0, &self.filling);
        loan.commit();
        Ok(())
    }

    #[inline]
    fn send(&mut self) -> Result<()> {
        self.publisher.loan(Priority::Normal, self.filling.len())?.commit();
        Ok(())
    }

    fn receive(&mut self) -> Result<Option<usize>> {
        Ok(self.inbox.receive()?.map(|delivery| read_all(delivery.payload)))
    }
}
