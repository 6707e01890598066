//! When a process was born, from `/proc`. Source: proc(5), `/proc/pid/stat`.

use std::os::unix::fs::MetadataExt;

use super::Birth;

impl Birth {
    /// This process's.
    pub(crate) fn own() -> Self {
        let pid = std::process::id();
        let namespace = std::fs::metadata("/proc/self/ns/pid").ok().and_then(|file| u32::try_from(file.ino()).ok());
        // A /proc of another namespace calls us by another number.
        let own = std::fs::read_to_string("/proc/self/stat").ok();
        let stat = own.as_deref().filter(|text| text.split(' ').next() == Some(&pid.to_string())).and_then(Stat::parse);
        match (namespace, stat) {
            (Some(namespace), Some(stat)) => Self { namespace, ticks: stat.start },
            _ => Self::UNKNOWN,
        }
    }
}

/// Whether the process that had `pid` and was born at `birth` has provably ended; `here` is this process's own birth. What
/// can't be told is `false`.
pub(crate) fn has_ended(pid: u32, birth: Birth, here: Birth) -> bool {
    if pid == 0 || birth == Birth::UNKNOWN || here.namespace != birth.namespace {
        return false;
    }
    match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(text) => Stat::parse(&text).is_some_and(|stat| stat.start != birth.ticks || stat.is_corpse()),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    }
}

/// Whether the process that has `pid` and was born at `birth` is stopped. What can't be told is `false`.
pub(crate) fn is_stopped(pid: u32, birth: Birth, here: Birth) -> bool {
    if pid == 0 || birth == Birth::UNKNOWN || here.namespace != birth.namespace {
        return false;
    }
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    let stat = stat.ok().as_deref().and_then(Stat::parse);
    stat.is_some_and(|stat| stat.start == birth.ticks && matches!(stat.state, 'T' | 't'))
}

/// What is wanted of a line of `stat`.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    state: char,
    threads: u64,
    /// Clock ticks after boot.
    start: u64,
}

impl Stat {
    /// Fields 3, 20 and 22; the second is a name in parentheses that may hold anything.
    fn parse(text: &str) -> Option<Self> {
        let (_, rest) = text.rsplit_once(") ")?;
        let mut fields = rest.split(' ');
        let state = fields.next()?.chars().next()?;
        let threads = fields.nth(16)?.parse().ok()?;
        let start = fields.nth(1)?.parse().ok()?;
        Some(Self { state, threads, start })
    }

    /// Ended, but not yet waited for. A leader that ended before its other threads looks alike but for their number.
    const fn is_corpse(&self) -> bool {
        matches!(self.state, 'Z' | 'X') && self.threads <= 1
    }
}

#[cfg(test)]
mod tests {
    use super::{Birth, Stat, has_ended};

    #[test]
    fn a_name_with_parentheses_does_not_confuse() {
        let text = "7 (a) (b) S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 3 0 4711 5 6 7";
        assert_eq!(Stat::parse(text), Some(Stat { state: 'S', threads: 3, start: 4711 }));
        assert_eq!(Stat::parse("7 (a"), None);
    }

    #[test]
    fn this_process_lives_and_one_of_another_birth_does_not() {
        let own = Birth::own();
        if own == Birth::UNKNOWN {
            return;
        }
        let pid = std::process::id();
        assert!(!has_ended(pid, own, own));
        assert!(has_ended(pid, Birth { ticks: own.ticks + 1, ..own }, own));
        assert!(!has_ended(pid, Birth { namespace: own.namespace + 1, ticks: own.ticks + 1 }, own));
        assert!(!has_ended(pid, Birth::UNKNOWN, own));
    }
}
