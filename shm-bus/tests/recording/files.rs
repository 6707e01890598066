//! The moment at which a recording gets its name, and the fate of the file that had it.

use std::fs;

use shm_bus::record::{RecordError, Recorder, Recording};
use shm_bus::wire::Priority;
use std::time::SystemTime;
use tempfile::TempDir;

use super::{hit, read, record, rig};

#[test]
fn an_existing_file_outlives_a_recording_without_a_message() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("game.mcap");
    fs::write(&file, "precious").expect("written");
    Recorder::create(&file, "game", false).expect_err("kept");
    let recorder = Recorder::create(&file, "game", true).expect("made");
    assert_eq!(fs::read(&file).expect("there"), b"precious");
    assert!(!recorder.finish().expect("written").is_kept);
    assert_eq!(fs::read(&file).expect("there"), b"precious");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
}

#[test]
fn a_file_that_came_while_nothing_was_recorded_outlives_the_recording() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("game.mcap");
    let recorder = Recorder::create(&file, "game", false).expect("made");
    fs::write(&file, "precious").expect("written");
    assert!(!recorder.finish().expect("written").is_kept);
    assert_eq!(fs::read(&file).expect("there"), b"precious");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
}

#[test]
fn a_recording_without_a_message_gets_a_name_that_is_free_and_is_readable() {
    let folder = TempDir::new().expect("a folder");
    for overwrite in [false, true] {
        let file = folder.path().join(format!("{overwrite}.mcap"));
        let finished = Recorder::create(&file, "game", overwrite).expect("made").finish().expect("written");
        assert!(finished.is_kept && finished.counts.is_empty());
        let recording = Recording::open(&file).expect("readable");
        assert!(recording.channels.is_empty() && !recording.cut_off, "{recording:#?}");
    }
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2);
}

#[test]
fn a_recording_gets_its_name_with_its_first_message() {
    let mut rig = rig();
    let file = rig.folder.path().join("game.mcap");
    let mut recorder = Recorder::create(&file, "game", false).expect("made");
    recorder.flush().expect("room on the disk");
    let temporary = recorder.path().to_owned();
    assert!(!file.exists() && temporary != file);
    assert!(Recording::open(&temporary).expect("readable").cut_off);
    rig.publisher.send(Priority::High, &hit(0)).expect("room");
    record(&mut rig, &mut recorder, &mut SystemTime::now());
    assert!(!file.exists(), "nothing was flushed yet");
    recorder.flush().expect("room on the disk");
    assert!(recorder.path() == file && !temporary.exists());
    assert_eq!(read(&file).1.len(), 1);
    recorder.finish().expect("room on the disk");
    assert_eq!(read(&file).1.len(), 1);
}

#[test]
fn a_recorder_that_is_let_go_of_leaves_what_it_has_and_nothing_else() {
    let mut rig = rig();
    let file = rig.folder.path().join("game.mcap");
    drop(Recorder::create(&file, "game", false).expect("made"));
    assert_eq!(fs::read_dir(rig.folder.path()).expect("a folder").count(), 1, "the bus's folder");
    let mut recorder = Recorder::create(&file, "game", false).expect("made");
    rig.publisher.send(Priority::High, &hit(0)).expect("room");
    record(&mut rig, &mut recorder, &mut SystemTime::now());
    drop(recorder);
    assert_eq!(read(&file).1.len(), 1, "it was never flushed");
}

#[test]
fn a_name_that_was_taken_meanwhile_is_told_and_nothing_is_lost() {
    let mut rig = rig();
    let file = rig.folder.path().join("game.mcap");
    let mut recorder = Recorder::create(&file, "game", false).expect("made");
    rig.publisher.send(Priority::High, &hit(0)).expect("room");
    record(&mut rig, &mut recorder, &mut SystemTime::now());
    fs::write(&file, "precious").expect("written");
    let error = recorder.finish().expect_err("taken");
    let RecordError::Name { path, wanted, .. } = &error else { panic!("{error:?}") };
    assert!(*wanted == file && error.to_string().contains("keeps its present name"), "{error}");
    assert_eq!(fs::read(&file).expect("there"), b"precious");
    assert_eq!(read(path).1.len(), 1);
}

#[cfg(unix)]
#[test]
fn a_recording_that_was_removed_or_replaced_while_it_was_made_is_an_error() {
    for replace in [false, true] {
        let mut rig = rig();
        let file = rig.folder.path().join("game.mcap");
        let mut recorder = Recorder::create(&file, "game", false).expect("made");
        rig.publisher.send(Priority::High, &hit(0)).expect("room");
        record(&mut rig, &mut recorder, &mut SystemTime::now());
        recorder.flush().expect("room on the disk");
        fs::remove_file(&file).expect("there");
        if replace {
            fs::write(&file, "mine").expect("written");
        }
        let error = recorder.finish().expect_err("it is gone");
        assert!(matches!(error, RecordError::Removed { messages: 1, .. }), "{error:?}");
        assert!(error.to_string().contains("and 1 message with it"), "{error}");
        assert_eq!(fs::read(&file).ok(), replace.then(|| b"mine".to_vec()));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_recording_that_was_moved_while_it_was_made_says_where_it_is() {
    let mut rig = rig();
    let [file, moved] = ["game.mcap", "moved.mcap"].map(|name| rig.folder.path().join(name));
    let mut recorder = Recorder::create(&file, "game", false).expect("made");
    rig.publisher.send(Priority::High, &hit(0)).expect("room");
    record(&mut rig, &mut recorder, &mut SystemTime::now());
    recorder.flush().expect("room on the disk");
    fs::rename(&file, &moved).expect("there");
    fs::write(&file, "mine").expect("written");
    let error = recorder.finish().expect_err("it is elsewhere");
    let place = fs::canonicalize(&moved).expect("there");
    assert!(error.to_string().contains(&format!("it is {} now", place.display())), "{error}");
    assert_eq!((read(&moved).1.len(), fs::read(&file).expect("there")), (1, b"mine".to_vec()));
}

#[cfg(unix)]
#[test]
fn a_recording_whose_folder_was_removed_before_its_first_message_is_an_error_that_says_so() {
    let mut rig = rig();
    let folder = rig.folder.path().join("folder");
    fs::create_dir(&folder).expect("made");
    let mut recorder = Recorder::create(folder.join("game.mcap"), "game", false).expect("made");
    rig.publisher.send(Priority::High, &hit(0)).expect("room");
    record(&mut rig, &mut recorder, &mut SystemTime::now());
    fs::remove_dir_all(&folder).expect("there");
    let error = recorder.flush().expect_err("there is no place for it");
    assert!(matches!(error, RecordError::Removed { messages: 1, .. }), "{error:?}");
}

#[test]
fn a_recording_that_somebody_else_writes_to_is_an_error() {
    for other in ["", "mine", &"mine".repeat(10_000)] {
        let mut rig = rig();
        let file = rig.folder.path().join("game.mcap");
        let mut recorder = Recorder::create(&file, "game", false).expect("made");
        rig.publisher.send(Priority::High, &hit(0)).expect("room");
        record(&mut rig, &mut recorder, &mut SystemTime::now());
        recorder.flush().expect("room on the disk");
        fs::write(&file, other).expect("written");
        let error = recorder.finish().expect_err("it is damaged");
        assert!(matches!(error, RecordError::Overwritten { messages: 1, .. }), "{error:?}");
        assert_eq!(fs::read_to_string(&file).expect("there"), other, "nothing more is written to it");
    }
}
