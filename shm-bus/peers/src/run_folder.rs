//! The run's folder in shared memory, and the janitor, which removes it however the run ends.
//!
//! Every file of a run in `/dev/shm` begins with its name. The janitor is a process that waits until its standard input ends, which happens
//! when the run has ended or was killed.

use std::fs::DirBuilder;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

const SHARED_MEMORY: &str = "/dev/shm";

/// The folder; see the module.
#[derive(Debug)]
pub(crate) struct RunFolder {
    name: String,
    janitor: Child,
    sessions: u32,
}

impl RunFolder {
    pub(crate) fn new() -> Result<Self> {
        let name = format!("hotframe-peers-{}", std::process::id());
        let janitor = Command::new(std::env::current_exe()?)
            .args(["janitor", &name])
            .stdin(Stdio::piped())
            .process_group(0)
            .spawn()
            .context("cannot start the janitor")?;
        let folder = Self { name, janitor, sessions: 0 };
        make(&folder.path())?;
        Ok(folder)
    }

    fn path(&self) -> PathBuf {
        Path::new(SHARED_MEMORY).join(&self.name)
    }

    /// An empty folder for one session.
    pub(crate) fn session_folder(&mut self) -> Result<PathBuf> {
        self.sessions += 1;
        let folder = self.path().join(self.sessions.to_string());
        make(&folder)?;
        Ok(folder)
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        drop(self.janitor.stdin.take());
        let _ = self.janitor.wait();
    }
}

fn make(folder: &Path) -> Result<()> {
    DirBuilder::new().mode(0o700).create(folder).with_context(|| format!("cannot make {}", folder.display()))
}

/// The prefix of files that a peer itself puts into `/dev/shm` for the session in `folder`.
pub(crate) fn prefix(folder: &Path) -> String {
    let parts = folder.components().rev().take(2).map(|part| part.as_os_str().to_string_lossy().into_owned());
    let [session, run] = <[String; 2]>::try_from(parts.collect::<Vec<_>>()).unwrap_or_default();
    format!("{run}-{session}-")
}

/// The janitor's main function.
pub(crate) fn clear_after_end(run: &str) -> Result<()> {
    std::io::stdin().read_to_end(&mut Vec::new())?;
    // Far ends that lost the run are exiting at the same time.
    let start = Instant::now();
    while clear(run)? > 0 && start.elapsed() < Duration::from_secs(5) {
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// Removes every file whose name begins with `run`; returns their number.
fn clear(run: &str) -> Result<usize> {
    let mut found = 0;
    for entry in std::fs::read_dir(SHARED_MEMORY)? {
        let entry = entry?;
        if !entry
            .file_name()
            .to_string_lossy()
            .split_once(run)
            .is_some_and(|(before, after)| before.is_empty() && (after.is_empty() || after.starts_with('-')))
        {
            continue;
        }
        found += 1;
        let path = entry.path();
        let removed =
            if entry.file_type()?.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
        match removed {
            Err(error) if error.kind() != ErrorKind::NotFound && error.kind() != ErrorKind::DirectoryNotEmpty => {
                return Err(error).with_context(|| format!("cannot remove {}", path.display()));
            }
            _ => {}
        }
    }
    Ok(found)
}
