//! Model test of the lane: its executable specification is a queue that keeps everything.
//!
//! Random sends of random lengths in every way (`put`, `begin` and `commit`, batches), reads, late joiners, and readers that are often
//! overtaken. In the end every message is accounted for: sent = received for a gating reader, received + lost or conflated for the others.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::{Cursor, Envelope, Gates, Heap, Look, Lowest, Mode, Progress, Reader, Refusal, Stamp, Start, Writer};
use crate::layout::lane::{HEAD, HEADER_WORDS_USED, OLDEST, SENT};
use crate::sync::{AtomicU64, Ordering};
use crate::wire::Priority;

const CAPACITY: usize = 1024;

struct Cursors<'a>(Vec<&'a AtomicU64>);

impl Gates for Cursors<'_> {
    fn lowest(&mut self, oldest: u64, head: u64) -> Lowest {
        let needs = self.0.iter().map(|cursor| match Cursor::decode(cursor.load(Ordering::Relaxed)).progress {
            Progress::At(position) => position.max(oldest),
            Progress::Done => head,
        });
        Lowest { position: needs.min().unwrap_or(head).min(head), faulty: 0 }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Send(usize),
    CancelLoan(usize),
    Batch(Vec<usize>),
    Read,
    Observe,
    Join(bool),
    ReadJoined,
    Look,
}

fn len() -> impl Strategy<Value = usize> {
    prop_oneof![2 => 0..=CAPACITY / 4, 3 => 0..64_usize]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => len().prop_map(Step::Send),
        1 => len().prop_map(Step::CancelLoan),
        2 => proptest::collection::vec(len(), 0..6).prop_map(Step::Batch),
        4 => Just(Step::Read),
        2 => Just(Step::Observe),
        1 => any::<bool>().prop_map(Step::Join),
        3 => Just(Step::ReadJoined),
        1 => Just(Step::Look),
    ];
    proptest::collection::vec(step, 1..600)
}

fn writer(heap: &Heap, tells_latest: bool) -> Writer<&Heap> {
    Writer::new(heap, Stamp { priority: Priority::Low, topic: 7, sender: 9 }, tells_latest)
}

/// Sends `len` bytes that encode sequence and length.
fn send(writer: &mut Writer<&Heap>, gates: &mut Cursors<'_>, sequence: u64, len: usize) -> Result<(), Refusal> {
    let told = sequence << 16 | len as u64;
    if len.is_multiple_of(8) && writer.put(&told.to_le_bytes().repeat(len / 8), Envelope::MESSAGE) {
        return Ok(());
    }
    let first = writer.begin(len, gates)?;
    for word in &writer.memory().ring[first..first + len.div_ceil(8)] {
        word.store(told, Ordering::Relaxed);
    }
    assert!(writer.commit(len, Envelope::MESSAGE));
    Ok(())
}

/// Result of reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Read {
    Dry,
    /// Sequence, loss and length.
    Message(u64, u64, usize),
    Evicted,
}

/// The next message; checks that its payload matches its header.
fn read(reader: &mut Reader<&Heap>, cursor: &AtomicU64) -> Read {
    let mut payload = [0; CAPACITY / 8];
    match reader.read(&mut payload, cursor) {
        Look::Message => {
            let message = reader.last();
            let told = message.sequence << 16 | message.len as u64;
            assert!(payload[..message.len.div_ceil(8)].iter().all(|word| *word == told));
            Read::Message(message.sequence, message.lost, message.len)
        }
        Look::Dry => Read::Dry,
        Look::Evicted => Read::Evicted,
        Look::Corrupt(fault) => panic!("{fault:?}"),
    }
}

/// Checks that a new reader that nobody waits for finds every message that is still there, from a record's start on, and counts the ring's
/// messages correctly. Returns the sequence of the first one.
fn everything_there_is_whole(heap: &Heap, sent: u64) -> u64 {
    let word = |index: usize| heap.header[index].load(Ordering::Relaxed);
    assert!(word(HEAD) - word(OLDEST) + 32 <= CAPACITY as u64);
    assert_eq!(word(SENT), sent);
    let cursor = AtomicU64::new(0);
    let mut reader = Reader::joining(heap, 0, Mode::Lapping, Start::Earliest, &cursor);
    let (mut first, mut next) = (None, None);
    while let Read::Message(sequence, lost, _) = read(&mut reader, &cursor) {
        assert_eq!((lost, next.unwrap_or(sequence)), (0, sequence));
        (first, next) = (first.or(Some(sequence)), Some(sequence + 1));
    }
    assert_eq!(reader.position(), word(HEAD));
    assert!(next.is_none_or(|next| next == sent));
    first.unwrap_or(sent)
}

/// A reader that joins a running lane, and the sequence of the first message that it accounts for.
fn late(heap: &Heap, mode: Mode, now: bool, sent: u64) -> (Reader<&Heap>, u64) {
    let (cursor, first) = (AtomicU64::new(0), everything_there_is_whole(heap, sent));
    let (from, next) = if now { (Start::Now, sent) } else { (Start::Earliest, first) };
    let mut reader = Reader::joining(heap, 0, mode, from, &cursor);
    reader.settle(&cursor).expect("nobody interferes");
    (reader, next)
}

/// Sends the messages of `lens` that fit as one batch, and returns their lengths. Nothing is visible of a batch before its end, unless room
/// had to be made meanwhile.
fn send_batch(
    (heap, writer): (&Heap, &mut Writer<&Heap>),
    gates: &mut Cursors<'_>,
    first: u64,
    lens: &[usize],
) -> Vec<usize> {
    let word = |index: usize| heap.header[index].load(Ordering::Relaxed);
    let (head, oldest) = (word(HEAD), word(OLDEST));
    let commit = &heap.ring[head as usize % CAPACITY / 8];
    let (mut sent, mut full) = (Vec::new(), false);
    writer.begin_batch();
    for len in lens {
        match send(writer, gates, first + sent.len() as u64, *len) {
            Ok(()) => sent.push(*len),
            Err(refusal) => full |= refusal == Refusal::Full,
        }
        if !full && word(OLDEST) == oldest {
            assert_eq!((word(HEAD), commit.load(Ordering::Relaxed)), (head, 0), "a part of a batch is seen");
        }
    }
    writer.end_batch();
    sent
}

proptest! {
    #[test]
    fn every_message_is_received_or_counted(steps in steps()) {
        let heap = Heap::zero(CAPACITY);
        let cursors: Vec<_> = (0..3).map(|_| AtomicU64::new(0)).collect();
        let mut writer = writer(&heap, false);
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
                        queue.push_back(Read::Message(sent, 0, len));
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
                    prop_assert!(!writer.commit(0, Envelope::MESSAGE), "a cancelled loan sends nothing");
                }
                Step::Batch(lens) => for len in send_batch((&heap, &mut writer), &mut gates, sent, &lens) {
                    queue.push_back(Read::Message(sent, 0, len));
                    sent += 1;
                },
                Step::Read => prop_assert_eq!(read(&mut gating, &cursors[0]), queue.pop_front().unwrap_or(Read::Dry)),
                Step::Observe => if let Read::Message(sequence, gap, _) = read(&mut observer, &cursors[1]) {
                    prop_assert_eq!(sequence, observed + lost + gap, "the loss is the gap");
                    observed += 1;
                    lost += gap;
                },
                Step::Join(now) => {
                    let from = if now { Start::Now } else { Start::Earliest };
                    let mut reader = Reader::joining(&heap, 0, Mode::Gating, from, &cursors[2]);
                    gates.0 = vec![&cursors[0], &cursors[2]];
                    reader.settle(&cursors[2]).expect("nobody interferes");
                    joined_next = now.then_some(sent);
                    joined = Some(reader);
                }
                Step::ReadJoined => if let Some(reader) = &mut joined
                    && let Read::Message(sequence, gap, _) = read(reader, &cursors[2])
                {
                    prop_assert_eq!(gap, 0);
                    prop_assert!(joined_next.is_none_or(|next| next == sequence));
                    joined_next = Some(sequence + 1);
                },
                Step::Look => {
                    everything_there_is_whole(&heap, sent);
                }
            }
        }
        while let Some(expected) = queue.pop_front() {
            prop_assert_eq!(read(&mut gating, &cursors[0]), expected);
        }
        prop_assert_eq!(read(&mut gating, &cursors[0]), Read::Dry);
        while let Read::Message(_, gap, _) = read(&mut observer, &cursors[1]) {
            observed += 1;
            lost += gap;
        }
        prop_assert_eq!(observed + lost, sent);
        // What an inbox accounts for when it leaves the lane.
        prop_assert_eq!((observer.accounted(), observer.unread(), gating.accounted(), gating.unread()), (sent, 0, sent, 0));
        prop_assert!(joined.is_none_or(|reader| reader.unread() == 0 && reader.accounted() <= sent));
    }

    /// A lane that waits for nobody, with readers that drop the oldest, that skip to the newest, and that are evicted.
    #[test]
    fn what_an_overwriting_lane_loses_is_counted(steps in steps(), tells_latest in any::<bool>()) {
        let heap = Heap::zero(CAPACITY);
        let cursor = AtomicU64::new(0);
        let mut writer = writer(&heap, tells_latest);
        let mut gates = Cursors(Vec::new());
        let mode = if tells_latest { Mode::Latest } else { Mode::Lapping };
        let mut reader = Reader::at_start(&heap, 0, mode);
        let mut laggard = Some(Reader::at_start(&heap, 0, Mode::Evictable));
        let mut joined: Option<(Reader<&Heap>, u64)> = None;
        // The next message of each reader, and the sent messages.
        let (mut next, mut laggard_next, mut sent) = (0, 0, Vec::new());
        for step in steps {
            match step {
                Step::Send(len) | Step::CancelLoan(len) => match send(&mut writer, &mut gates, sent.len() as u64, len) {
                    Ok(()) => sent.push(len),
                    Err(refusal) => prop_assert!(refusal == Refusal::TooLong && len > CAPACITY / 4 - 32),
                },
                Step::Batch(lens) => {
                    let first = sent.len() as u64;
                    sent.extend(send_batch((&heap, &mut writer), &mut gates, first, &lens));
                }
                Step::Read => match read(&mut reader, &cursor) {
                    Read::Message(sequence, lost, len) => {
                        prop_assert_eq!((sequence, len), (next + lost, sent[sequence as usize]));
                        next = sequence + 1;
                        prop_assert!(!tells_latest || next == sent.len() as u64, "there is a newer one");
                    }
                    Read::Dry => prop_assert_eq!(next, sent.len() as u64),
                    Read::Evicted => prop_assert!(false, "nobody is evicted here"),
                },
                Step::Observe => if let Some((reader, next)) = &mut joined {
                    match read(reader, &cursor) {
                        Read::Message(sequence, lost, _) => {
                            prop_assert_eq!(sequence, *next + lost, "also before its first message the loss is the gap");
                            *next = sequence + 1;
                        }
                        Read::Dry => prop_assert_eq!(*next, sent.len() as u64),
                        Read::Evicted => prop_assert!(false, "nobody is evicted here"),
                    }
                },
                Step::ReadJoined => if let Some(reader) = &mut laggard {
                    match read(reader, &cursor) {
                        Read::Message(sequence, lost, len) => {
                            prop_assert_eq!((sequence, lost, len), (laggard_next, 0, sent[sequence as usize]));
                            laggard_next += 1;
                        }
                        Read::Dry => prop_assert_eq!(laggard_next, sent.len() as u64),
                        Read::Evicted => {
                            prop_assert!(laggard_next < sent.len() as u64, "a reader that keeps up stays");
                            laggard = None;
                        }
                    }
                },
                Step::Join(now) => {
                    joined = Some(late(&heap, mode, now, sent.len() as u64));
                    if now && laggard.is_none() {
                        let (reader, next) = late(&heap, Mode::Evictable, now, sent.len() as u64);
                        (laggard, laggard_next) = (Some(reader), next);
                    }
                }
                Step::Look => {
                    everything_there_is_whole(&heap, sent.len() as u64);
                }
            }
        }
        // A reader that leaves now accounts for what it has read or lost, and the rest is still unread.
        let sent = sent.len() as u64;
        prop_assert_eq!((reader.accounted(), reader.unread()), (next, sent - next));
        if let Some(laggard) = &laggard {
            prop_assert_eq!((laggard.accounted(), laggard.unread()), (laggard_next, sent - laggard_next));
        }
        if let Some((reader, next)) = &joined {
            prop_assert_eq!((reader.accounted(), reader.unread()), (*next, sent - *next), "also of one that came late");
        }
        while let Read::Message(sequence, lost, _) = read(&mut reader, &cursor) {
            prop_assert_eq!(sequence, next + lost);
            next = sequence + 1;
        }
        prop_assert_eq!(next, sent, "received + lost = sent");
    }

    #[test]
    fn no_bytes_make_a_reader_panic_or_leave_the_ring(
        ring in proptest::collection::vec(prop_oneof![Just(0), 0..300_u64, any::<u64>(), Just(0x101 << 8 | 1)], CAPACITY / 8),
        header in proptest::collection::vec(prop_oneof![Just(0), (0..4096_u64).prop_map(|slots| slots * 32), any::<u64>()], HEADER_WORDS_USED),
        mode in prop_oneof![Just(Mode::Gating), Just(Mode::Lapping), Just(Mode::Latest), Just(Mode::Evictable)],
        joins in any::<bool>(),
    ) {
        let heap = Heap::of(header, ring);
        let cursor = AtomicU64::new(0);
        let mut reader = if joins {
            Reader::joining(&heap, 3, mode, Start::Earliest, &cursor)
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
    let geometry = super::Geometry::of(&&Heap::zero(CAPACITY));
    assert_eq!((geometry.extent(0, 31), geometry.extent(0, 32), geometry.extent(0, 33)), (None, Some(32), Some(64)));
    assert_eq!(geometry.extent(CAPACITY as u64 - 32, 33), None, "past the end of the ring");
    assert_eq!((geometry.extent(0, 256), geometry.extent(0, 257)), (Some(256), None));
}
