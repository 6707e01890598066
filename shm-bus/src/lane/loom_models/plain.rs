//! The fast path of a send, `Writer::put`: several records between two checkpoints, so that none of them takes the slow path. The ring has
//! 32 slots, an eighth of it 4. Records of 4 slots, which fill it with nonzero words, bring the writer to a checkpoint. They take the slow
//! path, so nothing is left out until they are written.

use std::cell::Cell;

use loom::thread;

use super::{RING_WORDS, Shared, lane_that, read, send};
use crate::lane::{Envelope, Mode, Reader, Writer};
use crate::sync::{Mutation, Ordering, check, fails, unmutated};

/// Payload words of a record of 4 slots.
const LONG: usize = 12;
/// Number of messages of that length in a lap.
const LAP: u64 = 8;

std::thread_local! {
    /// The outcomes of a model over its interleavings, a bit for each: how many messages the reader saw meanwhile, or whether there was
    /// room.
    static MET: Cell<u8> = const { Cell::new(0) };
}

/// Runs a model, which has to reach all of `outcomes`.
fn met(outcomes: u8, model: impl FnOnce()) {
    MET.set(0);
    model();
    assert_eq!(MET.get(), outcomes);
}

/// Puts a message of `words` words, which needs neither room nor a checkpoint.
fn put(writer: &mut Writer<Shared>, sequence: u64, words: usize) {
    let payload = (100 + sequence).to_le_bytes().repeat(words);
    assert!(writer.put(&payload, Envelope::MESSAGE), "the model is of the straight way");
}

/// A lane after `sent` long messages, and the gating reader that has read all but `unread` of them.
fn after(sent: u64, unread: u64) -> (Shared, Writer<Shared>, Reader<Shared>) {
    unmutated(|| prepare(sent, unread))
}

fn prepare(sent: u64, unread: u64) -> (Shared, Writer<Shared>, Reader<Shared>) {
    let (shared, mut writer) = lane_that(4 * RING_WORDS, false);
    shared.0.subscribed.store(1, Ordering::Relaxed);
    let mut gates = shared.clone();
    let mut reader = Reader::at_start(shared.clone(), 0, Mode::Gating);
    for sequence in 0..sent {
        send(&mut writer, &mut gates, sequence, LONG).expect("room");
        if sequence + unread < sent {
            assert_eq!(read(&mut reader, &shared.0.cursor, 1), [(sequence, 0)]);
        }
    }
    (shared, writer, reader)
}

/// In the second lap, two messages are put over records of the first while the reader reads them.
fn over_stale_records() {
    let (shared, mut writer, mut reader) = after(LAP + 1, 0);
    let sender = thread::spawn(move || {
        put(&mut writer, LAP + 1, 2);
        put(&mut writer, LAP + 2, 0);
    });
    let mut seen = read(&mut reader, &shared.0.cursor, 3);
    MET.set(MET.get() | 1 << seen.len());
    sender.join().expect("the writer does not panic");
    seen.extend(read(&mut reader, &shared.0.cursor, 3));
    assert_eq!(seen, [(LAP + 1, 0), (LAP + 2, 0)]);
}

/// The ring is full, and the reader continues to read. As soon as the writer has room for a long message, it puts another one after it,
/// where the reader has just read.
fn where_the_reader_was() {
    let (shared, mut writer, mut reader) = after(LAP, LAP - 1);
    let mut gates = shared.clone();
    let sender = thread::spawn(move || {
        let has_room = send(&mut writer, &mut gates, LAP, LONG).is_ok();
        if has_room {
            put(&mut writer, LAP + 1, 2);
        }
        has_room
    });
    let mut seen = read(&mut reader, &shared.0.cursor, 1);
    let has_room = sender.join().expect("the writer does not panic");
    MET.set(MET.get() | 1 << u8::from(has_room));
    let end = if has_room { LAP + 2 } else { LAP };
    seen.extend(read(&mut reader, &shared.0.cursor, 12));
    assert_eq!(seen, (1..end).map(|sequence| (sequence, 0)).collect::<Vec<_>>());
}

#[test]
fn loom_plain_put_holds_over_stale_records() {
    met(0b111, || check(None, over_stale_records));
}

#[test]
fn loom_plain_put_holds_where_the_reader_was() {
    met(0b11, || check(None, where_the_reader_was));
}

#[test]
fn loom_plain_put_needs_the_terminator() {
    fails(Mutation::NoTerminator, over_stale_records);
}

#[test]
fn loom_plain_put_needs_the_terminator_first() {
    fails(Mutation::LateTerminator, over_stale_records);
}

#[test]
fn loom_plain_put_needs_the_release_of_the_commit_word() {
    fails(Mutation::RelaxedCommit, over_stale_records);
}

#[test]
fn loom_plain_put_needs_the_fence_after_the_commit_word() {
    fails(Mutation::NoCommitFence, over_stale_records);
}

#[test]
fn loom_plain_put_needs_the_fence_between_cursors_and_writing() {
    fails(Mutation::NoAnnounceFence, where_the_reader_was);
}

#[test]
fn loom_plain_put_needs_the_release_of_the_cursor() {
    fails(Mutation::RelaxedCursor, where_the_reader_was);
}
