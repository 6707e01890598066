//! Tools that only read: they don't attach to the bus and change nothing in it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use shm_bus::Attachment;
use shm_bus::wire::Priority;

use super::support::{Game, HITS, hit};

/// Every file of the bus, with its content.
fn files(game: &Game) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = std::fs::read_dir(game.folder().join("game")).expect("a folder");
    entries
        .map(|entry| entry.expect("an entry").path())
        .map(|path| (path.clone(), std::fs::read(path).expect("a file")))
        .collect()
}

#[test]
fn looking_changes_no_byte() {
    let mut game = Game::start();
    let mut reader = game.inbox(Attachment::Gating);
    game.send(0..10);
    reader.drain(|delivery| assert_eq!(delivery.lost, 0)).expect("mapped");
    while game.publisher.send(Priority::Low, &hit(1)).is_ok() {}
    let before = files(&game);
    for tool in [
        &["ls"][..],
        &["ls", "--json", "--bus", "game"],
        &["top", "--once", "--interval", "0.01"],
        &["top", "--json", "--interval", "0.01"],
        &["doctor", "--interval", "0.01"],
        &["gc"],
    ] {
        let ended = game.tool(tool).end();
        // The lane is full, and only `doctor` reports it.
        assert_eq!(ended.status.success(), tool[0] != "doctor", "{tool:?} {}{}", ended.out, ended.err);
        assert!(!ended.out.contains("hotframe"), "it lists itself: {}", ended.out);
        let after = files(&game);
        assert!(before.keys().eq(after.keys()), "{tool:?} {:?}", after.keys());
        for (path, bytes) in &before {
            assert!(*bytes == after[path], "{tool:?} changed {}", path.display());
        }
    }
}

#[test]
fn a_bus_without_a_free_slot_can_be_looked_at() {
    let home = tempfile::TempDir::new().expect("a folder");
    let folder = home.path().join("bus");
    let bus = shm_bus::Bus::builder("game").folder(&folder).participants(1).open().expect("opens");
    let publisher = bus.publisher(&HITS, "physics", super::support::LANES).expect("made");
    let tool = |arguments: &[&str]| super::support::Tool::start(&folder, arguments, std::process::Stdio::null());
    assert!(tool(&["ls"]).done().contains("topic test/hits"));
    assert!(tool(&["top", "--once", "--interval", "0.01"]).done().contains("test/hits"));
    assert!(tool(&["echo", HITS.name]).failed().contains("1 live participants, which is its maximum"));
    drop((publisher, bus));
}

#[test]
fn a_bus_of_the_dead_is_told_from_none() {
    let game = Game::start();
    let replay = game.tool(&["ls", "--bus", "other"]).failed();
    assert!(replay.contains("no live bus `other`") && replay.contains("live buses: game"), "{replay}");
    let made = std::fs::create_dir(game.folder().join("dead")).and_then(|()| {
        ["bus.lock", "control"].iter().try_for_each(|name| {
            std::fs::copy(game.folder().join("game").join(name), game.folder().join("dead").join(name)).map(drop)
        })
    });
    made.expect("copied");
    let dead = game.tool(&["ls", "--bus", "dead"]).failed();
    assert!(dead.contains("bus `dead` has no live participant any more; `hotframe bus gc` removes"), "{dead}");
    assert_eq!(game.tool(&["gc"]).done(), "removed bus dead\n");
}
