//! Readers that are waited for: nothing is overwritten that they still read, even while they join.

use loom::thread;

use super::{lane, read, send};
use crate::lane::{Mode, Reader, Start};
use crate::sync::{Mutation, Ordering, check, fails, fence};

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

/// The second message is two slots long and one slot is left before the ring's end: a PAD fills it. Stale records of earlier laps surround
/// it.
fn pad() {
    commit_rule(&[2, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0], 1, &[0, 2]);
}

/// The third message ends exactly at the ring's end.
fn exact_end() {
    commit_rule(&[2, 2, 2, 2, 2, 0], 1, &[0, 2, 2]);
}

/// The ring is full except for one slot: room, cursor and the zero behind are decisive.
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
    let mut reader = Reader::joining(shared.clone(), 0, Mode::Gating, Start::Earliest, cursor);
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

#[test]
fn loom_commit_rule_holds_with_a_pad() {
    check(Some(4), pad);
}

#[test]
fn loom_commit_rule_holds_at_the_exact_end() {
    check(Some(4), exact_end);
}

#[test]
fn loom_commit_rule_holds_when_nearly_full() {
    check(Some(4), nearly_full);
}

#[test]
fn loom_joiner_is_never_overwritten() {
    check(Some(4), join);
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
