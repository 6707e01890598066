//! A process as a word of the registry: `pid | pid namespace << 32`.

use std::fmt;

use crate::sys::Birth;

/// A process that somebody else may have to find. Its id is valid only in its own pid namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Process {
    /// Its id, in its own namespace.
    pub pid: u32,
    /// Whether that id means the same process here: both are in one pid namespace, as far as the system tells.
    pub is_local: bool,
}

impl Process {
    /// The word of this process, which was born at `birth`.
    pub(crate) fn word(birth: Birth) -> u64 {
        u64::from(std::process::id()) | u64::from(birth.pid_namespace) << 32
    }

    pub(crate) fn from_word(word: u64) -> Self {
        let birth = Birth { pid_namespace: (word >> 32) as u32, ..Birth::UNKNOWN };
        Self { pid: word as u32, is_local: birth.shares_pids() }
    }

    /// Its id, if it is valid here.
    #[must_use]
    pub fn local_pid(self) -> Option<u32> {
        self.is_local.then_some(self.pid)
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_local {
            write!(f, "process {}", self.pid)
        } else {
            f.write_str("a process of another pid namespace")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Process;
    use crate::sys::Birth;

    #[test]
    fn an_id_is_named_only_where_it_means_the_same() {
        let here = Process::from_word(Process::word(Birth::own()));
        assert_eq!(here.pid, std::process::id());
        if here.is_local {
            assert_eq!((here.to_string(), here.local_pid()), (format!("process {}", here.pid), Some(here.pid)));
        }
        #[cfg(target_os = "linux")]
        {
            let elsewhere = Process::from_word(Process::word(Birth { pid_namespace: 7, ..Birth::UNKNOWN }));
            assert_eq!((elsewhere.pid, elsewhere.local_pid()), (here.pid, None));
            assert_eq!(elsewhere.to_string(), "a process of another pid namespace");
        }
    }
}
