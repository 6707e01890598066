//! Limits of the process and kinds of file systems: a bus has the room that it needs, or reports that it hasn't, and a failed open leaves
//! nothing.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use rustix::fs::statvfs;
use rustix::process::geteuid;
use shm_bus::wire::Priority;
use shm_bus::{Attachment, Bus, Start};

use super::places::Mount;
use super::support::{LANE, NUMBERS, Other, drain, folder, is_empty};

#[test]
fn with_too_few_descriptors_an_open_fails_and_leaves_nothing() {
    let home = folder();
    let place = home.path().join("runtime");
    let mut other = Other::start(&place);
    for count in 3..64 {
        other.ask(&format!("open files {count}"));
        let answer = other.ask("try open");
        if answer == "opened" {
            assert!(count > 5 && is_empty(&place), "{count} are enough");
            return other.leave();
        }
        assert!(answer.contains("Too many open files"), "with {count}: {answer}");
        assert!(is_empty(home.path()), "with {count}: {answer}");
    }
    panic!("64 descriptors are enough");
}

#[test]
fn with_too_few_descriptors_a_runtime_folder_that_was_there_stays_and_is_empty() {
    let home = folder();
    let mut other = Other::start(home.path());
    for count in 3..64 {
        other.ask(&format!("open files {count}"));
        let answer = other.ask("try open");
        assert!(is_empty(home.path()), "with {count}: {answer}");
        if answer == "opened" {
            return other.leave();
        }
    }
    panic!("64 descriptors are enough");
}

#[test]
fn a_limit_on_files_is_an_error_and_no_signal() {
    let home = folder();
    let mut other = Other::start(home.path());
    for bytes in [0, 1, 4096, 102_400, 245_759] {
        other.ask(&format!("files of {bytes}"));
        let answer = other.ask("try open");
        assert!(answer.contains("ulimit -f") && answer.contains("create the registry"), "{bytes}: {answer}");
        assert!(is_empty(home.path()), "{bytes}: {answer}");
    }
    other.ask("files of 245760");
    assert_eq!(other.ask("try open"), "opened");
    let answer = other.ask("try lane of 1048576");
    assert!(answer.contains("ulimit -f") && answer.contains("for a lane"), "{answer}");
    assert_eq!(other.ask("try lane of 4096"), "made");
    assert!(is_empty(home.path()));
    other.leave();
}

/// A bus there offers everything that a bus offers.
fn check_a_bus_in(folder: &Path) {
    let bus = Bus::open_in(folder, "game").expect("opens");
    let mut publisher = bus.publisher(&NUMBERS, "writer", LANE).expect("made");
    let mut inbox =
        Bus::attach_in(folder, "game").expect("attaches").inbox("reader", Attachment::Gating).expect("made");
    inbox.subscribe(&NUMBERS, Start::Now).expect("subscribed");
    for number in 0..100_u64 {
        publisher.send(Priority::Normal, &number.to_le_bytes()).expect("room");
        assert_eq!(drain(&mut inbox).0, [number]);
    }
    drop((inbox, publisher, bus));
}

#[test]
fn a_file_system_that_can_reserve_nothing_holds_a_bus() {
    let home = folder();
    if !geteuid().is_root() {
        return eprintln!("skipped: only root may mount");
    }
    let Some(_mount) = Mount::of(home.path(), &["-t", "ramfs", "-o", "mode=700", "hotframe-test"]) else { return };
    check_a_bus_in(home.path());
    assert!(is_empty(home.path()));
}

#[test]
fn ext2_holds_a_bus_and_a_full_one_is_told() {
    let home = folder();
    let (image, at) = (home.path().join("image"), home.path().join("mounted"));
    let made = Command::new("mkfs.ext2").args(["-q", "-m", "0"]).arg(&image).arg("1M").output();
    if !geteuid().is_root() || !made.is_ok_and(|output| output.status.success()) {
        return eprintln!("skipped: no root, or no mkfs.ext2");
    }
    std::fs::create_dir(&at).expect("made");
    let Some(_mount) = Mount::of(&at, &["-o", "loop", image.to_str().expect("text")]) else { return };
    std::fs::set_permissions(&at, Permissions::from_mode(0o700)).expect("set");
    let free = free_blocks(&at);
    check_a_bus_in(&at);
    await_free(&at, free);
    let bus = Bus::open_in(&at, "game").expect("opens");
    let free_beside_it = free_blocks(&at);
    let error = bus.publisher(&NUMBERS, "large", &[(Priority::Low, 1 << 22)]).expect_err("no room");
    let error = super::orders::texts(&error);
    assert!(error.contains("create a segment") && error.contains("No space left"), "{error}");
    await_free(&at, free_beside_it);
    check_a_bus_in(&at);
}

fn free_blocks(at: &Path) -> u64 {
    statvfs(at).expect("mounted").f_bfree
}

/// Waits until removed files have given back their blocks: a process that another test is starting holds them until its `exec`.
fn await_free(at: &Path, blocks: u64) {
    while free_blocks(at) < blocks {
        std::thread::yield_now();
    }
}

#[test]
fn opening_clears_away_every_dead_bus_in_time_however_many_live_before_it() {
    let home = folder();
    let live: Vec<Bus> = (0..40)
        .map(|number| Bus::builder(&format!("live-{number}")).folder(home.path()).open().expect("opens"))
        .collect();
    // The remains of a killed opener: a lock that nobody holds.
    for number in 0..5 {
        let dead = home.path().join(format!("dead-{number}"));
        std::fs::create_dir(&dead).expect("made");
        std::fs::set_permissions(&dead, Permissions::from_mode(0o700)).expect("set");
        std::fs::write(dead.join("bus.lock"), "").expect("written");
    }
    let dead = || (0..5).filter(|number| home.path().join(format!("dead-{number}")).exists()).count();
    // Each look finds 16 of 46 folders; missing one in so many looks is less likely than any other failure.
    let opened = (0..2000).find(|_| {
        drop(Bus::open_in(home.path(), "game").expect("opens"));
        dead() == 0
    });
    assert!(opened.is_some(), "{} are never looked at", dead());
    assert_eq!(shm_bus::list_in(home.path()).expect("listed").len(), live.len());
}
