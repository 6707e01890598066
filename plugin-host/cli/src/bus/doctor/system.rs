//! Checks limits of the system that a game may exceed.

use super::finding::Finding;
#[cfg(unix)]
use super::finding::Report;

/// Open files that a game with many lanes and plugins may need.
#[cfg(unix)]
const FILES_MIN: u64 = 1024;
/// Size of the longest file that a bus may need, in bytes.
#[cfg(unix)]
const FILE_BYTES_MIN: u64 = 1 << 30;
/// Number of mappings: each process maps every lane and inbox that it uses, and every plugin takes several mappings.
#[cfg(target_os = "linux")]
const MAPS_MIN: u64 = 16 << 10;

#[cfg(unix)]
pub(super) fn look() -> Vec<Finding> {
    use rustix::process::{Resource, getrlimit};

    let mut report = Report::new("system");
    let of = "limits of this shell; a game started elsewhere may have others";
    if let Some(files) = getrlimit(Resource::Nofile).current.filter(|files| *files < FILES_MIN) {
        report.hint(
            format!("a process may have {files} files open ({of})"),
            format!("`ulimit -n {FILES_MIN}` before the game"),
        );
    }
    if let Some(bytes) = getrlimit(Resource::Fsize).current.filter(|bytes| *bytes < FILE_BYTES_MIN) {
        report.hint(format!("a file may have {bytes} bytes ({of})"), "`ulimit -f unlimited` before the game");
    }
    if std::thread::available_parallelism().is_ok_and(|cores| cores.get() == 1) {
        report.hint("there is one processor: a reader sleeps at once instead of polling briefly", "provide two");
    }
    look_at_maps(&mut report);
    report.findings
}

#[cfg(target_os = "linux")]
fn look_at_maps(report: &mut Report) {
    let maps =
        std::fs::read_to_string("/proc/sys/vm/max_map_count").ok().and_then(|text| text.trim().parse::<u64>().ok());
    if let Some(maps) = maps.filter(|maps| *maps < MAPS_MIN) {
        report
            .hint(format!("a process may have {maps} mappings"), format!("`sysctl vm.max_map_count={}`", MAPS_MIN * 4));
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
fn look_at_maps(_: &mut Report) {}

#[cfg(not(unix))]
pub(super) fn look() -> Vec<Finding> {
    Vec::new()
}
