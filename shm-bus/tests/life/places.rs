//! Folders in which a bus may lie, and files that others may have put there before.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::geteuid;
use shm_bus::{Bus, DirError, OpenError};

use super::support::{LANE, NUMBERS, Other, folder, is_empty};

#[test]
fn planted_folders_are_refused() {
    let folder = folder();
    let elsewhere = folder.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).expect("made");
    let planted = folder.path().join("planted");
    symlink(&elsewhere, &planted).expect("made");
    assert!(matches!(refused(Bus::open_in(&planted, "game")), DirError::NotADirectory { .. }));
    symlink(&elsewhere, folder.path().join("game")).expect("made");
    assert!(matches!(refused(Bus::open_in(folder.path(), "game")), DirError::NotADirectory { .. }));
    std::fs::set_permissions(&elsewhere, std::fs::Permissions::from_mode(0o770)).expect("set");
    assert!(matches!(refused(Bus::open_in(&elsewhere, "game")), DirError::Open { .. }));
    assert!(is_empty(&elsewhere));
}

fn refused(result: Result<Bus, OpenError>) -> DirError {
    match result {
        Err(OpenError::Dir(error)) => error,
        other => panic!("{other:?}"),
    }
}

fn fifo(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("made");
}

#[test]
fn planted_fifos_links_and_leftovers_neither_block_nor_mislead() {
    let folder = folder();
    let elsewhere = folder.path().join("elsewhere");
    std::fs::write(&elsewhere, "precious").expect("written");
    let game = folder.path().join("game");
    for name in ["control", "control.new", "p0.lock", "p1.lock", "lane-1", "inbox-1"] {
        for plant in [fifo, |path: &Path| symlink("../elsewhere", path).expect("made")] {
            std::fs::create_dir(&game).expect("made");
            std::fs::set_permissions(&game, Permissions::from_mode(0o700)).expect("set");
            plant(&game.join(name));
            let bus = Bus::open_in(folder.path(), "game").expect("opens");
            let second = Bus::open_in(folder.path(), "game").expect("opens");
            let _publisher = bus.publisher(&NUMBERS, "writer", LANE).expect("made");
            assert_eq!(second.snapshot().participants.len(), 2);
            drop((_publisher, second, bus));
            assert!(!game.exists(), "{name} is gone, too");
        }
    }
    assert_eq!(std::fs::read_to_string(&elsewhere).expect("there"), "precious");
}

#[test]
fn what_is_planted_beside_a_live_bus_is_replaced_or_refused() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let game = folder.path().join("game");
    fifo(&game.join("p1.lock"));
    let second = Bus::attach_in(folder.path(), "game").expect("takes the slot nevertheless");
    drop(second);
    std::fs::remove_file(game.join("control")).expect("removed");
    fifo(&game.join("control"));
    let error = Bus::attach_in(folder.path(), "game").expect_err("no registry");
    assert!(matches!(error, OpenError::Io { what: "map the registry", .. }), "{error:?}");
    drop(bus);
    Bus::open_in(folder.path(), "game").expect("made afresh");
}

#[test]
fn a_lock_that_is_a_link_is_refused() {
    let folder = folder();
    let game = folder.path().join("game");
    std::fs::create_dir(&game).expect("made");
    std::fs::set_permissions(&game, Permissions::from_mode(0o700)).expect("set");
    symlink("/etc/hostname", game.join("bus.lock")).expect("made");
    let error = Bus::open_in(folder.path(), "game").expect_err("refused");
    assert!(matches!(error, OpenError::Io { what: "lock `bus.lock`", .. }), "{error:?}");
}

#[test]
fn the_kernels_own_file_systems_are_refused_with_advice() {
    for place in ["/proc", "/sys"] {
        if !Path::new(place).exists() {
            continue;
        }
        let error = refused(Bus::open_in(place, "game"));
        let of_another_user = matches!(error, DirError::Foreign { .. });
        assert!(of_another_user || error.to_string().contains("HOTFRAME_DIR"), "{error}");
    }
}

#[test]
fn a_missing_parent_is_an_error_that_says_what_to_do() {
    let folder = folder();
    let error = refused(Bus::open_in(folder.path().join("no/such"), "game"));
    assert!(error.to_string().contains("HOTFRAME_DIR"), "{error}");
}

#[test]
fn a_read_only_folder_is_an_error_that_says_what_to_do() {
    let folder = folder();
    if geteuid().is_root() {
        let Some(mount) = Mount::tmpfs(folder.path(), "size=4m,mode=700") else { return };
        mount.make_read_only();
        check_read_only(folder.path());
    } else {
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o500)).expect("set");
        check_read_only(folder.path());
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).expect("set");
    }
}

fn check_read_only(folder: &Path) {
    let error = refused(Bus::open_in(folder, "game"));
    assert!(matches!(&error, DirError::Unwritable { path, .. } if path == folder), "{error:?}");
    assert!(error.to_string().contains("HOTFRAME_DIR"), "{error}");
    assert!(matches!(Bus::attach_in(folder, "game"), Err(OpenError::NotFound { .. })));
}

#[test]
fn a_full_file_system_is_an_error_at_creation_and_leaves_nothing() {
    let folder = folder();
    // If the system allows no mount, the next test has to suffice.
    let mount = if geteuid().is_root() { Mount::tmpfs(folder.path(), "size=300k,mode=700") } else { None };
    if mount.is_none() {
        return;
    }
    std::fs::write(folder.path().join("ballast"), vec![1; 200 << 10]).expect("room for this");
    let error = Bus::open_in(folder.path(), "game").expect_err("no room for the registry");
    assert!(matches!(error, OpenError::Io { what: "create the registry", .. }), "{error:?}");
    assert!(!folder.path().join("game").exists(), "a failed open leaves no folder");
    std::fs::remove_file(folder.path().join("ballast")).expect("removed");

    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let files = || std::fs::read_dir(bus.path()).expect("there").count();
    let before = files();
    let lanes = &[(shm_bus::wire::Priority::Low, 1 << 20)];
    let error = bus.publisher(&NUMBERS, "large", lanes).expect_err("no room for the lane");
    assert!(error.to_string().contains("create a segment"), "{error}");
    assert_eq!(files(), before, "the partial segment is gone");
    drop(bus.publisher(&NUMBERS, "small", LANE).expect("the bus stays usable"));
    drop(bus);
    assert!(is_empty(folder.path()));
}

#[test]
fn a_register_that_cannot_be_allocated_is_an_error_and_leaves_nothing() {
    let folder = folder();
    let mut other = Other::start(folder.path());
    other.ask("no file over 100000");
    let answer = other.ask("try open");
    assert!(answer.contains("create the registry"), "{answer}");
    assert!(is_empty(folder.path()), "a failed open leaves no folder");
    other.leave();
}

#[test]
fn another_users_folder_is_refused() {
    let folder = folder();
    if !geteuid().is_root() {
        let error = refused(Bus::open_in("/", "game"));
        assert!(matches!(error, DirError::Foreign { owner: 0, .. }), "{error:?}");
        return;
    }
    std::os::unix::fs::chown(folder.path(), Some(65534), None).expect("root may");
    let error = refused(Bus::open_in(folder.path(), "game"));
    assert!(matches!(error, DirError::Foreign { owner: 65534, user: 0, .. }), "{error:?}");
    std::os::unix::fs::chown(folder.path(), Some(0), None).expect("root may");
    let game = folder.path().join("game");
    std::fs::create_dir(&game).expect("made");
    std::os::unix::fs::chown(&game, Some(65534), None).expect("root may");
    assert!(matches!(refused(Bus::open_in(folder.path(), "game")), DirError::Foreign { .. }));
}

/// A file system, unmounted when dropped.
pub(crate) struct Mount<'a>(&'a Path);

impl<'a> Mount<'a> {
    /// `None` if the system allows no mount.
    fn tmpfs(at: &'a Path, options: &str) -> Option<Self> {
        Self::of(at, &["-t", "tmpfs", "-o", options, "hotframe-test"])
    }

    /// `None`, reported in the output, if the system doesn't allow this mount.
    pub(crate) fn of(at: &'a Path, arguments: &[&str]) -> Option<Self> {
        let mounted = std::process::Command::new("mount").args(arguments).arg(at).output();
        let mounted = mounted.is_ok_and(|output| output.status.success());
        if !mounted {
            eprintln!("skipped: `mount {}` is not possible here", arguments.join(" "));
        }
        mounted.then_some(Self(at))
    }

    fn make_read_only(&self) {
        let done = std::process::Command::new("mount").args(["-o", "remount,ro"]).arg(self.0).status();
        assert!(done.is_ok_and(|status| status.success()));
    }
}

impl Drop for Mount<'_> {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(self.0).status();
    }
}

#[test]
fn a_child_that_was_forked_changes_nothing_and_does_not_keep_its_dead_parent_alive() {
    let folder = folder();
    let mut other = Other::start(folder.path());
    for command in ["open", "publisher", "gating", "fork"] {
        other.ask(command);
    }
    // The grandchild has dropped all inherited handles, and has ended; its parent is unharmed.
    assert_eq!(other.ask("participants"), "1");
    other.ask("send");
    let bus = Bus::attach_in(folder.path(), "game").expect("attaches");
    assert_eq!(bus.snapshot().participants.iter().filter(|participant| participant.alive).count(), 2);
    if !cfg!(target_os = "linux") {
        return;
    }
    let grandchild = other.ask("fork and stay");
    other.kill();
    drop(bus.attach_again().expect("clears the dead away"));
    let snapshot = bus.snapshot();
    assert_eq!(snapshot.participants.len(), 1, "its lock is held by its child, but the system knows that it ended");
    let grandchild = rustix::process::Pid::from_raw(grandchild.parse().expect("a number")).expect("a process");
    rustix::process::kill_process(grandchild, rustix::process::Signal::KILL).expect("signalled");
    drop(bus);
    assert!(is_empty(folder.path()));
}
