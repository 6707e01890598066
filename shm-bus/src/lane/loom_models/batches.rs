//! Batches: a reader sees a whole batch or nothing of it.

use loom::thread;

use super::{RING_WORDS, lane_that, read, read_one, send};
use crate::lane::{Memory, Mode, Reader};
use crate::layout::lane::HEAD;
use crate::sync::{Mutation, Ordering, check, fails};

/// A gating reader has read `before` (in words per message); then `batch` is sent as one. It fits without making room.
fn batch(before: &'static [usize], batch: &'static [usize]) {
    let (shared, mut writer) = lane_that(2 * RING_WORDS, false);
    shared.0.subscribed.store(1, Ordering::Relaxed);
    let mut gates = shared.clone();
    let cursor = &shared.0.cursor;
    let mut reader = Reader::at_start(shared.clone(), 0, Mode::Gating);
    for (sequence, words) in before.iter().enumerate() {
        send(&mut writer, &mut gates, sequence as u64, *words).expect("room");
        assert_eq!(read(&mut reader, cursor, 1).len(), 1);
    }
    let first = before.len() as u64;
    let writer_head = shared.clone();
    let sender = thread::spawn(move || {
        writer.begin_batch();
        let head = || writer_head.header()[HEAD].load(Ordering::Relaxed);
        let before = head();
        for (sequence, words) in (first..).zip(batch) {
            send(&mut writer, &mut gates, sequence, *words).expect("room");
        }
        assert_eq!(head(), before, "the model is of a batch that needs no more room");
        writer.end_batch();
    });
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.extend(read_one(&mut reader, cursor).expect("not evicted"));
        if !seen.is_empty() {
            break;
        }
    }
    if !seen.is_empty() {
        seen.extend(read(&mut reader, cursor, batch.len() - 1));
        assert_eq!(seen.len(), batch.len(), "a reader that sees the first sees all");
    }
    sender.join().expect("the writer does not panic");
    seen.extend(read(&mut reader, cursor, 12));
    let expected: Vec<_> = (first..first + batch.len() as u64).map(|sequence| (sequence, 0)).collect();
    assert_eq!(seen, expected);
}

fn over_nothing() {
    batch(&[2], &[0, 2, 0]);
}

/// The batch overwrites stale records of an earlier lap.
fn over_stale_records() {
    batch(&[2, 2, 2, 2, 2, 2, 2, 2, 0], &[0, 0]);
}

/// The batch's second message does not fit before the ring's end: a PAD is part of the batch.
fn over_the_end() {
    batch(&[2, 6, 6, 6, 6, 6, 2, 6, 6, 6], &[0, 2]);
}

/// The batch begins with a PAD.
fn from_a_pad() {
    batch(&[0, 6, 6, 6, 6, 2, 0, 0, 6, 6, 6, 6, 2], &[2, 0]);
}

/// A batch of two is sent to a reader that skips to the newest message: it sees the message before the batch, or the batch's last one.
fn of_a_latest_lane() {
    let (shared, mut writer) = lane_that(RING_WORDS, true);
    let mut gates = shared.clone();
    for sequence in 0..2 {
        send(&mut writer, &mut gates, sequence, 2).expect("nobody gates");
    }
    let cursor = &shared.0.cursor;
    let mut reader = Reader::at_start(shared.clone(), 0, Mode::Latest);
    let sender = thread::spawn(move || {
        writer.begin_batch();
        for sequence in [2, 3] {
            send(&mut writer, &mut gates, sequence, 0).expect("nobody gates");
        }
        writer.end_batch();
    });
    let (first, _) = read_one(&mut reader, cursor).expect("not evicted").expect("there is always a newest one");
    assert!(first == 1 || first == 3, "{first}");
    sender.join().expect("the writer does not panic");
    let last = read(&mut reader, cursor, 4).last().map_or(first, |(sequence, _)| *sequence);
    assert_eq!(last, 3);
}

#[test]
fn loom_batch_is_seen_whole_or_not_at_all() {
    check(None, over_nothing);
}

#[test]
fn loom_batch_is_seen_whole_or_not_at_all_over_stale_records() {
    check(None, over_stale_records);
}

#[test]
fn loom_batch_is_seen_whole_over_the_rings_end() {
    check(None, over_the_end);
}

#[test]
fn loom_batch_is_seen_whole_from_a_pad_on() {
    check(None, from_a_pad);
}

#[test]
fn loom_batch_on_a_latest_lane_never_hides_what_was_there() {
    check(None, of_a_latest_lane);
}

#[test]
fn loom_a_batch_that_reveals_its_first_message_first_is_seen_in_part() {
    fails(Mutation::RevealFirst, over_stale_records);
}

#[test]
fn loom_a_batch_needs_the_release_of_its_first_commit_word() {
    fails(Mutation::RelaxedCommit, over_stale_records);
}

#[test]
fn loom_a_batch_needs_the_readers_fence() {
    fails(Mutation::NoCommitFence, over_stale_records);
}
