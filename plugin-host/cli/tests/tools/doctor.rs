//! `doctor`.

use std::fs::{File, Permissions};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};

use rustix::process::Signal;
use serde_json::Value;
use shm_bus::wire::Priority;
use shm_bus::{Attachment, Start};

use super::support::{Ended, Game, HITS, Tool, hit};

const QUICK: [&str; 4] = ["doctor", "--json", "--interval", "0.01"];

fn findings(ended: &Ended) -> Vec<Value> {
    ended.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

fn problems(ended: &Ended) -> Vec<String> {
    let problems = findings(ended).into_iter().filter(|finding| finding["level"] == "problem");
    problems.map(|finding| format!("{}: {}", finding["about"], finding["what"])).collect()
}

#[test]
fn a_healthy_bus_has_no_problem() {
    let mut game = Game::start();
    let mut reader = game.inbox(Attachment::Gating);
    game.send(0..10);
    while let Some(delivery) = reader.receive().expect("mapped") {
        assert_eq!(delivery.lost, 0);
    }
    let ended = game.tool(&QUICK).end();
    assert!(ended.status.success() && problems(&ended).is_empty(), "{}{}", ended.out, ended.err);
    assert!(game.tool(&["doctor", "--interval", "0.01"]).done().contains("0 problems"));
}

#[test]
fn who_holds_a_lane_up_is_named() {
    let mut game = Game::start();
    let _reader = game.inbox(Attachment::Gating);
    while game.publisher.send(Priority::Low, &hit(1)).is_ok() {}
    let ended = game.tool(&QUICK).end();
    assert_eq!(ended.status.code(), Some(1), "{}", ended.out);
    let [problem] = &problems(&ended)[..] else { panic!("{}", ended.out) };
    assert!(
        problem.contains("topic test/hits low of physics") && problem.contains("inbox `reader` has not read"),
        "{problem}"
    );
    assert!(findings(&ended).iter().all(|finding| finding["advice"].as_str().is_some_and(|advice| !advice.is_empty())));
}

#[cfg(target_os = "linux")]
#[test]
fn a_stopped_tool_is_worth_a_hint() {
    let game = Game::start();
    let echo = game.tool(&["echo", HITS.name]);
    game.until_read_by("hotframe bus echo", 1);
    echo.stop();
    let ended = game.tool(&QUICK).end();
    assert!(ended.status.success(), "{}", ended.out);
    let stopped = format!("hotframe (process {}) is stopped; nothing waits for it", echo.pid());
    assert!(findings(&ended).iter().any(|finding| finding["what"] == stopped.as_str()), "{}", ended.out);
    echo.signal(Signal::CONT);
}

#[test]
fn a_folder_that_others_may_change_is_a_problem() {
    let game = Game::start();
    std::fs::set_permissions(game.folder(), Permissions::from_mode(0o777)).expect("its owner may");
    let ended = game.tool(&QUICK).end();
    assert_eq!(ended.status.code(), Some(1));
    let [problem] = &problems(&ended)[..] else { panic!("{}", ended.out) };
    assert!(problem.contains("0777") && problem.contains("only its owner"), "{problem}");
    std::fs::set_permissions(game.folder(), Permissions::from_mode(0o700)).expect("its owner may");
}

#[test]
fn an_entry_of_the_register_that_makes_no_sense_is_told() {
    let game = Game::start();
    let _reader = game.inbox(Attachment::Gating);
    let control = File::options().write(true).open(game.folder().join("game/control")).expect("there");
    // The word with the length of the inbox's name (`PROTOCOL.md`).
    control.write_all_at(&[0xff; 8], 208_896 + 32).expect("written");
    let ended = game.tool(&QUICK).end();
    let told = "\"bus game\": \"entry 0 of the registry's inboxes is corrupt and keeps its place\"";
    assert!(problems(&ended).iter().any(|problem| problem == told), "{}", ended.out);
}

#[test]
fn a_folder_that_no_game_could_make_is_a_problem() {
    let home = tempfile::TempDir::new().expect("a folder");
    let ended = Tool::start(&home.path().join("not/there"), &QUICK, std::process::Stdio::null()).end();
    assert_eq!(ended.status.code(), Some(1));
    let [problem] = &problems(&ended)[..] else { panic!("{}", ended.out) };
    assert!(problem.contains("there is no folder") && problem.contains("/not, so no game"), "{problem}");
}

#[test]
fn a_lock_that_is_not_let_go_is_told() {
    let game = Game::start();
    let lock = std::fs::File::open(game.folder().join("game/bus.lock")).expect("there");
    lock.lock().expect("free");
    let ended = game.tool(&QUICK).end();
    let [problem] = &problems(&ended)[..] else { panic!("{}", ended.out) };
    assert!(problem.contains("holds bus.lock and does not release it"), "{problem}");
    lock.unlock().expect("held");
}

#[test]
fn who_no_longer_gets_on_and_a_table_nearly_full_are_told() {
    let home = tempfile::TempDir::new().expect("a folder");
    let folder = home.path().join("bus");
    let bus = shm_bus::Bus::builder("game").folder(&folder).inboxes(2).open().expect("opens");
    let mut reader = bus.inbox("reader", Attachment::Gating).expect("made");
    let other = bus.inbox("other", Attachment::Observer).expect("made");
    reader.subscribe(&HITS, Start::Now).expect("subscribed");
    reader.drain(|_| ()).expect("mapped");
    let mut publisher = bus.publisher(&HITS, "physics", &[(Priority::Low, 4096)]).expect("made");
    let idle = Tool::start(&folder, &QUICK, std::process::Stdio::null()).end();
    let [_full] = &problems(&idle)[..] else { panic!("nothing waits for the reader: {}", idle.out) };
    publisher.send(Priority::Low, &hit(1)).expect("room");
    let ended = Tool::start(&folder, &QUICK, std::process::Stdio::null()).end();
    let [hangs, full] = &problems(&ended)[..] else { panic!("{}", ended.out) };
    assert!(hangs.contains("is alive but makes no progress, and publishers wait for its inboxes"), "{hangs}");
    assert!(full.contains("2 of at most 2 inboxes"), "{full}");
    drop((other, reader, publisher, bus));
    super::support::assert_empty(&folder);
}

#[test]
fn a_bus_of_another_build_is_no_dead_one() {
    use std::os::unix::fs::FileExt as _;

    let game = Game::start();
    let control = std::fs::OpenOptions::new().write(true).open(game.folder().join("game/control")).expect("there");
    // The version of the format, as `PROTOCOL.md` gives it: 9.0.
    control.write_all_at(&(9_u64 << 32).to_le_bytes(), 8).expect("written");
    let ended = game.tool(&QUICK).end();
    assert_eq!(ended.status.code(), Some(1), "{}", ended.out);
    assert!(problems(&ended).iter().any(|problem| problem.contains("bus `game` cannot be read")), "{}", ended.out);
    assert!(!ended.out.contains("killed"), "{}", ended.out);
    control.write_all_at(&(1_u64 << 32).to_le_bytes(), 8).expect("written");
}
