//! Tools and games in separate namespaces that share a folder of buses.
//!
//! A test that needs a namespace which the system does not grant reports that and does nothing.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use shm_bus::wire::Priority;
use shm_bus::{Attachment, Bus, Start};
use tempfile::TempDir;

use super::support::{Game, HITS, LANES, Tool, await_stop, hit, hit_json};

const FOLDER: &str = "TEST_NAMESPACE_FOLDER";
/// Process 1 of a pid namespace.
const AS_FIRST: &[&str] = &["unshare", "-p", "-f", "--kill-child", "--mount-proc"];
const SHIFTED_TIME: &[&str] = &["unshare", "-T", "--boottime", "1000", "-f", "--kill-child"];

/// Whether the system allows a process to be started in this way.
fn is_granted(by: &[&str]) -> bool {
    let granted = Command::new(by[0]).args(&by[1..]).arg("true").output().is_ok_and(|output| output.status.success());
    if !granted {
        eprintln!("skipped: the system does not grant `{}`", by.join(" "));
    }
    granted
}

/// `hotframe bus` with these arguments, started by another command.
fn tool(by: &[&str], folder: &Path, arguments: &[&str]) -> Tool {
    let mut command = Command::new(by[0]);
    command.args(&by[1..]).arg(env!("CARGO_BIN_EXE_hotframe")).arg("bus").args(arguments);
    Tool::spawn(command.env("HOTFRAME_DIR", folder).stdin(Stdio::null()))
}

/// Runs a game for [`game_as_first`], else does nothing. The game sends a message from time to time, with pauses in which tools check which
/// participants are left, and has an inbox that never reads.
#[test]
fn plays() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let bus = Bus::open_in(folder, "game").expect("opens");
    let mut publisher = bus.publisher(&HITS, "physics", LANES).expect("made");
    let mut inbox = bus.inbox("slow", Attachment::Gating).expect("made");
    inbox.subscribe(&HITS, Start::Now).expect("subscribed");
    inbox.drain(|_| ()).expect("mapped");
    writeln!(std::io::stdout(), "\nprocess {} plays", std::process::id()).expect("somebody listens");
    for id in 0_u32.. {
        std::thread::sleep(Duration::from_millis(700));
        let _ = publisher.send(Priority::High, &hit(id));
    }
}

/// A game that is process 1 of its pid namespace.
fn game_as_first(folder: &Path) -> Tool {
    let mut command = Command::new(AS_FIRST[0]);
    command.args(&AS_FIRST[1..]).arg(std::env::current_exe().expect("a path"));
    command.args(["--exact", "namespaces::plays", "--nocapture", "--test-threads=1"]).env(FOLDER, folder);
    let game = Tool::spawn(&mut command);
    while game.line() != "process 1 plays" {}
    game
}

#[test]
fn tools_that_have_the_games_process_id_go_on() {
    if !is_granted(AS_FIRST) {
        return;
    }
    let home = TempDir::new().expect("a folder");
    let folder = home.path().join("bus");
    let game = game_as_first(&folder);
    let as_first = |arguments: &[&str]| tool(AS_FIRST, &folder, arguments);
    let file = home.path().join("hits.mcap");
    let echo = as_first(&["echo", "test/hits", "--json", "--count", "3"]);
    let hz = as_first(&["hz", "test/hits", "--json", "--count", "3", "--interval", "60"]);
    let record = as_first(&["record", "--count", "3", file.to_str().expect("text")]);
    let hit = hit_json(1);
    let publish = as_first(&["pub", "test/hits", &hit, "--rate", "2", "--count", "4"]);
    assert_eq!(echo.done().lines().count(), 3);
    assert!(hz.done().contains("\"messages\":3"));
    record.done();
    assert!(file.exists());
    let ended = publish.end();
    assert!(ended.status.success() && ended.err.contains("sent 4 to test/hits"), "{}", ended.err);
    drop(game);
}

#[test]
fn a_process_of_another_pid_namespace_is_never_named_by_its_id() {
    if !is_granted(AS_FIRST) {
        return;
    }
    let home = TempDir::new().expect("a folder");
    let folder = home.path().join("bus");
    let game = game_as_first(&folder);
    let listed = Tool::start(&folder, &["ls"], Stdio::null()).done();
    assert!(listed.contains(" pid 1 elsewhere"), "{listed}");
    let json = Tool::start(&folder, &["ls", "--json"], Stdio::null()).json();
    assert_eq!((&json["participants"][0]["pid"], &json["participants"][0]["pid_is_local"]), (&1.into(), &false.into()));
    let inside = tool(AS_FIRST, &folder, &["ls"]).done();
    assert!(inside.contains(" pid 1 elsewhere"), "a reader that is process 1 itself: {inside}");
    // Its inbox blocks its messages; while stopped, it makes no progress.
    let echo = Tool::start(&folder, &["echo", "test/hits", "--json", "--count", "1"], Stdio::null());
    echo.done();
    stop_child_of(game.pid());
    let told = Tool::start(&folder, &["doctor"], Stdio::null()).end().out;
    assert!(!told.contains("kill -CONT 1`") && !told.contains("gdb -p 1`") && !told.contains("process 1"), "{told}");
    drop(game);
}

/// Stops the only child of the process `pid`.
fn stop_child_of(pid: u32) {
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).expect("readable");
    let child = children.trim().parse().ok().and_then(Pid::from_raw).expect("one child");
    kill_process(child, Signal::STOP).expect("signalled");
    await_stop(child.as_raw_pid() as u32);
}

#[test]
fn gc_in_another_time_namespace_leaves_a_living_bus_alone() {
    if !is_granted(SHIFTED_TIME) {
        return;
    }
    let mut game = Game::start();
    let collected = tool(SHIFTED_TIME, &game.folder(), &["gc"]).done();
    assert!(!collected.contains("removed"), "{collected}");
    let listed = tool(SHIFTED_TIME, &game.folder(), &["ls"]).done();
    assert!(listed.contains("bus game") && !listed.contains("dead"), "{listed}");
    let echo = tool(SHIFTED_TIME, &game.folder(), &["echo", "test/hits", "--json", "--count", "1"]);
    game.until_read_by("hotframe bus echo", 1);
    game.send(0..1);
    echo.done();
}
