//! Names of processes: an id is printed for use only where it means the same process.

use shm_bus::Process;

/// A process id for a list.
pub(crate) fn pid_text(process: Process) -> String {
    match process.local_pid() {
        Some(pid) => pid.to_string(),
        None => format!("{} elsewhere", process.pid),
    }
}

/// Advice on a process that hangs.
pub(crate) fn advice_on_hanging(process: Process) -> String {
    match process.local_pid() {
        Some(pid) => format!(
            "it is paused or hangs: its log names a plugin that does not return, and a debugger (`gdb -p {pid}`) shows any other place; or end it"
        ),
        None => format!(
            "it is paused or hangs: debug it or end it in its own pid namespace, where its id is {}",
            process.pid
        ),
    }
}

/// Advice on a stopped process. A process is known to be stopped only if it is visible from here.
pub(crate) fn advice_on_stopped(process: Process) -> String {
    match process.local_pid() {
        Some(pid) => format!("`kill -CONT {pid}` resumes it"),
        None => format!("SIGCONT resumes it, in its own pid namespace, where its id is {}", process.pid),
    }
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    #[test]
    fn a_process_of_this_namespace_is_named_by_its_id() {
        let folder = tempfile::tempdir().expect("a folder");
        let bus = shm_bus::Bus::open_in(folder.path(), "game").expect("opens");
        let process = bus.snapshot().participants[0].process;
        if process.local_pid().is_none() {
            eprintln!("skipped: the system does not tell this process's pid namespace");
            return;
        }
        let pid = std::process::id().to_string();
        assert_eq!(super::pid_text(process), pid);
        assert!(super::advice_on_hanging(process).contains(&format!("gdb -p {pid}")));
        assert!(super::advice_on_stopped(process).contains(&format!("kill -CONT {pid}")));
    }
}
