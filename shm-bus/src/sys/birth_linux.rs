//! When a process was born, and whether it has ended, from `kill` and `/proc`. Sources: kill(2), proc(5), `/proc/pid/stat`,
//! `/proc/pid/status`, namespaces(7), time_namespaces(7).
//!
//! A process id is valid only in one pid namespace. A birth is counted from a boot time that can differ between time namespaces. `/proc`
//! may belong to another namespace, hide processes (`hidepid`), be something else altogether, or be missing. So the absence of a process in
//! `/proc` proves nothing; [`proves_end`] lists everything that does.
//!
//! # Failure
//! Unknown counts as living and running.

use std::os::unix::fs::MetadataExt;

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use super::Birth;

/// Stands for the namespace on a kernel without namespaces of this kind, which has only one.
const ONLY_ONE: u32 = 1;
/// The kernel's own file systems. Source: statfs(2).
const NAMESPACES: u32 = 0x6e73_6673;
const PROC: u32 = 0x9fa0;

impl Birth {
    /// This process's.
    pub(crate) fn own() -> Self {
        // `self` is this process in any `/proc` that shows it, whatever its id is there.
        let ticks = if is_of("/proc/self/", PROC) { Stat::read("self").map_or(0, |stat| stat.start) } else { 0 };
        Self { pid_namespace: own_namespace("pid"), time_namespace: own_namespace("time"), ticks }
    }

    /// Whether its process id means the same process here.
    pub(crate) fn shares_pids(self) -> bool {
        self.pid_namespace != 0 && self.pid_namespace == own_namespace("pid")
    }

    /// Whether its ticks are counted from the same moment as those read in this process.
    fn shares_time(self) -> bool {
        self.time_namespace != 0 && self.time_namespace == own_namespace("time")
    }
}

/// This process's namespace of a kind; 0 if unknown.
fn own_namespace(kind: &str) -> u32 {
    let path = format!("/proc/self/ns/{kind}");
    match std::fs::metadata(&path) {
        Ok(file) if is_of(&path, NAMESPACES) => u32::try_from(file.ino()).unwrap_or(0),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && is_of("/proc/self/ns/", PROC) => ONLY_ONE,
        _ => 0,
    }
}

/// Whether `path` lies on a file system of this kind.
fn is_of(path: &str, kind: u32) -> bool {
    rustix::fs::statfs(path).is_ok_and(|found| found.f_type as u32 == kind)
}

/// Whether `/proc` numbers processes like this process's pid namespace: then this process has one id there, its own.
fn proc_is_ours() -> bool {
    if !is_of("/proc/self/", PROC) {
        return false;
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let numbers = status.lines().find_map(|line| line.strip_prefix("NSpid:"));
    numbers.is_some_and(|numbers| numbers.split_ascii_whitespace().eq([std::process::id().to_string()]))
}

/// Whether the process that had `pid` and was born at `birth` has provably ended. `false` if unknown.
pub(crate) fn has_ended(pid: u32, birth: Birth) -> bool {
    // The most frequent case first, with a single read: the process exists.
    if Stat::read(&pid.to_string()).is_some_and(|stat| stat.start == birth.ticks && !stat.is_corpse()) {
        return false;
    }
    Doubt::about(pid, birth).is_some_and(|doubt| proves_end(&doubt, birth))
}

/// Whether the process that has `pid` and was born at `birth` is stopped. `false` if unknown.
pub(crate) fn is_stopped(pid: u32, birth: Birth) -> bool {
    let stat = Stat::read(&pid.to_string());
    let is_stopped = stat.is_some_and(|stat| stat.start == birth.ticks && matches!(stat.state, 'T' | 't'));
    is_stopped && birth.shares_pids() && birth.shares_time() && proc_is_ours()
}

/// The system's information about a process that was not found with its birth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Doubt {
    /// Its id means the same process here.
    same_pids: bool,
    /// `kill` finds a process with this id.
    found: bool,
    /// `/proc` numbers processes like this process's pid namespace.
    proc_is_ours: bool,
    /// Births are counted from the same moment as when its birth was recorded.
    same_time: bool,
    /// The information in `/proc` about the process with this id, if two reads gave the same.
    stat: Option<Stat>,
}

impl Doubt {
    fn about(pid: u32, birth: Birth) -> Option<Self> {
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw)?;
        // A process that does not even find itself learns nothing from this call.
        test_kill_process(rustix::process::getpid()).ok()?;
        let found = test_kill_process(pid) != Err(Errno::SRCH);
        let twice = [Stat::read(&pid.to_string()), Stat::read(&pid.to_string())];
        let stat = twice[0].filter(|_| twice[0] == twice[1]);
        Some(Self {
            same_pids: birth.shares_pids(),
            found,
            proc_is_ours: proc_is_ours(),
            same_time: birth.shares_time(),
            stat,
        })
    }
}

/// Whether this proves that the process born at `birth` has ended.
fn proves_end(doubt: &Doubt, birth: Birth) -> bool {
    match doubt {
        Doubt { same_pids: false, .. } => false,
        // This comes from the kernel itself; no mount and no permission can hide or change it.
        Doubt { found: false, .. } => true,
        Doubt { proc_is_ours: false, .. } | Doubt { stat: None, .. } => false,
        Doubt { stat: Some(stat), .. } if stat.is_corpse() => true,
        Doubt { same_time: false, .. } => false,
        // Another process has got its id.
        Doubt { stat: Some(stat), .. } => birth.ticks != 0 && stat.start != birth.ticks,
    }
}

/// The needed fields of a line of `stat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stat {
    state: char,
    threads: u64,
    /// Clock ticks after boot.
    start: u64,
}

impl Stat {
    /// Reads the line of `process` in `/proc`.
    fn read(process: &str) -> Option<Self> {
        Self::parse(&std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
    }

    /// Fields 3, 20 and 22; the second is a name in parentheses that may contain anything.
    fn parse(text: &str) -> Option<Self> {
        let (_, rest) = text.rsplit_once(") ")?;
        let mut fields = rest.split(' ');
        let state = fields.next()?.chars().next()?;
        let threads = fields.nth(16)?.parse().ok()?;
        let start = fields.nth(1)?.parse().ok()?;
        Some(Self { state, threads, start })
    }

    /// A zombie: ended, but not yet waited for. A leader that ended before its other threads looks the same, except for their number.
    const fn is_corpse(&self) -> bool {
        matches!(self.state, 'Z' | 'X') && self.threads <= 1
    }
}

#[cfg(test)]
mod tests {
    use super::{Birth, Doubt, Stat, has_ended, is_stopped, proves_end};

    const BIRTH: Birth = Birth { pid_namespace: 8, time_namespace: 9, ticks: 4711 };
    /// A process whose id another one reuses, seen without any doubt.
    const REUSED: Doubt = Doubt {
        same_pids: true,
        found: true,
        proc_is_ours: true,
        same_time: true,
        stat: Some(Stat { state: 'S', threads: 1, start: 5000 }),
    };
    const CORPSE: Stat = Stat { state: 'Z', threads: 1, start: 4711 };

    #[test]
    fn a_name_with_parentheses_does_not_confuse() {
        let text = "7 (a) (b) S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 3 0 4711 5 6 7";
        assert_eq!(Stat::parse(text), Some(Stat { state: 'S', threads: 3, start: 4711 }));
        assert_eq!(Stat::parse("7 (a"), None);
    }

    #[test]
    fn only_what_can_be_neither_hidden_nor_shifted_proves_an_end() {
        let unseen = Doubt { stat: None, ..REUSED };
        let born_then = Doubt { stat: Some(Stat { state: 'S', threads: 1, start: 4711 }), ..REUSED };
        let rows = [
            ("another one has its number", REUSED, true),
            ("its birth may be shifted", Doubt { same_time: false, ..REUSED }, false),
            ("its number may be another namespace's in this /proc", Doubt { proc_is_ours: false, ..REUSED }, false),
            ("its number may be another namespace's", Doubt { same_pids: false, ..REUSED }, false),
            ("it is there", born_then, false),
            ("it is hidden, or /proc is not what it should be", unseen, false),
            ("it is hidden by another namespace's /proc", Doubt { proc_is_ours: false, ..unseen }, false),
            ("no process has its number", Doubt { found: false, ..unseen }, true),
            (
                "no process has its number, whatever /proc is",
                Doubt { found: false, proc_is_ours: false, same_time: false, ..unseen },
                true,
            ),
            ("none has it here, but it counts elsewhere", Doubt { found: false, same_pids: false, ..unseen }, false),
            ("it is a corpse", Doubt { stat: Some(CORPSE), ..REUSED }, true),
            ("it is a corpse, whenever it was born", Doubt { stat: Some(CORPSE), same_time: false, ..REUSED }, true),
            ("a corpse in another /proc", Doubt { stat: Some(CORPSE), proc_is_ours: false, ..REUSED }, false),
            ("its leader has ended", Doubt { stat: Some(Stat { threads: 2, ..CORPSE }), ..REUSED }, false),
        ];
        for (what, doubt, ended) in rows {
            assert_eq!(proves_end(&doubt, BIRTH), ended, "{what}: {doubt:?}");
        }
        assert!(!proves_end(&REUSED, Birth { ticks: 0, ..BIRTH }), "its birth was never known");
    }

    #[test]
    fn this_process_lives_and_one_of_another_birth_does_not() {
        let own = Birth::own();
        if !(own.shares_pids() && own.shares_time() && super::proc_is_ours()) {
            eprintln!("skipped: /proc does not tell enough here: {own:?}");
            return;
        }
        let pid = std::process::id();
        assert!(!has_ended(pid, own) && !is_stopped(pid, own));
        assert!(has_ended(pid, Birth { ticks: own.ticks + 1, ..own }));
        for doubtful in [
            Birth { pid_namespace: own.pid_namespace + 1, ticks: own.ticks + 1, ..own },
            Birth { time_namespace: own.time_namespace + 1, ticks: own.ticks + 1, ..own },
            Birth { time_namespace: 0, ticks: own.ticks + 1, ..own },
            Birth::UNKNOWN,
        ] {
            assert!(!has_ended(pid, doubtful), "{doubtful:?}");
        }
        assert!(!has_ended(0, own) && !has_ended(u32::MAX, own), "no process ids");
    }
}
