//! When a recording gets its name, and what becomes of what had it.

use std::fs;

use shm_bus::record::{RecordError, Recorder, Recording};
use shm_bus::wire::Priority;
use std::time::SystemTime;
use tempfile::TempDir;

use super::{hit, read, record, rig};

#[test]
fn an_existing_file_is_kept_unless_told_otherwise_and_then_to_the_end() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("game.mcap");
    fs::write(&file, "precious").expect("written");
    Recorder::create(&file, "game", false).expect_err("kept");
    let recorder = Recorder::create(&file, "game", true).expect("made");
    assert_eq!(fs::read(&file).expect("there"), b"precious");
    recorder.finish().expect("written");
    assert!(Recording::open(&file).expect("readable").channels.is_empty());
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
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
    assert!(*wanted == file && error.to_string().contains("goes by the former"), "{error}");
    assert_eq!(fs::read(&file).expect("there"), b"precious");
    assert_eq!(read(path).1.len(), 1);
}
