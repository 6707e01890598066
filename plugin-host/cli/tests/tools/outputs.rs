//! Files that tools write: nothing is lost before its replacement exists, and leftover files are reported.

use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::Signal;
use shm_bus::record::Recording;
use shm_bus::{Attachment, Bus};

use super::support::{Game, HITS, LANES, Tool, assert_empty, command, hit};

/// A file system of this size, unmounted when dropped.
struct Disk<'a>(&'a Path);

impl<'a> Disk<'a> {
    /// `None`, reported in the output, if the system allows no mount.
    fn of(at: &'a Path, kind: &str, options: &str) -> Option<Self> {
        std::fs::create_dir(at).expect("made");
        let mounted = Command::new("mount").args(["-t", kind, "-o", options, "hotframe-test"]).arg(at).output();
        let mounted = mounted.is_ok_and(|output| output.status.success());
        if !mounted {
            eprintln!("skipped: no {kind} can be mounted here");
        }
        mounted.then_some(Self(at))
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0).expect("a folder");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("text")).collect();
        names.sort();
        names
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).status();
    }
}

#[test]
fn a_disk_without_room_for_anything_keeps_what_it_has() {
    let game = Game::start();
    let at = game.file("disk");
    let Some(disk) = Disk::of(&at, "tmpfs", "size=4k,mode=700") else { return };
    let file = at.join("game.mcap");
    std::fs::write(&file, "precious").expect("one page");
    let error = game.tool(&["record", file.to_str().expect("text"), "--force"]).failed();
    assert!(error.contains("game.mcap; nothing was recorded") && error.contains("No space left"), "{error}");
    assert_eq!(
        (std::fs::read_to_string(&file).expect("there"), disk.names()),
        ("precious".to_owned(), vec!["game.mcap".to_owned()])
    );
    let error = game.tool(&["record", at.join("new.mcap").to_str().expect("text")]).failed();
    assert!(error.contains("nothing was recorded"), "{error}");
    assert_eq!(disk.names(), ["game.mcap"]);
}

#[test]
fn a_disk_without_room_for_the_first_messages_keeps_what_it_has() {
    let mut game = Game::start();
    let at = game.file("disk");
    let Some(disk) = Disk::of(&at, "tmpfs", "size=12k,mode=700") else { return };
    let file = at.join("game.mcap");
    std::fs::write(&file, "precious").expect("one page");
    let record = game.tool(&["record", file.to_str().expect("text"), "--force"]);
    assert!(record.told().contains("recording test/hits"));
    let told = record.told();
    assert!(told.contains("game.mcap.part, and ") && told.contains("from its first message on"), "{told}");
    let large: Vec<u8> = (0..60).flat_map(hit).collect();
    while game.bus.snapshot().inboxes.iter().any(|inbox| inbox.name == "hotframe bus record") {
        let _ = game.publisher.send(shm_bus::wire::Priority::Low, &large);
    }
    let error = record.failed();
    assert!(error.contains("nothing was recorded") && error.contains("No space left"), "{error}");
    assert_eq!(
        (std::fs::read_to_string(&file).expect("there"), disk.names()),
        ("precious".to_owned(), vec!["game.mcap".to_owned()])
    );
}

#[test]
fn a_bus_that_can_t_be_read_costs_no_file() {
    let home = tempfile::TempDir::new().expect("a folder");
    let folder = home.path().join("bus");
    let bus = Bus::builder("game").folder(&folder).inboxes(1).open().expect("opens");
    let publisher = bus.publisher(&HITS, "physics", LANES).expect("made");
    let inbox = bus.inbox("only", Attachment::Observer).expect("made");
    let file = home.path().join("game.mcap");
    std::fs::write(&file, "precious").expect("written");
    let text = file.to_str().expect("text");
    for arguments in [
        &["record", text, "--force"][..],
        &["record", text, "--force", "--bus", "none"],
        &["record", text, "--force", "test/none"],
    ] {
        let error = Tool::start(&folder, arguments, Stdio::null()).failed();
        assert_eq!(std::fs::read_to_string(&file).expect("there"), "precious", "{error}");
    }
    drop((inbox, publisher, bus));
    assert_empty(&folder);
    assert_eq!(std::fs::read_dir(home.path()).expect("a folder").count(), 2);
}

#[test]
fn what_a_recorder_leaves_that_was_killed_before_the_first_message_is_told_and_readable() {
    let game = Game::start();
    let file = game.file("game.mcap");
    std::fs::write(&file, "precious").expect("written");
    let record = game.tool(&["record", file.to_str().expect("text"), "--force"]);
    record.told();
    let part = game.file("game.mcap.part");
    assert!(record.told().contains(part.to_str().expect("text")));
    record.signal(Signal::KILL);
    record.end();
    assert_eq!(std::fs::read_to_string(&file).expect("there"), "precious");
    assert!(Recording::open(&part).expect("readable").cut_off);
    let error = game.tool(&["replay", part.to_str().expect("text"), "--bus", "lab", "--create"]).failed();
    assert!(error.contains("ends early") && error.contains("holds nothing to replay"), "{error}");
}

#[test]
fn a_limit_on_files_is_told_by_every_tool_that_makes_one() {
    let mut game = Game::start();
    let file = game.file("game.mcap");
    let record = game.tool(&["record", file.to_str().expect("text"), "--count", "1"]);
    record.told();
    game.send(0..1);
    record.done();
    let program = command(&game.folder(), &[]).get_program().to_owned();
    for (arguments, told) in [
        (&["replay", file.to_str().expect("text"), "--bus", "lab", "--create"][..], "ulimit -f"),
        (&["echo", HITS.name], "ulimit -f"),
        (&["doctor", "--interval", "0.01"], "no bus can be created in it: cannot create the registry"),
    ] {
        let mut limited = Command::new("sh");
        limited.args(["-c", "ulimit -f 8; exec \"$0\" bus \"$@\""]).arg(&program).args(arguments);
        let ended = Tool::spawn(limited.env("HOTFRAME_DIR", game.folder()).stdin(Stdio::null())).end();
        assert_eq!(ended.status.code(), Some(1), "{arguments:?}: {}", ended.status);
        assert!(ended.err.contains(told) || ended.out.contains(told), "{arguments:?}: {}{}", ended.out, ended.err);
    }
    assert_eq!(shm_bus::list_in(game.folder()).expect("listed"), ["game"]);
}

#[test]
fn doctor_tries_what_a_bus_needs() {
    let game = Game::start();
    let at = game.file("disk");
    let quick = ["doctor", "--interval", "0.01"];
    {
        let Some(disk) = Disk::of(&at, "ramfs", "mode=700") else { return };
        let ended = Tool::start(&at, &quick, Stdio::null()).end();
        assert!(ended.status.success(), "{}{}", ended.out, ended.err);
        assert!(disk.names().is_empty());
        drop(Bus::open_in(&at, "game").expect("its answer is right"));
    }
    std::fs::remove_dir(&at).expect("unmounted");
    let Some(disk) = Disk::of(&at, "tmpfs", "size=64k,mode=700") else { return };
    let ended = Tool::start(&at, &quick, Stdio::null()).end();
    assert_eq!(ended.status.code(), Some(1), "{}", ended.out);
    assert!(
        ended.out.contains("no bus can be created in it: cannot create the registry: No space left"),
        "{}",
        ended.out
    );
    assert!(disk.names().is_empty());
    // A folder that doesn't exist before doesn't exist afterwards either.
    let absent = game.file("absent");
    assert!(Tool::start(&absent, &quick, Stdio::null()).done().contains("0 problems"));
    assert!(!absent.exists());
}
