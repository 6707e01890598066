//! Counters with impossible values: any process on a bus can write them, and every tool still does its work.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

use shm_bus::wire::Priority;
use shm_bus::{Attachment, QueueLane, QueueSpec, TopicSpec};

use super::support::{Game, HITS, hit, hit_json};

const WORK: QueueSpec<'_> = QueueSpec::new(TopicSpec { name: "test/work", ..HITS });

/// The words of the counters in each kind of file, see `PROTOCOL.md`.
fn counters() -> Vec<(&'static str, u64)> {
    let lane = [17].into_iter().chain(24..=30).map(|word| ("lane-", word));
    let inbox = (8..=32).map(|word| ("inbox-", word));
    // Three counters in the line of each of the first lanes.
    let lines = (0..4).flat_map(|lane| (1..=3).map(move |word| ("inbox-", 512 + 8 * lane + word)));
    let claims = (32..=36).map(|word| ("claims-", word));
    lane.chain(inbox).chain(lines).chain(claims).collect()
}

/// The files of a kind.
fn files(game: &Game, kind: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(game.folder().join("game")).expect("a folder").map(|entry| entry.expect("there").path());
    entries.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(kind))).collect()
}

fn write(game: &Game, kind: &str, word: u64, value: u64) {
    for file in files(game, kind) {
        let file = File::options().write(true).open(file).expect("there");
        file.write_all_at(&value.to_le_bytes(), 8 * word).expect("written");
    }
}

#[test]
fn no_counter_keeps_a_tool_from_its_work() {
    let mut game = Game::start();
    let mut inbox = game.inbox(Attachment::Gating);
    game.send(0..3);
    assert_eq!(inbox.drain(|_| ()).expect("mapped"), 3);
    let lane = QueueLane::new(Priority::Normal, 1 << 14);
    let mut producer = game.bus.work_producer(&WORK, "boss", &[lane]).expect("made");
    producer.send(Priority::Normal, &hit(1)).expect("room");
    let _server = game.bus.server("stock").expect("made");
    let _client = game.bus.client("stock").expect("made");
    for kind in ["lane-", "inbox-", "claims-"] {
        assert!(!files(&game, kind).is_empty(), "{kind}");
    }
    let looks = [
        &["ls"][..],
        &["ls", "--json"],
        &["top", "--once", "--interval", "0.01"],
        &["top", "--json", "--once", "--interval", "0.01"],
        &["doctor", "--interval", "0.01"],
        &["doctor", "--json", "--interval", "0.01"],
    ];
    let look = |game: &Game, what: &str| {
        for arguments in looks {
            let ended = game.tool(arguments).end();
            let expects_problems = arguments[0] == "doctor" && ended.status.code() == Some(1);
            assert!(ended.status.success() || expects_problems, "{what}: {arguments:?}: {}{}", ended.out, ended.err);
            assert!(!ended.out.is_empty() && !ended.err.contains("panicked"), "{what}: {arguments:?}: {}", ended.err);
        }
    };
    for kind in ["lane-", "inbox-", "claims-"] {
        for (kind, word) in counters().into_iter().filter(|(of, _)| *of == kind) {
            write(&game, kind, word, u64::MAX);
        }
        look(&game, kind);
    }
    let file = game.file("game.mcap");
    let record = game.tool(&["record", file.to_str().expect("text"), HITS.name, "--count", "2"]);
    let others =
        [&["hz", HITS.name, "--count", "2"][..], &["echo", HITS.name, "--count", "2"]].map(|tool| game.tool(tool));
    for name in ["record", "echo", "hz"] {
        game.until_read_by(&format!("hotframe bus {name}"), 1);
    }
    for (kind, word) in counters() {
        write(&game, kind, word, u64::MAX);
    }
    game.tool(&["pub", HITS.name, &hit_json(7)]).done();
    game.tool(&["pub", HITS.name, &hit_json(8), "--rate", "1000", "--count", "2"]).done();
    record.done();
    others.into_iter().for_each(|tool| assert!(!tool.done().is_empty()));
    game.tool(&["replay", file.to_str().expect("text"), "--speed", "inf"]).done();
    game.tool(&["gc"]).done();
    look(&game, "all");
}
