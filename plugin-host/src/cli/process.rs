//! What the system says of a process.

/// Whether the participant is this command itself. By its number alone, as below.
pub(super) fn is_own(participant: &shm_bus::ParticipantInfo) -> bool {
    participant.alive && participant.pid == std::process::id()
}

/// Whether the process is stopped, as by Ctrl-Z; `false` where the system does not say. By its number alone: one in another
/// namespace may be meant.
#[cfg(target_os = "linux")]
pub(super) fn is_stopped(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name before it stands in parentheses, and may hold any byte.
    let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
    matches!(state, Some('T' | 't'))
}

#[cfg(not(target_os = "linux"))]
pub(super) const fn is_stopped(_: u32) -> bool {
    false
}
