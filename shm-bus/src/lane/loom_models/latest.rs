//! Lanes whose readers skip to the newest message.

use loom::thread;

use super::{RING_WORDS, accounted, lane_that, read, send};
use crate::lane::{Mode, Reader};
use crate::sync::{Mutation, check, fails};

/// The ring is full of stale records of `words` each, and the reader has read none. While it reads `looks` times, `messages` messages are
/// sent.
fn skipping(words: usize, looks: usize, messages: u64) {
    const BEFORE: u64 = 9;
    let (shared, mut writer) = lane_that(RING_WORDS, true);
    let mut gates = shared.clone();
    for sequence in 0..BEFORE {
        send(&mut writer, &mut gates, sequence, words).expect("nobody gates");
    }
    let cursor = &shared.0.cursor;
    let mut reader = Reader::at_start(shared.clone(), 0, Mode::Latest);
    let sender = thread::spawn(move || {
        for sequence in BEFORE..BEFORE + messages {
            send(&mut writer, &mut gates, sequence, words).expect("nobody gates");
        }
    });
    let seen = read(&mut reader, cursor, looks);
    assert!(seen.iter().all(|(sequence, _)| *sequence >= BEFORE - 1), "an older one than was the newest before");
    let next = accounted(seen, 0);
    sender.join().expect("the writer does not panic");
    let rest = read(&mut reader, cursor, 4);
    assert!(rest.len() <= 1, "only the newest is given out");
    assert_eq!(accounted(rest, next), BEFORE + messages, "the newest message is never lost");
}

/// Some are sent without making room, which would fence.
fn latest() {
    skipping(0, 2, 3);
}

/// The newest message is overwritten while the reader copies it.
fn overtaken() {
    skipping(2, 1, 4);
}

#[test]
fn loom_reader_that_skips_never_goes_back_and_counts_what_it_skipped() {
    check(Some(4), latest);
}

#[test]
fn loom_reader_that_skips_sees_no_torn_message_when_it_is_overtaken() {
    check(Some(3), overtaken);
}

#[test]
fn loom_release_of_the_newest_position_is_needed() {
    fails(Mutation::RelaxedLatest, latest);
}

#[test]
fn loom_fence_after_the_newest_position_is_needed() {
    fails(Mutation::NoLatestFence, latest);
}

#[test]
fn loom_skipping_needs_the_fence_before_oldest() {
    fails(Mutation::NoLapFence, overtaken);
}

#[test]
fn loom_skipping_needs_the_look_at_oldest() {
    fails(Mutation::NoLapCheck, overtaken);
}
