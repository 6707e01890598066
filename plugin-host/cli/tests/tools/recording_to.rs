//! Destinations of `record`: files that other programs change meanwhile, pipes, and the standard output.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;
use std::process::Stdio;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::Signal;
use shm_bus::record::Recording;

use super::support::{Game, HITS, Tool, command};

/// Number of messages in the file.
fn messages(file: &Path) -> u64 {
    Recording::open(file).expect("readable").channels.iter().map(|channel| channel.messages).sum()
}

/// A recorder that has written `count` messages to the file and keeps recording.
fn recorder(game: &mut Game, file: &Path, arguments: &[&str], count: u32) -> Tool {
    let before = game.bus.snapshot().inboxes.len();
    let record = game.tool(&[&["record", file.to_str().expect("text"), "--json"], arguments].concat());
    game.until_read_by("hotframe bus record", before + 1);
    game.send(0..count);
    while record.json()["flushed"] != count {}
    record
}

/// The output of a recorder that is told to end.
fn ended(record: Tool) -> String {
    record.signal(Signal::INT);
    record.failed()
}

#[test]
fn a_file_that_was_removed_or_replaced_while_it_was_recorded_is_an_error() {
    for replace in [false, true] {
        let mut game = Game::start();
        let file = game.file("game.mcap");
        let record = recorder(&mut game, &file, &[], 5);
        fs::remove_file(&file).expect("there");
        if replace {
            fs::write(&file, "mine").expect("written");
        }
        let error = ended(record);
        assert!(
            error.contains("game.mcap is not the recording: another program removed or replaced the recording"),
            "{error}"
        );
        assert!(error.contains("and 5 messages with it"), "{error}");
        assert_eq!(fs::read(&file).ok(), replace.then(|| b"mine".to_vec()));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_was_moved_while_it_was_recorded_is_told_with_its_place() {
    let mut game = Game::start();
    let [file, moved] = ["game.mcap", "moved.mcap"].map(|name| game.file(name));
    for arguments in [&[][..], &["--force"]] {
        let record = recorder(&mut game, &file, arguments, 5);
        fs::rename(&file, &moved).expect("there");
        fs::write(&file, "mine").expect("written");
        let error = ended(record);
        assert!(error.contains("moved.mcap now, with 5 messages"), "{error}");
        assert_eq!((messages(&moved), fs::read(&file).expect("there")), (5, b"mine".to_vec()));
        fs::remove_file(&file).expect("there");
    }
}

#[test]
fn a_file_that_somebody_else_writes_to_is_told() {
    let mut game = Game::start();
    let file = game.file("game.mcap");
    let record = recorder(&mut game, &file, &[], 5);
    fs::write(&file, "mine").expect("written");
    let error = ended(record);
    assert!(error.contains("another program wrote to") && error.contains("game.mcap"), "{error}");
    assert_eq!(fs::read(&file).expect("there"), b"mine");
}

#[test]
fn the_file_of_a_recorder_that_is_at_work_is_not_replaced() {
    let mut game = Game::start();
    let file = game.file("game.mcap");
    fs::write(&file, "old").expect("written");
    let first = recorder(&mut game, &file, &["--force"], 5);
    let error = game.tool(&["record", file.to_str().expect("text"), "--force"]).failed();
    assert!(error.contains("game.mcap: another recorder is writing it; end that one, or choose another"), "{error}");
    first.signal(Signal::INT);
    first.done();
    assert_eq!(messages(&file), 5);
    let again = recorder(&mut game, &file, &["--force"], 3);
    again.signal(Signal::INT);
    again.done();
    assert_eq!(messages(&file), 3, "no recorder writes it any more");
}

#[test]
fn a_pipe_takes_a_whole_recording() {
    let mut game = Game::start();
    let pipe = game.file("pipe");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("made");
    let name = pipe.to_str().expect("text").to_owned();
    let error = game.tool(&["record", &name, "--force"]).failed();
    assert!(error.contains("no process reads from it"), "it does not wait for ever: {error}");
    let error = game.tool(&["record", &name]).failed();
    assert!(error.contains("; --force writes to it"), "{error}");
    // First both ends are open, so that the pipe has a reader before the recorder starts; then only the reader's.
    let both = File::options().read(true).write(true).open(&pipe).expect("there");
    let mut reader = File::open(&pipe).expect("somebody writes");
    let record = game.tool(&["record", &name, "--force", "--count", "5"]);
    game.until_read_by("hotframe bus record", 1);
    assert!(record.told().contains("recording"), "it has the pipe open");
    drop(both);
    game.send(0..5);
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).expect("a pipe");
    let said = record.done();
    assert!(said.contains("5 messages in"), "{said}");
    let file = game.file("copy.mcap");
    fs::write(&file, bytes).expect("written");
    let recording = Recording::open(&file).expect("readable");
    assert!(!recording.cut_off && messages(&file) == 5, "{recording:#?}");
}

#[cfg(target_os = "linux")]
#[test]
fn the_standard_output_takes_a_whole_recording_and_nothing_else() {
    let mut game = Game::start();
    let file = game.file("copy.mcap");
    for json in [&[][..], &["--json"]] {
        let arguments = [&["record", "/dev/stdout", "--force", "--count", "5", HITS.name], json].concat();
        let mut command = command(&game.folder(), &arguments);
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
        game.until_read_by("hotframe bus record", 1);
        game.send(0..5);
        let output = child.wait_with_output().expect("waited");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{told}");
        assert!(told.contains(if json.is_empty() { "5 messages in /dev/stdout" } else { "\"messages\":5" }), "{told}");
        fs::write(&file, output.stdout).expect("written");
        assert!(mcap_ends(&file) && messages(&file) == 5, "{told}");
    }
}

/// Whether no data follows the recording.
#[cfg(target_os = "linux")]
fn mcap_ends(file: &Path) -> bool {
    fs::read(file).expect("there").ends_with(b"\x89MCAP0\r\n")
}

#[test]
fn a_recording_that_came_after_this_one_began_is_not_replaced() {
    let mut game = Game::start();
    let file = game.file("game.mcap");
    let name = file.to_str().expect("text").to_owned();
    fs::write(&file, "old").expect("written");
    let early = game.tool(&["record", &name, "--force", "--duration", "3600"]);
    early.told();
    assert!(early.told().contains("game.mcap.part, and "), "it has no message yet");
    // Now there is a message, which both record; the other recorder ends first.
    early.stop();
    let other = game.tool(&["record", &name, "--force", "--count", "1"]);
    game.until_read_by("hotframe bus record", 2);
    assert!(other.told().contains("recording"));
    game.send(0..1);
    other.done();
    assert_eq!(messages(&file), 1);
    early.signal(Signal::CONT);
    let error = early.failed();
    assert!(error.contains("game.mcap.part to ") && error.contains("since the recording began"), "{error}");
    assert_eq!((messages(&file), messages(&game.file("game.mcap.part"))), (1, 1), "both are there");
}
