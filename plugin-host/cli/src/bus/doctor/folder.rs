//! Checks the runtime folder: whether it can hold a bus, whether it has room, whether killed games left anything.

use std::path::Path;
use std::time::Duration;

use plugin_host::with_causes;
use shm_bus::{ListError, LockLook, OpenError, Remains};

use super::bus::NO_LOCK;
use super::finding::{Finding, Report};
use crate::output::figures::count;

/// Minimum free space: the room that a game's lanes commonly take.
#[cfg(unix)]
const SPACE_MIN: u64 = 64 << 20;

pub(super) fn look(folder: &Path) -> Vec<Finding> {
    let mut report = Report::new(format!("folder {}", folder.display()));
    match shm_bus::list() {
        Err(ListError::Dir(error)) => {
            report.problem(
                with_causes(&error),
                "correct that, or set HOTFRAME_DIR to another folder of your own, with mode 0700",
            );
        }
        Err(error) => report.problem(with_causes(&error), "correct that, or set HOTFRAME_DIR to another folder"),
        Ok(live) => {
            if has_parent(folder, &mut report) {
                try_it(&mut report);
            }
            look_at_space(folder, &mut report);
            look_for_stale(folder, &live, &mut report);
        }
    }
    report.findings
}

/// Checks buses that are not listed as live: dead ones, and those that this build can't read.
fn look_for_stale(folder: &Path, live: &[String], report: &mut Report) {
    let Ok(entries) = folder.read_dir() else { return };
    let mut names: Vec<String> = entries
        .flatten()
        .map(|entry| (entry.path().join("bus.lock"), entry.file_name().to_string_lossy().into_owned()))
        .filter(|(lock, name)| lock.symlink_metadata().is_ok() || shm_bus::remains(name) != Remains::NoBus)
        .map(|(_, name)| name)
        // Names of this kind are being created by `try_it` of another command.
        .filter(|name| !live.contains(name) && !name.starts_with('.'))
        .collect();
    names.sort();
    for name in names {
        look_at_stale(folder, &name, report);
    }
}

fn look_at_stale(folder: &Path, name: &str, report: &mut Report) {
    let (remains, lock) = (shm_bus::remains(name), shm_bus::look_at_lock(name, Duration::ZERO));
    let killed = format!("bus `{name}` is left over from a game that was killed");
    match shm_bus::peek(name) {
        // A process has attached since.
        Ok(_) if remains == Remains::Living => {}
        Ok(_) | Err(OpenError::NotFound { .. }) if lock == LockLook::NoFile && remains != Remains::Living => {
            let (what, lock) = (format!("{killed}, and {NO_LOCK}"), folder.join(name).join("bus.lock"));
            let advice = "then `hotframe bus gc` removes the rest, and a game can be started on that bus";
            report.problem(what, format!("remove {}; {advice}", lock.display()));
        }
        Ok(_) | Err(OpenError::NotFound { .. }) if remains == Remains::Dead => {
            report.problem(killed, "`hotframe bus gc` removes it; so does starting a game on that bus");
        }
        Err(OpenError::NotFound { .. }) if remains == Remains::Living => {
            let what = format!(
                "the registry of bus `{name}` was removed while its game runs: no other program can find the bus"
            );
            let advice = "end its programs and start them again; `hotframe bus gc` removes their leftovers";
            report.problem(what, advice);
        }
        Ok(_) | Err(OpenError::NotFound { .. }) => {}
        Err(OpenError::Name { .. }) => {
            let what = format!("folder `{name}` has the files of a bus, but its name is not valid for a bus");
            report.hint(what, "it cannot be opened: remove it, or rename it back");
        }
        Err(error) => {
            let what = format!("bus `{name}` cannot be read: {}", with_causes(&error));
            let removes = match remains {
                Remains::Dead => "it has no live participant, so `hotframe bus gc` removes it",
                _ => "if no game runs, remove its folder",
            };
            report.problem(what, format!("use the `hotframe` that was built with the game; {removes}"));
        }
    }
}

/// Opening a bus creates the folder, but not its parents.
fn has_parent(folder: &Path, report: &mut Report) -> bool {
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
    let Some(parent) = parent.filter(|parent| !parent.exists()) else { return true };
    let what = format!("there is no folder {}, so no game can create its own in it", parent.display());
    report.problem(what, "create it, or set HOTFRAME_DIR to another folder");
    false
}

/// Creates the parts of a bus for a moment: the kind of a file system doesn't tell whether it can hold one.
fn try_it(report: &mut Report) {
    if let Err(error) = shm_bus::probe() {
        let why = match &error {
            OpenError::Io { what, source, .. } => format!("cannot {what}: {source}"),
            error => with_causes(error),
        };
        report.problem(
            format!("no bus can be created in it: {why}"),
            "correct that, or set HOTFRAME_DIR to another folder, such as one in /dev/shm",
        );
    }
}

#[cfg(unix)]
fn look_at_space(folder: &Path, report: &mut Report) {
    // A folder that doesn't exist yet will lie in one that does.
    let Some(present) = folder.ancestors().find(|folder| folder.exists()) else { return };
    let Ok(stat) = rustix::fs::statvfs(present) else { return };
    let (free, size) = (stat.f_bavail * stat.f_frsize, stat.f_blocks * stat.f_frsize);
    // ramfs reports no size.
    if size > 0 && free < SPACE_MIN {
        let what = format!("{}B of {}B are free", count(free as f64), count(size as f64));
        report.problem(
            what,
            "new lanes may find no room: free some space, or set HOTFRAME_DIR to a folder on a larger file system",
        );
    }
    if stat.f_favail < 1000 && stat.f_files > 0 {
        report.problem(format!("{} more files fit", stat.f_favail), "remove files there");
    }
    look_at_kind(present, report);
}

#[cfg(not(unix))]
fn look_at_space(_: &Path, _: &mut Report) {}

#[cfg(target_os = "linux")]
fn look_at_kind(folder: &Path, report: &mut Report) {
    /// Magic numbers of tmpfs and ramfs. Source: statfs(2).
    const MEMORY: [i64; 2] = [0x0102_1994, 0x8584_58f6];
    if let Ok(stat) = rustix::fs::statfs(folder)
        && !MEMORY.contains(&{ stat.f_type })
    {
        let what = "it is on a disk: every message is written to the disk sooner or later";
        report.hint(what, "leave HOTFRAME_DIR unset, or set it to a folder in /dev/shm");
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
fn look_at_kind(_: &Path, _: &mut Report) {}
