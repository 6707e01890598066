//! Participants in different namespaces, and places where `/proc` does not show all processes.
//!
//! A test that needs a namespace which the system does not grant reports that and does nothing.

use std::path::Path;
use std::process::Command;

use shm_bus::{Attachment, Bus, Start, gc_in, list_in};

use super::support::{LANE, NUMBERS, Other, alive, drain, folder, is_empty};

const SHIFTED_TIME: &[&str] = &["unshare", "-T", "--boottime", "1000", "-f", "--kill-child"];
const OWN_PIDS: &[&str] = &["unshare", "-p", "-f", "--kill-child", "--mount-proc"];
/// All other processes have other numbers in this `/proc`; a few numbers are equal by chance.
const OWN_PIDS_FOREIGN_PROC: &[&str] = &["unshare", "-p", "-f", "--kill-child"];
const NO_PROC: &[&str] = &["unshare", "-m", "sh", "-c", "mount -t tmpfs none /proc && exec \"$@\"", "sh"];
/// Without a capability that root has, and outside the group that sees all processes, processes that have the capability are hidden.
const HIDDEN: &[&str] = &[
    "unshare",
    "-m",
    "sh",
    "-c",
    "mount -t proc -o hidepid=2,gid=65533 none /proc && exec setpriv --inh-caps=-all --bounding-set=-all \"$@\"",
    "sh",
];
/// The `/proc` of another pid namespace, seen from outside of it.
const FOREIGN_PROC: &[&str] =
    &["unshare", "-m", "sh", "-c", "unshare -p -f sh -c 'mount -t proc none /proc' && exec \"$@\"", "sh"];

/// A command that starts a child somewhere else, picked at random from those that the system grants; in half of the cases it starts the
/// child here.
#[cfg(feature = "crash-points")]
pub(crate) fn somewhere(random: &mut super::random::Random) -> &'static [&'static str] {
    static GRANTED: std::sync::LazyLock<Vec<&[&str]>> = std::sync::LazyLock::new(|| {
        let all = [SHIFTED_TIME, OWN_PIDS, OWN_PIDS_FOREIGN_PROC, FOREIGN_PROC, NO_PROC, HIDDEN];
        all.into_iter().filter(|by| is_granted(by)).collect()
    });
    let places = GRANTED.len() as u64;
    GRANTED.get(random.below(2 * places.max(1)) as usize).copied().unwrap_or(&[])
}

/// Whether the system allows a process to be started in this way.
fn is_granted(by: &[&str]) -> bool {
    let granted = Command::new(by[0]).args(&by[1..]).arg("true").output().is_ok_and(|output| output.status.success());
    if !granted {
        eprintln!("skipped: the system does not grant `{}`", by.join(" "));
    }
    granted
}

/// A participant that lives here is seen alive from `by`, and one that lives there is seen alive here.
fn lives_on_both_sides(by: &[&str]) {
    if !is_granted(by) {
        return;
    }
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let mut other = Other::start_by(folder.path(), by);
    assert_eq!(other.ask("gc"), "", "a living bus is not collected");
    assert_eq!(list_in(folder.path()).expect("listed"), ["game"]);
    assert_eq!(other.ask("open"), "done");
    assert_eq!((other.ask("alive"), alive(&bus.snapshot())), ("0:true 1:true".to_owned(), "0:true 1:true".to_owned()));
    // The next change of the bus removes the dead.
    other.ask("publisher");
    drop(bus.inbox("any change", Attachment::Observer).expect("made"));
    assert_eq!(bus.snapshot().participants.len(), 2);
    drop(bus);
    assert_eq!(gc_in(folder.path()).expect("listed"), [""; 0]);
    assert_eq!(list_in(folder.path()).expect("listed"), ["game"]);
    other.ask("send");
    other.kill();
    assert_eq!(gc_in(folder.path()).expect("listed"), ["game"], "a released lock is seen across namespaces");
    assert!(is_empty(folder.path()));
}

#[test]
fn a_held_lock_wins_over_a_birth_that_a_time_namespace_shifts() {
    lives_on_both_sides(SHIFTED_TIME);
}

#[test]
fn a_held_lock_wins_over_the_ids_of_another_pid_namespace() {
    lives_on_both_sides(OWN_PIDS);
}

#[test]
fn a_held_lock_wins_over_the_proc_of_another_pid_namespace() {
    lives_on_both_sides(OWN_PIDS_FOREIGN_PROC);
    lives_on_both_sides(FOREIGN_PROC);
}

#[test]
fn a_held_lock_wins_where_proc_is_not_mounted() {
    lives_on_both_sides(NO_PROC);
}

#[test]
fn a_held_lock_wins_where_proc_hides_processes() {
    lives_on_both_sides(HIDDEN);
}

#[test]
fn a_participant_without_its_lock_file_lives_whatever_can_be_seen_of_it() {
    for by in [SHIFTED_TIME, OWN_PIDS, OWN_PIDS_FOREIGN_PROC, FOREIGN_PROC, NO_PROC, HIDDEN] {
        if !is_granted(by) {
            continue;
        }
        let folder = folder();
        let bus = Bus::open_in(folder.path(), "game").expect("opens");
        std::fs::remove_file(bus.path().join("p0.lock")).expect("there");
        let mut other = Other::start_by(folder.path(), by);
        assert_eq!(other.ask("gc"), "", "{by:?}");
        assert_eq!((other.ask("open"), other.ask("alive")), ("done".to_owned(), "0:true 1:true".to_owned()), "{by:?}");
        assert_eq!(bus.snapshot().participants.len(), 2, "it is the same bus");
        other.leave();
        drop(bus);
        assert!(is_empty(folder.path()), "{by:?}");
    }
}

#[test]
fn participants_of_one_process_id_are_told_apart() {
    if !is_granted(OWN_PIDS) {
        return;
    }
    let folder = folder();
    let mut others = [0, 1].map(|_| Other::start_by(folder.path(), OWN_PIDS));
    let ids = others.each_mut().map(|other| {
        other.ask("publisher");
        assert_eq!(other.ask("pid"), "1");
        other.ask("id")
    });
    assert_ne!(ids[0], ids[1]);
    let bus = Bus::attach_in(folder.path(), "game").expect("attaches");
    let snapshot = bus.snapshot();
    let processes: Vec<_> = snapshot.participants.iter().map(|one| (one.pid, one.process.local_pid())).collect();
    assert_eq!(processes, [(1, None), (1, None), (std::process::id(), Some(std::process::id()))]);
    assert_eq!(snapshot.participants[0].process.to_string(), "a process of another pid namespace");
    assert_eq!(snapshot.creator.expect("sensible").process.local_pid(), None);
    let mut inbox = bus.inbox("reader", Attachment::Gating).expect("made");
    inbox.subscribe(&NUMBERS, Start::Now).expect("subscribed");
    for other in &mut others {
        other.ask("send");
    }
    assert_eq!(drain(&mut inbox).0, [0, 0]);
    let [mut first, mut second] = others;
    first.kill();
    drop(bus.publisher(&NUMBERS, "any change", LANE).expect("made"));
    assert_eq!(bus.snapshot().participants.len(), 2, "one of them is dead");
    assert_eq!(second.ask("send"), "done");
    second.leave();
    drop((inbox, bus));
    assert!(is_empty(folder.path()));
}

/// The parent and its child are both process 1 of their namespaces: only the fork itself distinguishes them.
#[test]
fn a_forked_child_that_has_its_parents_process_id_changes_nothing() {
    if !is_granted(OWN_PIDS) {
        return;
    }
    let folder = folder();
    let mut other = Other::start_by(folder.path(), OWN_PIDS);
    for command in ["open", "publisher", "gating"] {
        other.ask(command);
    }
    assert_eq!((other.ask("pid"), other.ask("fork into a pid namespace")), ("1".to_owned(), "done".to_owned()));
    assert_eq!(lock_is_free(&folder.path().join("game/p0.lock")), Some(false), "the child's drop unlocks nothing");
    let bus = Bus::attach_in(folder.path(), "game").expect("attaches");
    assert_eq!(alive(&bus.snapshot()), "0:true 1:true");
    other.ask("send");
    assert_eq!(other.ask("drain"), "1 0");
    other.leave();
    drop(bus);
    assert!(is_empty(folder.path()));
}

fn lock_is_free(lock: &Path) -> Option<bool> {
    Some(std::fs::File::open(lock).ok()?.try_lock_shared().is_ok())
}
