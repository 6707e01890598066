//! Watches the plugins folder and has each content of a library file tried once, after it has settled.
//!
//! It runs one thread. `notify` signals, looks and deadlines go through the tables in `settle` and `presence`; files that are due go to the
//! host's [`TryFile`], one at a time, in the order of the names. The watcher knows files and times, but nothing of images, instances or
//! frames, which are the host's.
//!
//! The watcher follows the **path**, and relies on a look at it every 200 ms; the system's events only make it faster. So links, links to
//! folders, mounts, renamed parents and network folders need no watch of their own.
//!
//! | event or observation | action |
//! |---|---|
//! | the folder at the start, or after a lost event | try every plugin's file |
//! | close-write, rename to the name | try at once |
//! | a lone creation (cargo's hard link) | try after 15 ms |
//! | a modification | wait for the close-write, or for quiet (1 s on Linux, 50 ms where no close-write is reported) |
//! | another length, time, inode or target of a link, found by looking | try when it stays so for 100 ms |
//! | an incomplete file | try again after 20, 50, 100, 200 ms, then refuse it until it changes |
//! | a file that the host can't try (no room for its copy, no descriptor, a folder of copies that runs no code) | try again every second |
//! | the content accepted or refused last, in a file that is unchanged since its try | nothing |
//! | the content refused last, in a file that was copied or touched since | try it again |
//! | the content accepted last, in a file that was copied or touched since | report it: the host knows whether the plugin runs well |
//! | a removal | reported after 500 ms without the name |
//! | a name that leads to no file (a link's target is missing; a folder, a pipe) | only reported, once: nobody removed the plugin |
//! | the folder is away, or an empty one of another file system is in its place | only reported, once: no file counts as missing |
//! | the folder is there again, or another one is in its place | changed files are tried, files missing for 1 s are removed |
//! | two names that differ by `-` and `_` | the one with `_` is used, the other is reported once |
//! | a name that only looks like a plugin's, a folder that holds libraries, at any depth to 4 | reported once, with advice |
//!
//! # Failure
//! Lost events cause a look. A folder that the system can't watch is reported once, and polling finds changes. A try that panics refuses
//! the file. A host that has stopped listening is no error.

mod attempt;
mod candidate;
mod entry;
mod event;
mod folder;
mod name;
mod notify;
mod odd;
mod presence;
mod settle;
mod sight;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

pub use self::candidate::{Attempt, Candidate, TryFile};
pub use self::event::FileEvent;
pub use self::name::{file_of, plugin_of};
use self::notify::Queue;
use self::presence::Presence;
use self::settle::Timing;
use crate::calls::ends::spawn;

/// Why a folder can't be watched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WatchError {
    /// The folder is missing or unreadable, or the path is not a folder.
    #[error("cannot watch {}: it cannot be opened as a folder", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// No thread could be started.
    #[error("cannot watch {}: no thread could be started", folder.display())]
    Thread {
        /// The folder.
        folder: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

/// A running watch; dropping it ends its thread, after the try in progress.
///
/// It must not be dropped inside its own [`TryFile`], which would wait for itself.
#[must_use = "dropping the watcher ends the watch"]
pub struct Watcher {
    folder: PathBuf,
    /// Plugins whose files the host wants to retry.
    retries: Sender<String>,
    stop: Option<Sender<()>>,
    /// Signals that the thread's work is done. Nobody waits for the thread-locals that plugins' constructors left in it.
    done: Receiver<()>,
}

impl Watcher {
    /// Watches the folder at the path `folder` and has its present files tried, in the order of the names.
    ///
    /// A relative path is made absolute with the present working directory.
    ///
    /// `events` should be unbounded, or be drained by another thread: the watcher blocks while it is full.
    ///
    /// # Errors
    /// [`WatchError`]: the folder can't be read, or no thread can be started.
    pub fn start(folder: &Path, try_file: TryFile, events: Sender<FileEvent>) -> Result<Self, WatchError> {
        Self::start_with(Timing::PLATFORM, folder, try_file, events)
    }

    fn start_with(
        timing: Timing,
        folder: &Path,
        try_file: TryFile,
        events: Sender<FileEvent>,
    ) -> Result<Self, WatchError> {
        let failed = |source| WatchError::Folder { folder: folder.to_path_buf(), source };
        let last = sight::folder(folder).map_err(failed)?.identity;
        let folder = std::path::absolute(folder).map_err(failed)?;
        let (queue, signals) = Queue::new();
        let (retries, asked) = unbounded();
        let (stop, stopped) = bounded::<()>(0);
        let presence = Presence { last, is_away: false };
        let running = folder::Folder::new(folder.clone(), presence, timing, queue, try_file, events, stopped);
        let thread = std::thread::Builder::new().name("hotframe-watch".to_owned());
        let done = spawn(thread, move || running.run(&signals, &asked))
            .map_err(|source| WatchError::Thread { folder: folder.clone(), source })?;
        Ok(Self { folder, retries, stop: Some(stop), done })
    }

    /// Has the file of `plugin` tried again, even if its content is known.
    pub fn retry(&self, plugin: &str) {
        // The thread lives as long as the watcher.
        let _ = self.retries.send(plugin.to_owned());
    }

    /// The path of the watched folder: absolute, with links unresolved.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watcher").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        drop(self.stop.take());
        if self.done.recv().is_err() {
            tracing::error!(folder = %self.folder.display(), "the watcher's thread had panicked");
        }
    }
}

#[cfg(test)]
mod tests;
