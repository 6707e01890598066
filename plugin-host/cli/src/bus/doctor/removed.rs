//! Finds processes that use a bus which was removed from the runtime folder: no other process finds that bus, and a second one may have its
//! name.
//!
//! Such a process has the registry mapped, and the system reports that file as deleted or at another path.
//!
//! - Covered: if somebody has mounted something over the folder, the path of the mapped file is unchanged. But the folder that the process
//!   has open differs from the one that is found at its path.
//! - Moved: a file at another path doesn't tell where it was before. It counts as moved only if the process's environment says that it uses
//!   this folder, and the file is on the folder's device: files can't be moved across devices. A bus that was renamed within the folder is
//!   not detected.
//!
//! Only Linux provides this, and only for this user's processes in the namespaces that this command sees. Process ids are those of the
//! `/proc` that is mounted here, which may belong to another pid namespace than this command's.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::finding::{Finding, Report};

/// Suffix that the system appends to the path of a mapped file that was deleted. Source: proc(5), `/proc/pid/maps`.
const DELETED: &str = " (deleted)";

/// A process that is leaving a bus may keep its registry mapped for this long.
const MOMENT: Duration = Duration::from_millis(100);

/// Environment variable with the path of the runtime folder.
const FOLDER: &str = "HOTFRAME_DIR";

/// A process, its program and what happened to its bus.
type User = (String, String, Lost);

/// The fate of a bus.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Lost {
    /// The bus with this name was deleted.
    Deleted(String),
    /// Something was mounted over the bus with this name.
    Covered(String),
    /// The bus is at this path now.
    Moved(PathBuf),
}

/// A mapped registry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Register {
    /// The folder of its bus.
    bus: PathBuf,
    is_deleted: bool,
}

pub(super) fn look(folder: &Path) -> Vec<Finding> {
    let mut report = Report::new(format!("folder {}", folder.display()));
    let Ok(folder) = real(folder) else { return report.findings };
    let mut users = users_of_removed(&folder);
    if !users.is_empty() {
        std::thread::sleep(MOMENT);
        let still = users_of_removed(&folder);
        users.retain(|user| still.contains(user));
    }
    let is_ours = proc_is_ours(std::process::id(), &fs::read_to_string("/proc/self/status").unwrap_or_default());
    for (pid, program, lost) in users {
        let (what, cause) = match lost {
            Lost::Deleted(bus) => {
                (format!("a bus `{bus}` that was removed from here"), "deleted or replaced its files")
            }
            Lost::Covered(bus) => {
                (format!("a bus `{bus}` that can no longer be found here"), "mounted a file system over its folder")
            }
            Lost::Moved(bus) => (format!("a bus that was moved from here to {}", bus.display()), "moved its files"),
        };
        let (who, end) = if is_ours {
            (format!("process {pid}"), "end it and start it again")
        } else {
            let who = format!("a process of another pid namespace, {pid} in the /proc that is mounted here");
            (who, "end it there and start it again")
        };
        let advice = format!("another program {cause} while it ran; {end}, so that others find it");
        report.problem(format!("{program} ({who}) uses {what}"), advice);
    }
    report.findings
}

/// Whether `/proc` shows this process's pid namespace, by the `status` of process `own` there, which is this one.
fn proc_is_ours(own: u32, status: &str) -> bool {
    let numbers = status.lines().find_map(|line| line.strip_prefix("NSpid:"));
    // A kernel without these namespaces reports nothing.
    numbers.is_none_or(|numbers| numbers.split_ascii_whitespace().eq([own.to_string()])) && !status.is_empty()
}

/// `path` as the system reports it for mapped files.
fn real(path: &Path) -> std::io::Result<PathBuf> {
    fs::canonicalize(path).or_else(|_| std::path::absolute(path))
}

fn users_of_removed(folder: &Path) -> Vec<User> {
    let processes = Path::new("/proc").read_dir().into_iter().flatten().flatten();
    let users = processes.flat_map(|process| {
        let pid = process.file_name().to_string_lossy().into_owned();
        let is_alias = pid == "self" || pid == "thread-self";
        let lost = if is_alias { Vec::new() } else { lost_to(&process.path(), folder) };
        let program = fs::read_to_string(process.path().join("comm")).unwrap_or_default().trim_end().to_owned();
        lost.into_iter().map(move |lost| (pid.clone(), program.clone(), lost))
    });
    users.collect()
}

/// The fates of the buses that the process has mapped and that are no longer in `folder`.
fn lost_to(process: &Path, folder: &Path) -> Vec<Lost> {
    // Other entries have no such file.
    let maps = fs::read_to_string(process.join("maps")).unwrap_or_default();
    let lost = |Register { bus, is_deleted }: Register| {
        let (place, name) = (bus.parent()?, bus.file_name()?.to_str()?);
        match (place == folder, is_deleted) {
            (true, _) if !sees(process, folder) => None,
            (true, true) => Some(Lost::Deleted(name.to_owned())),
            (true, false) => is_covered(process, &bus).then(|| Lost::Covered(name.to_owned())),
            (false, false) => was_moved(process, &bus, name, folder).then_some(Lost::Moved(bus)),
            _ => None,
        }
    };
    registers(&maps).into_iter().filter_map(lost).collect()
}

/// The mapped registries, each once.
fn registers(maps: &str) -> Vec<Register> {
    let register = |line: &str| {
        let path = &line[line.find('/')?..];
        let (path, is_deleted) = path.strip_suffix(DELETED).map_or((path, false), |path| (path, true));
        let bus = path.strip_suffix("/control").filter(|bus| !bus.is_empty())?;
        Some(Register { bus: bus.into(), is_deleted })
    };
    let mut registers: Vec<_> = maps.lines().filter_map(register).collect();
    registers.sort();
    registers.dedup();
    registers
}

/// Device and inode, which identify a file.
fn identity(path: &Path) -> Option<(u64, u64)> {
    fs::metadata(path).map(|file| (file.dev(), file.ino())).ok()
}

/// `path` in the process's view, which may have other mounts.
fn seen_by(process: &Path, path: &Path) -> PathBuf {
    process.join("root").join(path.strip_prefix("/").unwrap_or(path))
}

/// Whether the process finds the same as this command at the path of `folder`, even if that is nothing.
fn sees(process: &Path, folder: &Path) -> bool {
    identity(&seen_by(process, folder)) == identity(folder)
}

/// Whether the `bus` folder that the process has open differs from the one at its path now.
fn is_covered(process: &Path, bus: &Path) -> bool {
    let found = identity(bus);
    let descriptors = process.join("fd").read_dir().into_iter().flatten().flatten().map(|entry| entry.path());
    let mut open =
        descriptors.filter(|fd| fs::read_link(fd).is_ok_and(|path| path == bus)).filter_map(|fd| identity(&fd));
    // A process may have both open.
    open.any(|folder| Some(folder) != found)
}

/// Whether the process's mapped file of the `bus`, now elsewhere, was in `folder` when it was opened, as far as can be told.
fn was_moved(process: &Path, bus: &Path, name: &str, folder: &Path) -> bool {
    let seen = seen_by(process, bus);
    let Some(register) = identity(&seen.join("control")).filter(|_| seen.join("bus.lock").exists()) else {
        return false;
    };
    let device = folder.ancestors().find_map(identity).map(|(device, _)| device);
    device == Some(register.0)
        && identity(&folder.join(name).join("control")) != Some(register)
        && uses(process, folder)
}

/// Whether `folder`, which this command checks, is the process's runtime folder by the environment with which it started.
fn uses(process: &Path, folder: &Path) -> bool {
    let Ok(environment) = fs::read(process.join("environ")) else { return false };
    let mut chosen = environment.split(|byte| *byte == 0).filter_map(|entry| {
        let value = entry.strip_prefix(FOLDER.as_bytes())?.strip_prefix(b"=")?;
        (!value.is_empty()).then(|| Path::new(std::ffi::OsStr::from_bytes(value)).to_owned())
    });
    match chosen.next() {
        Some(chosen) => {
            let Ok(place) = fs::read_link(process.join("cwd")) else { return false };
            real(&place.join(chosen)).is_ok_and(|chosen| chosen == folder)
        }
        // The default folder belongs to one user.
        None => {
            let user = |process: &Path| fs::metadata(process).map(|process| process.uid()).ok();
            let is_default = std::env::var_os(FOLDER).is_none_or(|folder| folder.is_empty());
            is_default && user(process) == user(Path::new("/proc/self"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Register, proc_is_ours, registers};

    #[test]
    fn process_ids_are_used_only_where_they_are_this_commands() {
        let rows = [
            ("Name:\tx\nNSpid:\t7\n", true),
            ("Name:\tx\nNSpid:\t4711\t7\n", false),
            ("Name:\tx\nNSpid:\t8\n", false),
            ("Name:\tx\n", true),
            ("", false),
        ];
        for (status, is_ours) in rows {
            assert_eq!(proc_is_ours(7, status), is_ours, "{status:?}");
        }
    }

    #[test]
    fn registers_are_told_from_other_files_each_once_whether_deleted_or_not() {
        let maps = "\
7f00-7f10 rw-s 00000000 00:1a 12 /run/buses/game/control (deleted)
7f10-7f20 rw-s 00000000 00:1a 12 /run/buses/game/control (deleted)
7f20-7f30 rw-s 00000000 00:1a 13 /run/buses/lives/control
7f30-7f40 rw-s 00000000 00:1a 14 /run/buses/game/lane-7 (deleted)
7f40-7f50 rw-s 00000000 00:1a 15 /run/others/game/out-of-control (deleted)
7f50-7f60 rw-p 00000000 00:00 0 
7f60-7f70 rw-s 00000000 00:1a 16 /run/buses/with space/control (deleted)
";
        let register = |bus: &str, is_deleted| Register { bus: bus.into(), is_deleted };
        let expected = [
            register("/run/buses/game", true),
            register("/run/buses/lives", false),
            register("/run/buses/with space", true),
        ];
        assert_eq!(registers(maps), expected);
    }
}
