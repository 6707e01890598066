//! The abilities that a peer needs to take part in a case, besides those of a [`link`](crate::link).

use std::hint::black_box;
use std::path::Path;

use anyhow::Result;

/// An end that sends urgent small blocks and others of 1 KiB.
pub(crate) trait Urgent {
    fn send_urgent(&mut self, number: u64) -> Result<bool>;
    fn send_bulk(&mut self, number: u64) -> Result<bool>;
    fn receive_by_urgency(&mut self) -> Result<Option<Arrival>>;
}

/// A received block, with the sum of its words.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Arrival {
    Urgent(u64),
    Bulk(u64),
}

/// One sender and many readers of the same small blocks.
pub(crate) trait FanOut {
    type Sender;
    type Reader;

    fn sender(folder: &Path) -> Result<Self::Sender>;
    /// Called in the readers' thread, when the sender exists.
    fn readers(folder: &Path, count: usize) -> Result<Vec<Self::Reader>>;
    /// Fails without room.
    fn send(sender: &mut Self::Sender, number: u64) -> Result<()>;
    fn receive(reader: &mut Self::Reader) -> Result<Option<u64>>;
}

/// Many publishers of small blocks and one reader.
pub(crate) trait Publishers: Sized {
    fn open(folder: &Path, count: usize) -> Result<Self>;
    /// The active one sends; fails without room.
    fn send(&mut self, number: u64) -> Result<()>;
    fn receive(&mut self) -> Result<Option<u64>>;
}

/// A writer that lends its memory and a reader beside it.
pub(crate) trait Loans: Sized {
    fn open(folder: &Path, bytes: usize) -> Result<Self>;
    /// Lends, fills and sends one message.
    fn fill_and_send(&mut self) -> Result<()>;
    /// Lends and sends one message as it is; fails without room.
    fn send(&mut self) -> Result<()>;
    /// Takes the next message and reads every byte; returns the number of bytes.
    fn receive(&mut self) -> Result<Option<usize>>;
}

/// Reads every byte of a message; returns the number of bytes.
pub(crate) fn read_all(payload: &[u8]) -> usize {
    let (words, _) = payload.as_chunks::<8>();
    black_box(words.iter().fold(0_u64, |sum, word| sum.wrapping_add(u64::from_ne_bytes(*word))));
    payload.len()
}
