//! Processes that use a bus which was removed from the runtime folder: nobody else finds it, and a second bus may have its name.
//!
//! Such a process has the register mapped, of which the system says that its file was deleted. Only Linux tells, and only of this
//! user's processes in the namespaces that this command sees.

use std::path::Path;
use std::time::Duration;

use super::{Finding, Report};

/// What the system appends to the path of a mapped file that was deleted. Source: proc(5), `/proc/pid/maps`.
const DELETED: &str = " (deleted)";

/// Who just leaves a bus that ends may have its register mapped for a moment more.
const MOMENT: Duration = Duration::from_millis(100);

/// A process, its program and the bus.
type User = (String, String, String);

pub(super) fn look(folder: &Path) -> Vec<Finding> {
    let mut report = Report::new(format!("folder {}", folder.display()));
    let Ok(folder) = std::path::absolute(folder) else { return report.findings };
    let mut users = users_of_removed(&folder);
    if !users.is_empty() {
        std::thread::sleep(MOMENT);
        let still = users_of_removed(&folder);
        users.retain(|user| still.contains(user));
    }
    for (pid, program, bus) in users {
        report.problem(
            format!("{program} (process {pid}) uses a bus `{bus}` that was removed from here"),
            "somebody deleted or replaced its files while it ran; end it and start it again, so that others find it",
        );
    }
    report.findings
}

fn users_of_removed(folder: &Path) -> Vec<User> {
    let processes = Path::new("/proc").read_dir().into_iter().flatten().flatten();
    let users = processes.flat_map(|process| {
        let pid = process.file_name().to_string_lossy().into_owned();
        // Other entries hold no such file.
        let maps = std::fs::read_to_string(process.path().join("maps")).unwrap_or_default();
        let buses = if pid == "self" || pid == "thread-self" { Vec::new() } else { removed_buses(&maps, folder) };
        let program = std::fs::read_to_string(process.path().join("comm")).unwrap_or_default().trim_end().to_owned();
        buses.into_iter().map(move |bus| (pid.clone(), program.clone(), bus))
    });
    users.collect()
}

/// Names of the buses in `folder` whose register is mapped but deleted, each once.
fn removed_buses(maps: &str, folder: &Path) -> Vec<String> {
    let path = |line: &str| {
        let start = line.find('/')?;
        let path = Path::new(line[start..].strip_suffix(DELETED)?).to_owned();
        let bus = path.parent().filter(|_| path.file_name().is_some_and(|name| name == "control"))?;
        (bus.parent()? == folder).then(|| bus.file_name()?.to_str().map(str::to_owned)).flatten()
    };
    let mut buses: Vec<String> = maps.lines().filter_map(path).collect();
    buses.sort();
    buses.dedup();
    buses
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::removed_buses;

    #[test]
    fn only_deleted_registers_of_this_folder_are_told() {
        let maps = "\
7f00-7f10 rw-s 00000000 00:1a 12 /run/buses/game/control (deleted)
7f10-7f20 rw-s 00000000 00:1a 12 /run/buses/game/control (deleted)
7f20-7f30 rw-s 00000000 00:1a 13 /run/buses/lives/control
7f30-7f40 rw-s 00000000 00:1a 14 /run/buses/game/lane-7 (deleted)
7f40-7f50 rw-s 00000000 00:1a 15 /run/others/game/control (deleted)
7f50-7f60 rw-p 00000000 00:00 0 
7f60-7f70 rw-s 00000000 00:1a 16 /run/buses/with space/control (deleted)
";
        assert_eq!(removed_buses(maps, Path::new("/run/buses")), ["game", "with space"]);
    }
}
