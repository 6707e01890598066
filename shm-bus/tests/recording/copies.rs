//! Overwritten bytes cost only the chunks that they lie in, wherever they are: channels are described elsewhere, too.

use std::fs;
use std::ops::Range;
use std::time::SystemTime;

use shm_bus::record::{Recorder, Recording};
use shm_bus::wire::Priority;

use super::{HITS, Rig, hit, read, rig};

/// Channels in the recording.
const CHANNELS: usize = 4;

/// A recording of 40 flushes of one message in each channel, each with the range of the file that it has written.
fn made(ends: bool) -> (Rig, Vec<u8>, Vec<Range<usize>>) {
    let mut rig = rig();
    let file = rig.folder.path().join("game.mcap");
    let lanes = [(Priority::High, 4096), (Priority::Low, 4096)];
    let mut other = rig.bus.publisher(&HITS, "other", &lanes).expect("made");
    let mut recorder = Recorder::create(&file, "game", false).expect("made");
    let mut time = SystemTime::UNIX_EPOCH;
    let (mut parts, mut begin) = (Vec::new(), 0);
    for number in 0..40 {
        for priority in [Priority::High, Priority::Low] {
            rig.publisher.send(priority, &hit(number)).expect("room");
            other.send(priority, &hit(number)).expect("room");
        }
        super::record(&mut rig, &mut recorder, &mut time);
        recorder.flush().expect("room on the disk");
        let end = fs::metadata(&file).expect("there").len() as usize;
        parts.push(begin..end);
        begin = end;
    }
    let killed = fs::read(&file).expect("there");
    recorder.finish().expect("room on the disk");
    let bytes = if ends { fs::read(&file).expect("there") } else { killed };
    (rig, bytes, parts)
}

#[test]
fn overwritten_bytes_cost_the_chunks_that_they_lie_in() {
    for ends in [true, false] {
        let (rig, bytes, parts) = made(ends);
        let file = rig.folder.path().join("damaged.mcap");
        let ranges =
            [512, 4096].into_iter().flat_map(|len| (0..bytes.len() - len).step_by(509).map(move |at| at..at + len));
        for range in ranges {
            let mut damaged = bytes.clone();
            damaged[range.clone()].fill(0);
            fs::write(&file, &damaged).expect("written");
            let (recording, messages) = read(&file);
            let hit = |part: &&Range<usize>| part.start < range.end && range.start < part.end;
            let least = CHANNELS * (parts.len() - parts.iter().filter(hit).count());
            let count = messages.len();
            assert!(count >= least, "{count} of at least {least} with {range:?} of {}: {recording:#?}", bytes.len());
            assert_eq!(recording.foreign, 0, "{range:?}");
        }
    }
}

#[test]
fn copies_of_channels_take_little_room() {
    let (_rig, bytes, _) = made(true);
    let count = |what: &[u8]| bytes.windows(what.len()).filter(|found| *found == what).count();
    // After flushes 1, 2, 4 … 32 and at the end, each once more in the index.
    assert_eq!(count(b"hotframe.channel"), CHANNELS * 7 * 2);
}

#[test]
fn a_file_that_is_no_recording_is_none_whatever_its_first_bytes_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("game.mcap");
    for bytes in [vec![0; 100_000], vec![6; 100_000]] {
        fs::write(&file, bytes).expect("written");
        Recording::open(&file).expect_err("no recording");
    }
}
