//! The lane against its executable specification: a queue that never forgets.
//!
//! Random sends of random lengths, reads, late joiners and an observer that is often overtaken; in the end every message
//! is accounted for: sent = received + rejected for a gating reader, received + lost for an observer.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::{
    Cursor, Envelope, From, Gates, HEADER_WORDS_USED, Look, Lowest, Memory, Mode, Place, Reader, Refusal, Stamp, Writer,
};
use crate::sync::{AtomicU64, Ordering};
use crate::wire::Priority;

const CAPACITY: usize = 1024;

struct Heap {
    header: Vec<AtomicU64>,
    ring: Vec<AtomicU64>,
}

impl Memory for &Heap {
    fn header(&self) -> &[AtomicU64; HEADER_WORDS_USED] {
        self.header.first_chunk().expect("made so")
    }

    fn ring(&self) -> &[AtomicU64] {
        &self.ring
    }
}

fn heap() -> Heap {
    let words = |count: usize| (0..count).map(|_| AtomicU64::new(0)).collect();
    Heap { header: words(HEADER_WORDS_USED), ring: words(CAPACITY / 8) }
}

struct Cursors<'a>(Vec<&'a AtomicU64>);

impl Gates for Cursors<'_> {
    fn lowest(&mut self, oldest: u64, head: u64) -> Lowest {
        let places = self.0.iter().map(|cursor| Cursor::decode(cursor.load(Ordering::Relaxed)).place);
        let needs = places.map(|place| match place {
            Place::At(position) => position.max(oldest),
            Place::Done => head,
        });
        Lowest { position: needs.min().unwrap_or(head).min(head), faulty: 0 }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Send(usize),
    CancelLoan(usize),
    Read,
    Observe,
    Join(bool),
    ReadJoined,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..=CAPACITY / 4).prop_map(Step::Send),
        1 => (0..=CAPACITY / 4).prop_map(Step::CancelLoan),
        4 => Just(Step::Read),
        1 => Just(Step::Observe),
        1 => any::<bool>().prop_map(Step::Join),
        3 => Just(Step::ReadJoined),
    ];
    proptest::collection::vec(step, 1..600)
}

/// Sends `len` bytes that tell sequence and length.
fn send(writer: &mut Writer<&Heap>, gates: &mut Cursors<'_>, sequence: u64, len: usize) -> Result<(), Refusal> {
    let told = sequence << 16 | len as u64;
    if len.is_multiple_of(8) && writer.put(&told.to_le_bytes().repeat(len / 8), Envelope::MESSAGE) {
        return Ok(());
    }
    let first = writer.begin(len, gates)?;
    for word in &writer.memory().ring[first..first + len.div_ceil(8)] {
        word.store(told, Ordering::Relaxed);
    }
    assert!(writer.commit(len));
    Ok(())
}

/// The next message's sequence, loss and length; its payload must tell the same.
fn read(reader: &mut Reader<&Heap>, cursor: &AtomicU64) -> Option<(u64, u64, usize)> {
    let mut payload = [0; CAPACITY / 8];
    match reader.read(&mut payload, cursor) {
        Look::Message => {
            let message = reader.last();
            let told = message.sequence << 16 | message.len as u64;
            assert!(payload[..message.len.div_ceil(8)].iter().all(|word| *word == told));
            Some((message.sequence, message.lost, message.len))
        }
        Look::Dry => None,
        Look::Evicted => panic!("evicted"),
        Look::Corrupt(fault) => panic!("{fault:?}"),
    }
}

proptest! {
    #[test]
    fn every_message_is_received_or_counted(steps in steps()) {
        let heap = heap();
        let cursors: Vec<_> = (0..3).map(|_| AtomicU64::new(0)).collect();
        let mut writer = Writer::new(&heap, Stamp { priority: Priority::Low, topic: 7, sender: 9 }, false);
        let mut gates = Cursors(vec![&cursors[0]]);
        let mut gating = Reader::at_start(&heap, 0, Mode::Gating);
        let mut observer = Reader::at_start(&heap, 0, Mode::Lapping);
        let mut joined: Option<Reader<&Heap>> = None;
        let (mut queue, mut sent, mut joined_next) = (VecDeque::new(), 0, None);
        let (mut observed, mut lost) = (0, 0);
        for step in steps {
            match step {
                Step::Send(len) => match send(&mut writer, &mut gates, sent, len) {
                    Ok(()) => {
                        queue.push_back((sent, 0, len));
                        sent += 1;
                    }
                    Err(Refusal::TooLong) => prop_assert!(len > CAPACITY / 4 - 32),
                    Err(Refusal::Full) => prop_assert!(
                        !queue.is_empty() || joined.is_some(), "full, but everything was read"
                    ),
                    Err(Refusal::Corrupt) => prop_assert!(false, "corrupt"),
                },
                Step::CancelLoan(len) => {
                    let _ = writer.begin(len, &mut gates);
                    writer.cancel();
                    prop_assert!(!writer.commit(0), "a cancelled loan sends nothing");
                }
                Step::Read => prop_assert_eq!(read(&mut gating, &cursors[0]), queue.pop_front()),
                Step::Observe => if let Some((sequence, gap, _)) = read(&mut observer, &cursors[1]) {
                    prop_assert_eq!(sequence, observed + lost + gap, "the loss is the gap");
                    observed += 1;
                    lost += gap;
                },
                Step::Join(now) => {
                    let from = if now { From::Now } else { From::Earliest };
                    let mut reader = Reader::joining(&heap, 0, Mode::Gating, from, &cursors[2]);
                    gates.0 = vec![&cursors[0], &cursors[2]];
                    reader.settle(&cursors[2]).expect("nobody interferes");
                    joined_next = now.then_some(sent);
                    joined = Some(reader);
                }
                Step::ReadJoined => if let Some(reader) = &mut joined
                    && let Some((sequence, gap, _)) = read(reader, &cursors[2])
                {
                    prop_assert_eq!(gap, 0);
                    prop_assert!(joined_next.is_none_or(|next| next == sequence));
                    joined_next = Some(sequence + 1);
                },
            }
        }
        while let Some(expected) = queue.pop_front() {
            prop_assert_eq!(read(&mut gating, &cursors[0]), Some(expected));
        }
        prop_assert_eq!(read(&mut gating, &cursors[0]), None);
        while let Some((_, gap, _)) = read(&mut observer, &cursors[1]) {
            observed += 1;
            lost += gap;
        }
        prop_assert_eq!(observed + lost, sent);
    }

    #[test]
    fn no_bytes_make_a_reader_panic_or_leave_the_ring(
        ring in proptest::collection::vec(prop_oneof![Just(0), 0..300_u64, any::<u64>(), Just(0x101 << 8 | 1)], CAPACITY / 8),
        header in proptest::collection::vec(prop_oneof![Just(0), (0..4096_u64).prop_map(|slots| slots * 32), any::<u64>()], HEADER_WORDS_USED),
        mode in prop_oneof![Just(Mode::Gating), Just(Mode::Lapping), Just(Mode::Latest), Just(Mode::Evictable)],
        joins in any::<bool>(),
    ) {
        let words = |words: Vec<u64>| words.into_iter().map(AtomicU64::new).collect();
        let heap = Heap { header: words(header), ring: words(ring) };
        let cursor = AtomicU64::new(0);
        let mut reader = if joins {
            Reader::joining(&heap, 3, mode, From::Earliest, &cursor)
        } else {
            Reader::at_start(&heap, 3, mode)
        };
        let mut payload = [0; CAPACITY / 8];
        let _ = reader.settle(&cursor);
        for _ in 0..100 {
            reader.ready(&cursor);
            if matches!(reader.read(&mut payload, &cursor), Look::Corrupt(_) | Look::Evicted) {
                break;
            }
        }
    }
}

#[test]
fn a_length_below_a_header_is_no_record() {
    let geometry = super::Geometry { capacity: CAPACITY as u64 };
    assert_eq!((geometry.extent(0, 31), geometry.extent(0, 32), geometry.extent(0, 33)), (None, Some(32), Some(64)));
    assert_eq!(geometry.extent(CAPACITY as u64 - 32, 33), None, "past the end of the ring");
    assert_eq!((geometry.extent(0, 256), geometry.extent(0, 257)), (Some(256), None));
}
