//! One flipped bit costs a chunk at most, wherever it is, and is reported.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use shm_bus::record::{Encoding, Recorder, Recording, RecordingError};
use shm_bus::wire::Priority;

use super::{Flat, hit, read, record, rig};

/// A recording of four chunks of three messages, on two lanes; killed before its end if `!ends`.
fn made(encoding: Encoding, ends: bool) -> (super::Rig, Vec<u8>, Vec<Flat>) {
    let mut rig = rig();
    let file = rig.folder.path().join("game.mcap");
    let mut recorder = Recorder::create_encoded(&file, "game", false, encoding).expect("made");
    let mut time = SystemTime::UNIX_EPOCH;
    for number in 0..4 {
        for priority in [Priority::High, Priority::Low, Priority::High] {
            rig.publisher.send(priority, &hit(number)).expect("room");
        }
        record(&mut rig, &mut recorder, &mut time);
        recorder.flush().expect("room on the disk");
    }
    let killed = fs::read(&file).expect("there");
    recorder.finish().expect("room on the disk");
    let bytes = if ends { fs::read(&file).expect("there") } else { killed };
    let messages = read(&file).1;
    assert_eq!(messages.len(), 12);
    (rig, bytes, messages)
}

/// The messages without their times, which count from the first one that is left.
fn timeless(messages: &[Flat]) -> Vec<(Priority, u64, Vec<u8>)> {
    messages.iter().map(|(priority, _, sequence, _, payload)| (*priority, *sequence, payload.clone())).collect()
}

fn check_every_bit(encoding: Encoding, ends: bool, step: usize) {
    let (rig, bytes, messages) = made(encoding, ends);
    let all = timeless(&messages);
    let file = rig.folder.path().join("damaged.mcap");
    for at in (0..bytes.len()).step_by(step) {
        // Each position gets one of the eight bits in turn.
        let bit = (at + at / 8) % 8;
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << bit;
        fs::write(&file, &damaged).expect("written");
        let (recording, left) = read(&file);
        let left = timeless(&left);
        let what = format!("bit {bit} of byte {at} of {}: {:?}, {left:?}", bytes.len(), recording.damage);
        let mut rest = all.iter();
        assert!(left.iter().all(|message| rest.any(|known| known == message)), "in order, and none changed: {what}");
        let lost = all.len() - left.len();
        assert!(lost <= 3, "{what}");
        if lost > 0 {
            let [damage] = &recording.damage[..] else { panic!("{what}") };
            assert!((damage.at..damage.at + damage.bytes).contains(&(at as u64)), "{what}");
            // The bit may lie in the byte that marks a record as a message.
            assert!(damage.messages.is_none_or(|messages| messages.abs_diff(lost as u64) <= 1), "{what}");
        }
    }
}

#[test]
fn a_flipped_bit_costs_a_chunk_at_most() {
    check_every_bit(Encoding::Ros1, true, 5);
}

#[test]
fn a_flipped_bit_in_what_a_killed_recorder_left_costs_a_chunk_at_most() {
    check_every_bit(Encoding::Ros1, false, 1);
}

#[test]
fn a_flipped_bit_costs_a_chunk_at_most_in_cdr() {
    check_every_bit(Encoding::Ros2, false, 5);
}

#[test]
fn what_is_behind_overwritten_bytes_is_read() {
    let (rig, bytes, messages) = made(Encoding::Ros1, true);
    let all = timeless(&messages);
    let file = rig.folder.path().join("damaged.mcap");
    for len in [1, 8, 49, 200, 700] {
        for at in (8..bytes.len() - len).step_by(7) {
            let mut damaged = bytes.clone();
            damaged[at..at + len].fill(0);
            fs::write(&file, &damaged).expect("written");
            match Recording::open(&file) {
                Ok(recording) => {
                    let left = timeless(&read(&file).1);
                    let mut rest = all.iter();
                    assert!(left.iter().all(|message| rest.any(|known| known == message)));
                    assert!(left.len() == all.len() || !recording.damage.is_empty(), "{at}");
                }
                Err(error) => assert!(matches!(error, RecordingError::Damaged { .. }), "{error}"),
            }
        }
    }
}

#[test]
fn what_is_no_recording_is_refused_with_what_and_where() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("game.mcap");
    let told = |file: &Path| match Recording::open(file) {
        Err(RecordingError::Damaged { source, .. }) => source.to_string(),
        other => panic!("{other:?}"),
    };
    fs::write(&file, [7; 4096]).expect("written");
    assert_eq!(told(&file), "it does not begin with the magic of MCAP");
    fs::write(&file, [&b"\x89MCAP0\r\n"[..], &[7; 4096]].concat()).expect("written");
    assert_eq!(told(&file), "a record is malformed at byte 8");
}
