//! Processes that use a bus which was removed from the runtime folder: nobody else finds it, and a second bus may have its name.
//!
//! Such a process has the register mapped, of which the system says that its file was deleted, or that it lies elsewhere. A file
//! elsewhere doesn't say where it lay before, so it counts as moved only if its process uses this folder, as its environment says,
//! and the file is on the folder's device: others can't be moved. A bus that was renamed within the folder is not seen. Only Linux
//! tells, and only of this user's processes in the namespaces that this command sees.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Finding, Report};

/// What the system appends to the path of a mapped file that was deleted. Source: proc(5), `/proc/pid/maps`.
const DELETED: &str = " (deleted)";

/// Who just leaves a bus that ends may have its register mapped for a moment more.
const MOMENT: Duration = Duration::from_millis(100);

/// Names the runtime folder.
const FOLDER: &str = "HOTFRAME_DIR";

/// A process, its program and what became of the bus.
type User = (String, String, Lost);

/// What became of a bus.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Lost {
    /// That of this name was deleted.
    Deleted(String),
    /// It lies here now.
    Moved(PathBuf),
}

/// A mapped register.
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
    for (pid, program, lost) in users {
        let (what, cause) = match lost {
            Lost::Deleted(bus) => (format!("a bus `{bus}` that was removed from here"), "deleted or replaced"),
            Lost::Moved(bus) => (format!("a bus that was moved from here to {}", bus.display()), "moved"),
        };
        report.problem(
            format!("{program} (process {pid}) uses {what}"),
            format!("somebody {cause} its files while it ran; end it and start it again, so that others find it"),
        );
    }
    report.findings
}

/// `path` as the system tells it of mapped files.
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

/// What became of the buses that the process has mapped and that are no longer in `folder`.
fn lost_to(process: &Path, folder: &Path) -> Vec<Lost> {
    // Other entries hold no such file.
    let maps = fs::read_to_string(process.join("maps")).unwrap_or_default();
    let lost = |Register { bus, is_deleted }: Register| {
        let (place, name) = (bus.parent()?, bus.file_name()?.to_str()?);
        match (place == folder, is_deleted) {
            (true, true) => Some(Lost::Deleted(name.to_owned())),
            (false, false) => was_moved(process, &bus, name, folder).then_some(Lost::Moved(bus)),
            _ => None,
        }
    };
    registers(&maps).into_iter().filter_map(lost).collect()
}

/// The registers that are mapped, each once.
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

/// Whether what the process has mapped of the `bus` elsewhere lay in `folder` when it was opened, as far as can be told.
fn was_moved(process: &Path, bus: &Path, name: &str, folder: &Path) -> bool {
    let identity = |path: &Path| fs::metadata(path).map(|file| (file.dev(), file.ino())).ok();
    // As the process sees it, whose mounts may be others.
    let Ok(below_root) = bus.strip_prefix("/") else { return false };
    let seen = process.join("root").join(below_root);
    let Some(register) = identity(&seen.join("control")).filter(|_| seen.join("bus.lock").exists()) else {
        return false;
    };
    let device = folder.ancestors().find_map(identity).map(|(device, _)| device);
    device == Some(register.0)
        && identity(&folder.join(name).join("control")) != Some(register)
        && uses(process, folder)
}

/// Whether `folder`, which this command looks at, is the process's runtime folder, as the environment says that it began with.
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
        // The default is a user's own.
        None => {
            let user = |process: &Path| fs::metadata(process).map(|process| process.uid()).ok();
            let is_default = std::env::var_os(FOLDER).is_none_or(|folder| folder.is_empty());
            is_default && user(process) == user(Path::new("/proc/self"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Register, registers};

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
