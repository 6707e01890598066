//! `record`.

use std::path::Path;
use std::process::Command;

use rustix::process::Signal;
use shm_bus::record::Recording;
use shm_bus::wire::Priority;

use super::support::{Game, HITS, Tool, command, hit};

/// All messages of a recording.
fn read(file: &Path) -> (Recording, Vec<(Priority, u64, Vec<u8>)>) {
    let recording = Recording::open(file).expect("readable");
    let mut messages = Vec::new();
    let mut reader = recording.messages().expect("readable");
    while let Some(message) = reader.read_next().expect("readable") {
        messages.push((recording.channels[message.channel].priority, message.sequence, message.payload.to_vec()));
    }
    (recording, messages)
}

#[test]
fn all_topics_are_recorded_also_new_ones_until_ctrl_c() {
    let mut game = Game::start();
    let file = game.file("game.mcap");
    let record = game.tool(&["record", file.to_str().expect("text"), "--json"]);
    assert_eq!(record.told(), "hotframe: recording test/hits of bus `game`; Ctrl-C ends");
    game.send(0..10);
    game.publisher.send(Priority::Low, &[hit(1), hit(2)].concat()).expect("room");
    let other = shm_bus::TopicSpec { name: "test/later", ..HITS };
    let mut later = game.bus.publisher(&other, "ai", &[(Priority::Normal, 4096)]).expect("made");
    later.send(Priority::Normal, &hit(77)).expect("room");
    let mut flushed = 0;
    while flushed < 12 {
        flushed = record.json()["flushed"].as_u64().expect("a number");
    }
    record.signal(Signal::INT);
    let end = record.json();
    assert_eq!((&end["messages"], &end["lost"], &end["file"]), (&12.into(), &0.into(), &file.to_str().into()));
    assert_eq!(end["topics"][0]["bytes"], 12 * 16);
    record.done();

    let (recording, messages) = read(&file);
    assert!(!recording.cut_off && messages.len() == 12, "{recording:#?}");
    assert_eq!((recording.bus.as_str(), recording.channels.len()), ("game", 3));
    let high = messages.iter().filter(|(priority, ..)| *priority == Priority::High);
    assert!(high.enumerate().all(|(id, (_, sequence, payload))| *sequence == id as u64 && *payload == hit(id as u32)));
    assert!(messages.contains(&(Priority::Normal, 0, hit(77))));
}

#[test]
fn what_was_flushed_survives_a_killed_recorder() {
    let mut game = Game::start();
    let file = game.file("game.mcap");
    let record = game.tool(&["record", file.to_str().expect("text"), HITS.name, "--json"]);
    record.told();
    game.send(0..50);
    let mut flushed = 0;
    while flushed < 50 {
        flushed = record.json()["flushed"].as_u64().expect("a number");
    }
    game.send(50..60);
    record.signal(Signal::KILL);
    assert!(!record.end().status.success());
    let (recording, messages) = read(&file);
    assert!(recording.cut_off, "no footer was written");
    assert!((50..=60).contains(&messages.len()));
    assert!(messages.iter().enumerate().all(|(id, message)| *message == (Priority::High, id as u64, hit(id as u32))));
    // The game keeps running, and the next tool removes the leftovers of the dead one.
    game.send(60..70);
    assert!(game.tool(&["ls"]).done().contains("participant hotframe pid") && !game.bus.snapshot().inboxes.is_empty());
    game.tool(&["hz", HITS.name, "--count", "0"]).done();
    assert!(game.bus.snapshot().inboxes.is_empty());
}

#[test]
fn a_count_ends_it_and_the_summary_says_what_was_recorded() {
    let mut game = Game::start();
    let file = game.file("game.mcap");
    let record = game.tool(&["record", file.to_str().expect("text"), "--count", "5"]);
    record.told();
    game.send(0..8);
    let said = record.done();
    assert!(said.contains("test/hits: 5 messages, 80B, 0 lost") && said.contains("5 messages in "), "{said}");
    let again = game.tool(&["record", file.to_str().expect("text"), "--count", "1"]).failed();
    assert!(again.contains("cannot make") && again.contains("--force replaces"), "{again}");
    assert_eq!(read(&file).1.len(), 5);
    let force = game.tool(&["record", file.to_str().expect("text"), "--count", "1", "--force"]);
    force.told();
    game.send(8..9);
    force.done();
    assert_eq!(read(&file).1.len(), 1);
}

#[test]
fn a_recording_without_a_message_replaces_no_file() {
    let mut game = Game::start();
    let file = game.file("keep.mcap");
    let name = file.to_str().expect("text").to_owned();
    let first = game.tool(&["record", &name, "--count", "1"]);
    first.told();
    game.send(0..1);
    first.done();
    let before = std::fs::read(&file).expect("there");
    for end in [&["--duration", "0.01"][..], &["--count", "0"], &["--duration", "0.01", "--json"]] {
        let ended = game.tool(&[&["record", &name, "--force"], end].concat()).end();
        assert!(ended.status.success(), "{}", ended.err);
        assert!(ended.err.contains(&format!("nothing was recorded; {name} is as it was")), "{}", ended.err);
        assert!(!ended.out.contains("keep.mcap") && ended.out.contains("test/hits"), "{}", ended.out);
        assert_eq!(std::fs::read(&file).expect("there"), before, "{end:?}");
        assert!(!game.file("keep.mcap.part").exists());
    }
    let record = game.tool(&["record", &name, "--force"]);
    assert!(record.told().contains("recording") && record.told().contains("keep.mcap.part"));
    record.signal(Signal::INT);
    assert!(record.end().err.contains("nothing was recorded"));
    assert_eq!(std::fs::read(&file).expect("there"), before);
}

#[test]
fn a_new_recording_without_a_message_is_readable() {
    let game = Game::start();
    let file = game.file("new.mcap");
    let said = game.tool(&["record", file.to_str().expect("text"), "--force", "--duration", "0.01"]).done();
    assert!(said.contains("0 messages in ") && said.contains("new.mcap"), "{said}");
    let (recording, messages) = read(&file);
    assert!(!recording.cut_off && messages.is_empty(), "{recording:#?}");
    let error = game.tool(&["replay", file.to_str().expect("text")]).failed();
    assert!(error.contains("holds nothing to replay"), "{error}");
}

#[test]
fn a_full_disk_is_told_and_the_file_stays_readable() {
    let mut game = Game::start();
    let error = game.tool(&["record", "/dev/full", "--force"]).failed();
    assert!(error.contains("cannot write /dev/full") && error.contains("No space left"), "{error}");

    let file = game.file("game.mcap");
    let hotframe = command(&game.folder(), &[]);
    // 1024 blocks of 512 or of 1024 bytes. That is more than an inbox needs, so only writing the file fails, as on a full disk.
    let mut limited = Command::new("sh");
    // The first signal doesn't end it.
    limited.args(["-c", "ulimit -f 1024; exec \"$0\" bus record \"$1\" --json"]);
    limited.arg(hotframe.get_program()).arg(&file).env("HOTFRAME_DIR", game.folder());
    let record = Tool::spawn(&mut limited);
    record.told();
    game.send(0..30);
    while record.json()["flushed"] != 30 {}
    let large: Vec<u8> = (0..60).flat_map(hit).collect();
    // It sends until it ends, more than the file may hold.
    while game.bus.snapshot().inboxes.iter().any(|inbox| inbox.name == "hotframe bus record") {
        game.publisher.send(Priority::Low, &large).expect("room");
    }
    let error = record.failed();
    assert!(error.contains("cannot write") && error.contains("File too large"), "{error}");
    let (recording, messages) = read(&file);
    assert!(recording.cut_off && messages.len() >= 30);
    assert!(error.contains(&format!("it holds the {} messages up to there", messages.len())), "{error}");
    assert!(messages.iter().take(30).enumerate().all(|(id, (.., payload))| *payload == hit(id as u32)));
}
