//! loom models of the real writer and reader on a ring of eight slots (sixteen for batches, 32 for send's fast path); for each step of the
//! protocol a mutant without it, which must fail.
//!
//! The ring is prepared on one thread (earlier laps leave stale records behind), then two threads take a bounded number of
//! steps, then the rest is read on one thread and every message is accounted for.

mod batches;
mod gating;
mod latest;
mod overwriting;
mod plain;
mod room;

use std::ops::Range;
use std::sync::Arc;

use loom::cell::UnsafeCell;

use super::{Cursor, Envelope, Gates, Look, Lowest, Memory, Progress, Reader, Refusal, Stamp, Writer};
use crate::layout::lane::HEADER_WORDS_USED;
use crate::sync::{AtomicU64, Mutation, Ordering};
use crate::wire::Priority;

const RING_WORDS: usize = 32;

/// A lane in loom's memory, with a cell next to each word in which loom detects unordered access.
struct Lane {
    header: Vec<AtomicU64>,
    ring: Vec<AtomicU64>,
    cells: Vec<UnsafeCell<()>>,
    cursor: AtomicU64,
    subscribed: AtomicU64,
}

#[derive(Clone)]
struct Shared(Arc<Lane>);

impl Memory for Shared {
    fn header(&self) -> &[AtomicU64; HEADER_WORDS_USED] {
        self.0.header.first_chunk().expect("made so")
    }

    fn ring(&self) -> &[AtomicU64] {
        &self.0.ring
    }

    fn trace_read(&self, words: Range<usize>) {
        self.0.cells[words].iter().for_each(|cell| cell.with(|_| ()));
    }

    fn trace_write(&self, words: Range<usize>) {
        self.0.cells[words].iter().for_each(|cell| cell.with_mut(|_| ()));
    }
}

impl Gates for Shared {
    fn lowest(&mut self, oldest: u64, head: u64) -> Lowest {
        let mut position = head;
        if self.0.subscribed.load(Ordering::Acquire) == 1
            && let Progress::At(cursor) = Cursor::decode(self.0.cursor.load(Ordering::Relaxed)).progress
        {
            position = cursor.max(oldest);
        }
        Lowest { position, faulty: 0 }
    }
}

fn lane() -> (Shared, Writer<Shared>) {
    lane_that(RING_WORDS, false)
}

/// A lane with a ring of `ring_words`; with `tells_latest` its readers skip to the newest message.
fn lane_that(ring_words: usize, tells_latest: bool) -> (Shared, Writer<Shared>) {
    let words = |count: usize| (0..count).map(|_| AtomicU64::new(0)).collect();
    let cells = (0..ring_words).map(|_| UnsafeCell::new(())).collect();
    let (cursor, subscribed) = (AtomicU64::new(0), AtomicU64::new(0));
    let shared =
        Shared(Arc::new(Lane { header: words(HEADER_WORDS_USED), ring: words(ring_words), cells, cursor, subscribed }));
    let writer = Writer::new(shared.clone(), Stamp { priority: Priority::Normal, topic: 1, sender: 1 }, tells_latest);
    (shared, writer)
}

/// Sends a message whose two words (or none) encode its sequence.
fn send(writer: &mut Writer<Shared>, gates: &mut Shared, sequence: u64, words: usize) -> Result<(), Refusal> {
    if writer.put(&(100 + sequence).to_le_bytes().repeat(words), Envelope::MESSAGE) {
        return Ok(());
    }
    let first = writer.begin(words * 8, gates)?;
    for word in &gates.0.ring[first..first + words] {
        word.store(100 + sequence, Ordering::Relaxed);
    }
    assert!(writer.commit(words * 8, Envelope::MESSAGE));
    Ok(())
}

/// Reads at most `looks` messages; each one must match its sequence. Returns their sequences and losses.
fn read(reader: &mut Reader<Shared>, cursor: &AtomicU64, looks: usize) -> Vec<(u64, u64)> {
    (0..looks).filter_map(|_| read_one(reader, cursor).expect("not evicted")).collect()
}

/// The next message's sequence and loss, if there is one.
fn read_one(reader: &mut Reader<Shared>, cursor: &AtomicU64) -> Result<Option<(u64, u64)>, Evicted> {
    let mut payload = [0; RING_WORDS / 2];
    match reader.read(&mut payload, cursor) {
        Look::Message => {
            let message = reader.last();
            assert!(payload[..message.len / 8].iter().all(|word| *word == 100 + message.sequence), "torn");
            Ok(Some((message.sequence, message.lost)))
        }
        Look::Dry => Ok(None),
        Look::Evicted => Err(Evicted),
        Look::Corrupt(fault) => panic!("{fault:?}"),
    }
}

/// The reader has left the lane.
#[derive(Debug)]
struct Evicted;

/// Checks that every gap equals the loss reported by the message after it, and that nothing arrives twice; returns the sequence after the
/// last.
fn accounted(seen: Vec<(u64, u64)>, first: u64) -> u64 {
    seen.into_iter().fold(first, |next, (sequence, lost)| {
        assert_eq!(sequence, next + lost, "the loss is the gap");
        sequence + 1
    })
}
