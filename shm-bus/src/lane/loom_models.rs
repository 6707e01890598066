//! loom models of the real writer and reader on a ring of eight slots, and for each step of the protocol a mutant without
//! it, which must fail.
//!
//! The ring is prepared on one thread (earlier laps leave stale records behind), then two threads take a bounded number of
//! steps, then the rest is read on one thread and every message is accounted for.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use loom::cell::UnsafeCell;

use loom::thread;

use super::{
    Cursor, Envelope, From, Gates, HEADER_WORDS_USED, Look, Lowest, Memory, Mode, Place, Reader, Refusal, Stamp, Writer,
};
use crate::sync::{AtomicU64, Mutation, Ordering, fence, with_mutation};
use crate::wire::Priority;

const RING_WORDS: usize = 32;

/// A lane in loom's memory, with a cell beside each word in which loom looks for unordered access.
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
            && let Place::At(cursor) = Cursor::decode(self.0.cursor.load(Ordering::Relaxed)).place
        {
            position = cursor.max(oldest);
        }
        Lowest { position, faulty: 0 }
    }
}

fn lane() -> (Shared, Writer<Shared>) {
    let words = |count: usize| (0..count).map(|_| AtomicU64::new(0)).collect();
    let cells = (0..RING_WORDS).map(|_| UnsafeCell::new(())).collect();
    let (cursor, subscribed) = (AtomicU64::new(0), AtomicU64::new(0));
    let shared =
        Shared(Arc::new(Lane { header: words(HEADER_WORDS_USED), ring: words(RING_WORDS), cells, cursor, subscribed }));
    let writer = Writer::new(shared.clone(), Stamp { priority: Priority::Normal, topic: 1, sender: 1 }, false);
    (shared, writer)
}

/// Sends a message whose two words (or none) say which one it is.
fn send(writer: &mut Writer<Shared>, gates: &mut Shared, sequence: u64, words: usize) -> Result<(), Refusal> {
    if writer.put(&(100 + sequence).to_le_bytes().repeat(words), Envelope::MESSAGE) {
        return Ok(());
    }
    let first = writer.begin(words * 8, gates)?;
    for word in &gates.0.ring[first..first + words] {
        word.store(100 + sequence, Ordering::Relaxed);
    }
    assert!(writer.commit(words * 8));
    Ok(())
}

/// Reads what is there, at most `looks` messages; every one must be what its sequence says.
fn read(reader: &mut Reader<Shared>, cursor: &AtomicU64, looks: usize) -> Vec<(u64, u64)> {
    let mut seen = Vec::new();
    let mut payload = [0; 4];
    for _ in 0..looks {
        match reader.read(&mut payload, cursor) {
            Look::Message => {
                let message = reader.last();
                assert!(payload[..message.len / 8].iter().all(|word| *word == 100 + message.sequence), "torn");
                seen.push((message.sequence, message.lost));
            }
            Look::Dry => {}
            Look::Evicted => panic!("evicted"),
            Look::Corrupt(fault) => panic!("{fault:?}"),
        }
    }
    seen
}

/// Tries every interleaving with at most `preemptions` of them; `None` tries all.
fn check(preemptions: Option<usize>, model: fn()) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = preemptions;
    builder.check(model);
}

fn fails(mutation: Mutation, model: fn()) {
    let outcome = catch_unwind(AssertUnwindSafe(|| with_mutation(Some(mutation), || check(Some(3), model))));
    with_mutation(None, || ());
    assert!(outcome.is_err(), "the model holds without {mutation:?}");
}

/// The reader has read `before` (in words per message); the writer then tries `during`.
fn commit_rule(before: &'static [usize], unread: usize, during: &'static [usize]) {
    let (shared, mut writer) = lane();
    shared.0.subscribed.store(1, Ordering::Relaxed);
    let mut gates = shared.clone();
    let mut reader = Reader::at_start(shared.clone(), 0, Mode::Gating);
    let mut sequence = 0;
    for (index, words) in before.iter().enumerate() {
        send(&mut writer, &mut gates, sequence, *words).expect("room");
        sequence += 1;
        if index < before.len() - unread {
            assert_eq!(read(&mut reader, &shared.0.cursor, 1).len(), 1);
        }
    }
    let first = sequence - unread as u64;
    let sender = thread::spawn(move || {
        for words in during {
            if send(&mut writer, &mut gates, sequence, *words).is_ok() {
                sequence += 1;
            }
        }
        sequence
    });
    let mut seen = read(&mut reader, &shared.0.cursor, 3);
    let end = sender.join().expect("the writer does not panic");
    seen.extend(read(&mut reader, &shared.0.cursor, 12));
    let expected: Vec<_> = (first..end).map(|sequence| (sequence, 0)).collect();
    assert_eq!(seen, expected);
}

/// The second message is two slots long and one is left before the ring's end: a PAD fills it. Stale records of earlier
/// laps lie all around.
fn pad() {
    commit_rule(&[2, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0], 1, &[0, 2]);
}

/// The third message ends exactly at the ring's end.
fn exact_end() {
    commit_rule(&[2, 2, 2, 2, 2, 0], 1, &[0, 2, 2]);
}

/// The ring is full but for one slot: room, cursor and the zero behind decide.
fn nearly_full() {
    commit_rule(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 6, &[0, 2]);
}

/// Ten header-only messages have passed; a reader joins at the oldest one while two more are sent.
fn join() {
    let (shared, mut writer) = lane();
    let mut gates = shared.clone();
    for sequence in 0..10 {
        send(&mut writer, &mut gates, sequence, 0).expect("nobody gates");
    }
    let sender = thread::spawn(move || {
        let mut sequence = 10;
        for _ in 0..2 {
            if send(&mut writer, &mut gates, sequence, 0).is_ok() {
                sequence += 1;
            }
        }
        sequence
    });
    let cursor = &shared.0.cursor;
    let mut reader = Reader::joining(shared.clone(), 0, Mode::Gating, From::Earliest, cursor);
    shared.0.subscribed.store(1, Ordering::Release);
    reader.settle(cursor).expect("settles");
    let end = {
        let mut seen = read(&mut reader, cursor, 1);
        let end = sender.join().expect("the writer does not panic");
        fence(Ordering::Acquire);
        seen.extend(read(&mut reader, cursor, 12));
        let first = seen.first().expect("something is still there").0;
        let expected: Vec<_> = (first..end).map(|sequence| (sequence, 0)).collect();
        assert_eq!(seen, expected);
        end
    };
    assert!(end >= 10);
}

/// An observer stands at the oldest message of a full ring while the writer laps it.
fn lapped() {
    let (shared, mut writer) = lane();
    let mut gates = shared.clone();
    for sequence in 0..3 {
        send(&mut writer, &mut gates, sequence, 2).expect("nobody gates");
    }
    let cursor = &shared.0.cursor;
    let mut reader = Reader::at_start(shared.clone(), 0, Mode::Lapping);
    let sender = thread::spawn(move || {
        for sequence in 3..6 {
            send(&mut writer, &mut gates, sequence, 2).expect("nobody gates");
        }
    });
    let mut seen = read(&mut reader, cursor, 2);
    sender.join().expect("the writer does not panic");
    seen.extend(read(&mut reader, cursor, 8));
    let mut next = 0;
    for (sequence, lost) in seen {
        assert_eq!(sequence, next + lost, "the loss is the gap");
        next = sequence + 1;
    }
    assert_eq!(next, 6, "the last message is never lost");
}

#[test]
fn loom_commit_rule_holds_with_a_pad() {
    check(None, pad);
}

#[test]
fn loom_commit_rule_holds_at_the_exact_end() {
    check(None, exact_end);
}

#[test]
fn loom_commit_rule_holds_when_nearly_full() {
    check(None, nearly_full);
}

#[test]
fn loom_joiner_is_never_overwritten() {
    check(None, join);
}

#[test]
fn loom_lapped_observer_sees_no_torn_message_and_counts_its_loss() {
    check(Some(4), lapped);
}

#[test]
fn loom_terminator_is_needed() {
    fails(Mutation::NoTerminator, pad);
}

#[test]
fn loom_terminator_must_come_first() {
    fails(Mutation::LateTerminator, pad);
}

#[test]
fn loom_room_for_the_terminator_is_needed() {
    fails(Mutation::RoomWithoutHeader, nearly_full);
}

#[test]
fn loom_release_of_the_commit_word_is_needed() {
    fails(Mutation::RelaxedCommit, pad);
}

#[test]
fn loom_fence_after_the_commit_word_is_needed() {
    fails(Mutation::NoCommitFence, pad);
}

#[test]
fn loom_release_of_the_cursor_is_needed() {
    fails(Mutation::RelaxedCursor, nearly_full);
}

#[test]
fn loom_fence_after_announcing_is_needed() {
    fails(Mutation::NoAnnounceFence, join);
}

#[test]
fn loom_second_look_after_announcing_is_needed() {
    fails(Mutation::NoRescan, join);
}

#[test]
fn loom_fence_of_the_joiner_is_needed() {
    fails(Mutation::NoJoinFence, join);
}

#[test]
fn loom_fence_before_oldest_is_needed() {
    fails(Mutation::NoLapFence, lapped);
}

#[test]
fn loom_look_at_oldest_is_needed() {
    fails(Mutation::NoLapCheck, lapped);
}
