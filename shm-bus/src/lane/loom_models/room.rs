//! A publisher that sleeps until a reader has made room: the real writer, reader and bell.

use std::sync::Arc;

use loom::thread;

use super::{lane, read, send};
use crate::bell;
use crate::lane::{Mode, Reader, Refusal};
use crate::sync::{AtomicU64, Mutation, Ordering, check, fails};

/// The lane is full. The reader continues to read and publishes its position; the publisher never stays asleep while there is room.
fn nobody_sleeps_through_room() {
    let (shared, mut writer) = lane();
    shared.0.subscribed.store(1, Ordering::Relaxed);
    let mut gates = shared.clone();
    let mut reader = Reader::at_start(shared.clone(), 0, Mode::Gating);
    let mut sent = 0;
    while send(&mut writer, &mut gates, sent, 2).is_ok() {
        sent += 1;
    }
    let room_bell = Arc::new(AtomicU64::new(0));
    let bell = Arc::clone(&room_bell);
    let reading = thread::spawn(move || {
        let cursor = &shared.0.cursor;
        for _ in 0..2 {
            let told = reader.published();
            assert_eq!(read(&mut reader, cursor, 1).len(), 1);
            reader.publish_if_moved(cursor);
            if told != reader.published() {
                bell::ring_after_store(&bell);
            }
        }
    });
    let mut asleep = None;
    for _ in 0..2 {
        let armed = bell::arm(&room_bell);
        match writer.begin(16, &mut gates) {
            Ok(_) => {
                bell::disarm(&room_bell, armed);
                writer.cancel();
                break;
            }
            Err(refusal) => assert_eq!(refusal, Refusal::Full),
        }
        if room_bell.load(Ordering::Relaxed) == armed {
            asleep = Some(armed);
            break;
        }
        bell::disarm(&room_bell, armed);
    }
    reading.join().expect("the reader does not panic");
    if let Some(armed) = asleep {
        assert!(room_bell.load(Ordering::Relaxed) != armed, "asleep with room, and nobody rang");
    }
    assert!(writer.begin(16, &mut gates).is_ok(), "two messages were read");
}

#[test]
fn loom_nobody_sleeps_through_room() {
    check(None, nobody_sleeps_through_room);
}

#[test]
fn loom_room_needs_the_sleepers_fence() {
    fails(Mutation::NoSleeperFence, nobody_sleeps_through_room);
}

#[test]
fn loom_room_needs_the_readers_fence_before_it_rings() {
    fails(Mutation::NoWakerFence, nobody_sleeps_through_room);
}
