//! Hostile names: whatever they contain, no control character reaches the terminal.

use std::process::Stdio;

use shm_bus::wire::Priority;
use shm_bus::{Attachment, Bus, Start, TopicSpec};

use super::support::{HITS, Tool, hit};

/// Characters that a terminal may act on: C0, DEL, C1, line separators, and those that change the text's direction.
const NAME: &str = "a\u{1b}[31m\u{9b}2J\u{7f}\u{202e}\u{2066}\u{2028}\u{85}\u{7}\r\n\tproblem: forged: line\n";

fn check(arguments: &[&str], text: &str) {
    for c in text.chars() {
        let acts = c.is_control() && c != '\n'
            || ('\u{2028}'..='\u{202e}').contains(&c)
            || ('\u{2066}'..='\u{2069}').contains(&c);
        assert!(!acts, "{arguments:?} print {c:?}: {text:?}");
    }
    assert!(!text.lines().any(|line| line.trim_start().starts_with("problem: forged")), "{arguments:?}: {text:?}");
}

#[test]
fn no_name_reaches_the_terminal_as_it_is() {
    let home = tempfile::TempDir::new().expect("a folder");
    let folder = home.path().join("bus");
    let bus = Bus::open_in(&folder, "game").expect("opens");
    let topic = TopicSpec { name: NAME, ..HITS };
    let mut publisher = bus.publisher(&topic, NAME, &[(Priority::High, 4096)]).expect("made");
    let mut reader = bus.inbox(NAME, Attachment::Gating).expect("made");
    reader.subscribe(&topic, Start::Now).expect("subscribed");
    while publisher.send(Priority::High, &hit(1)).is_ok() {}
    let file = home.path().join(format!("{NAME}.mcap"));
    let file = file.to_str().expect("text");
    let missing = format!("{file}.none");
    for arguments in [
        &["ls"][..],
        &["ls", "--json"],
        &["top", "--once", "--interval", "0.01"],
        &["top", "--json", "--interval", "0.01"],
        &["top", "--once", "--gaps", "--interval", "0.01"],
        &["doctor", "--interval", "0.01"],
        &["doctor", "--json", "--interval", "0.01"],
        &["record", file, "--duration", "0.01"],
        &["record", file, "--duration", "0.01"],
        &["record", file, "--duration", "0.01", "--force", "--json"],
        &["replay", file, "--topic", NAME],
        &["replay", &missing],
        &["echo", "none"],
        &["hz", NAME, "--interval", "0.01", "--count", "0"],
        &["pub", "none", "{}"],
        &["gc", "--json"],
    ] {
        let ended = Tool::start(&folder, arguments, Stdio::null()).end();
        check(arguments, &ended.out);
        check(arguments, &ended.err);
    }
    // A message that was recorded, read and sent again.
    reader.drain(|_| ()).expect("mapped");
    let record = Tool::start(&folder, &["record", file, "--count", "1", "--force"], Stdio::null());
    check(&["record"], &record.told());
    let echo = Tool::start(&folder, &["echo", NAME, "--count", "1"], Stdio::null());
    let reading = || bus.snapshot().inboxes.iter().filter(|inbox| inbox.topics.len() == 1).count();
    while reading() < 3 {
        std::thread::yield_now();
    }
    publisher.send(Priority::High, &hit(1)).expect("room");
    for tool in [record, echo, Tool::start(&folder, &["pub", NAME, &super::support::hit_json(1)], Stdio::null())] {
        let ended = tool.end();
        assert!(ended.status.success(), "{}", ended.err);
        check(&["tool"], &ended.out);
        check(&["tool"], &ended.err);
    }
    let ended =
        Tool::start(&folder, &["replay", file, "--bus", "lab", "--create", "--speed", "inf"], Stdio::null()).end();
    assert!(ended.status.success(), "{}", ended.err);
    check(&["replay"], &ended.err);
}

#[test]
fn a_topic_that_is_declared_anew_is_told_without_what_a_terminal_acts_on() {
    let home = tempfile::TempDir::new().expect("a folder");
    let folder = home.path().join("bus");
    let bus = Bus::open_in(&folder, "game").expect("opens");
    let topic = TopicSpec { name: NAME, type_name: NAME, ..HITS };
    let lanes = &[(Priority::High, 4096)];
    let before = bus.publisher(&topic, NAME, lanes).expect("made");
    let file = home.path().join("game.mcap");
    let tools = [&["echo", NAME][..], &["hz", NAME], &["record", file.to_str().expect("text")]]
        .map(|arguments| Tool::start(&folder, arguments, Stdio::null()));
    while bus.snapshot().inboxes.iter().filter(|inbox| inbox.topics.len() == 1).count() < tools.len() {
        std::thread::yield_now();
    }
    drop(before);
    let topic = TopicSpec { policy: shm_bus::wire::Policy::DropOldest, ..topic };
    let mut after = bus.publisher(&topic, NAME, lanes).expect("only tools read it");
    after.send(Priority::High, &hit(1)).expect("never refused");
    for tool in &tools {
        let mut told = tool.told();
        while !told.contains("declared again") {
            check(&["tool"], &told);
            told = tool.told();
        }
        check(&["tool"], &told);
        assert!(told.contains("DropOldest"), "in one line: {told}");
    }
    drop((after, bus));
    for tool in tools {
        let ended = tool.end();
        check(&["tool"], &ended.out);
        check(&["tool"], &ended.err);
    }
}

#[test]
fn a_folder_that_bears_no_bus_name_is_no_bus() {
    let home = tempfile::TempDir::new().expect("a folder");
    let folder = home.path().join("bus");
    let bus = Bus::open_in(&folder, "game").expect("opens");
    std::fs::rename(folder.join("game"), folder.join(NAME)).expect("renamed");
    for arguments in [&["ls"][..], &["gc"], &["doctor", "--interval", "0.01"], &["echo", "some/topic"]] {
        let ended = Tool::start(&folder, arguments, Stdio::null()).end();
        check(arguments, &ended.out);
        check(arguments, &ended.err);
        assert!(arguments[0] != "doctor" || ended.out.contains("its name is not valid for a bus"), "{}", ended.out);
    }
    std::fs::rename(folder.join(NAME), folder.join("game")).expect("renamed");
    drop(bus);
    super::support::assert_empty(&folder);
}
