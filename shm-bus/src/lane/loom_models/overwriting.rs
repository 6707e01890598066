//! Readers that nobody waits for: observers, all readers of a lane that drops its oldest, and those that are evicted.

use loom::thread;

use super::{accounted, lane, read, read_one, send};
use crate::lane::{Mode, Reader};
use crate::sync::{Mutation, check, check_at_length, fails};

/// An observer is at the oldest message of a full ring while the writer overtakes it.
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
    assert_eq!(accounted(seen, 0), 6, "the last message is never lost");
}

/// Nobody gates. Records of one and two slots cross the ring's end, where a PAD lies; the reader keeps up at first.
fn unwaited(mode: Mode) {
    let (shared, mut writer) = lane();
    let mut gates = shared.clone();
    let cursor = &shared.0.cursor;
    let mut reader = Reader::at_start(shared.clone(), 0, mode);
    let mut next = 0;
    for (sequence, words) in [0, 2, 2, 2, 2, 0].into_iter().enumerate() {
        send(&mut writer, &mut gates, sequence as u64, words).expect("nobody gates");
        if sequence < 3 {
            next = accounted(read(&mut reader, cursor, 1), next);
        }
    }
    let sender = thread::spawn(move || {
        for (sequence, words) in [(6, 2), (7, 2)] {
            send(&mut writer, &mut gates, sequence, words).expect("nobody gates");
        }
    });
    let mut look = || match read_one(&mut reader, cursor) {
        Ok(seen) => {
            next = accounted(seen.into_iter().collect(), next);
            assert!(
                mode == Mode::Lapping || seen.is_none_or(|(_, lost)| lost == 0),
                "a reader that is overtaken leaves"
            );
            false
        }
        Err(_) => true,
    };
    let mut evicted = look() || look();
    sender.join().expect("the writer does not panic");
    for _ in 0..10 {
        evicted = evicted || look();
    }
    assert!(evicted || next == 8, "the last message is never lost");
    assert!(!evicted || mode == Mode::Evictable);
}

fn drop_oldest() {
    unwaited(Mode::Lapping);
}

fn evict_laggard() {
    unwaited(Mode::Evictable);
}

#[test]
fn loom_lapped_observer_sees_no_torn_message_and_counts_its_loss() {
    check_at_length(Some(4), lapped);
}

#[test]
fn loom_fence_before_oldest_is_needed() {
    fails(Mutation::NoLapFence, lapped);
}

#[test]
fn loom_look_at_oldest_is_needed() {
    fails(Mutation::NoLapCheck, lapped);
}

#[test]
fn loom_reader_of_a_lane_that_drops_its_oldest_sees_no_torn_message_and_counts_its_loss() {
    check(Some(4), drop_oldest);
}

#[test]
fn loom_evicted_reader_has_seen_every_message_until_it_leaves() {
    check(Some(4), evict_laggard);
}

#[test]
fn loom_dropping_the_oldest_needs_the_fence_before_oldest() {
    fails(Mutation::NoLapFence, drop_oldest);
}

#[test]
fn loom_dropping_the_oldest_needs_the_look_at_oldest() {
    fails(Mutation::NoLapCheck, drop_oldest);
}

#[test]
fn loom_evicting_needs_the_fence_before_oldest() {
    fails(Mutation::NoLapFence, evict_laggard);
}

#[test]
fn loom_evicting_needs_the_look_at_oldest() {
    fails(Mutation::NoLapCheck, evict_laggard);
}
