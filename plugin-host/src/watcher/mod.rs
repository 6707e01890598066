//! Watches the plugins folder and has every settled library file staged, once for each content.
//!
//! One thread of its own: `notify` signals and deadlines go through the table in `settle`, and
//! what it calls due goes to the host's stage function, one file at a time, in the order of the names.
//! Knows files and moments; nothing of images, instances or frames, which are the stage function's.
//!
//! | what is seen | what is done |
//! |---|---|
//! | the folder at the start, after a lost event, after the folder returned | try every plugin's file |
//! | close-write, rename to the name | try at once |
//! | a lone creation (cargo's hard link) | try after 15 ms |
//! | a modification | wait for the close-write, or for quiet (1 s on Linux, 50 ms where none is told) |
//! | an incomplete file | try again after 20, 50, 100, 200 ms, then refuse it until it changes |
//! | the content accepted or refused last | nothing |
//! | a removal | believed after 100 ms without the file |
//!
//! A symbolic link in the folder is followed, but a change of its target is not seen.
//!
//! # Failure
//! Lost events become a rescan. A folder that is removed is told once ([`FileEvent::FolderLost`]), its
//! plugins count as removed, and it is looked for until it returns. A stage function that panics refuses
//! the file. A host that no longer listens is no error.

mod folder;
mod name;
mod notify;
mod settle;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded};

pub use self::name::{file_of, plugin_of};
use self::notify::{Backend, Queue};
use self::settle::{Known, Timing};
use crate::image::copy::ContentHash;

/// A settled file that the stage function is to try.
#[derive(Debug)]
pub struct Candidate<'a> {
    /// The plugin, by its file name.
    pub plugin: &'a str,
    /// The watched file. To be read only; never loaded, linked or renamed.
    pub path: &'a Path,
    known: Known,
}

impl Candidate<'_> {
    /// Whether this content was the last accepted or the last refused one of this file: the stage
    /// function then answers [`Attempt::Unchanged`].
    #[must_use]
    pub fn knows(&self, content: ContentHash) -> bool {
        self.known.has(content)
    }
}

/// What became of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Attempt {
    /// The content is accepted.
    Done {
        /// The content.
        content: ContentHash,
    },
    /// [`Candidate::knows`] the content: nothing was done.
    Unchanged {
        /// The content.
        content: ContentHash,
    },
    /// The file is not whole yet: try it again soon.
    Incomplete {
        /// The content, if it could be read.
        content: Option<ContentHash>,
        /// Why, for the message if it stays so.
        reason: String,
    },
    /// The content is refused until it changes.
    Refused {
        /// The content, if it could be read; without it, a later event tries the same content again.
        content: Option<ContentHash>,
        /// Why, for a person.
        reason: String,
    },
}

impl Attempt {
    /// The outcome of a try that ended with `error`; its sources become part of the reason.
    pub fn failed(content: Option<ContentHash>, is_incomplete: bool, error: &dyn std::error::Error) -> Self {
        let mut reason = error.to_string();
        for cause in std::iter::successors(error.source(), |cause| cause.source()).map(ToString::to_string) {
            // Some errors tell their cause themselves.
            if !reason.contains(&cause) {
                reason = format!("{reason}: {cause}");
            }
        }
        if is_incomplete { Self::Incomplete { content, reason } } else { Self::Refused { content, reason } }
    }
}

/// What the watcher tells the host.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileEvent {
    /// The stage function has accepted a content.
    Accepted {
        /// The plugin.
        plugin: String,
        /// Its watched file.
        path: PathBuf,
        /// What was accepted.
        content: ContentHash,
    },
    /// The file is refused until it changes.
    Refused {
        /// The plugin.
        plugin: String,
        /// Its watched file.
        path: PathBuf,
        /// Why, for a person.
        reason: String,
    },
    /// The file has gone; it was tried before.
    Removed {
        /// The plugin.
        plugin: String,
        /// Its watched file.
        path: PathBuf,
    },
    /// The folder itself has gone.
    FolderLost {
        /// The folder.
        folder: PathBuf,
    },
    /// The folder has returned and is watched again.
    FolderBack {
        /// The folder.
        folder: PathBuf,
    },
}

/// The host's function that tries a settled file; runs on the watcher's thread.
pub type Stage = Box<dyn FnMut(&Candidate<'_>) -> Attempt + Send>;

/// Why a folder can't be watched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WatchError {
    /// The folder is missing or unreadable, or is no folder.
    #[error("can't watch {}: it can't be opened as a folder", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system refuses to watch it, perhaps for its limit of watches.
    #[error("can't watch {}: the system refused", folder.display())]
    Backend {
        /// The folder.
        folder: PathBuf,
        /// What the backend said.
        source: ::notify::Error,
    },
    /// No thread could be started.
    #[error("can't watch {}: no thread could be started", folder.display())]
    Thread {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A running watch; dropping it ends its threads, after the stage call that may be under way.
///
/// Must not be dropped from inside its own stage function, which would wait for itself.
#[must_use = "dropping the watcher ends the watch"]
pub struct Watcher {
    folder: PathBuf,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watcher {
    /// Watches `folder` and has what stands there now tried, in the order of the names.
    ///
    /// `events` should be unbounded, or be drained by another thread: the watcher waits for room.
    ///
    /// # Errors
    /// [`WatchError`]: the folder can't be read or watched, or no thread can be started.
    pub fn start(folder: &Path, stage: Stage, events: Sender<FileEvent>) -> Result<Self, WatchError> {
        Self::start_with(Timing::PLATFORM, folder, stage, events)
    }

    fn start_with(timing: Timing, folder: &Path, stage: Stage, events: Sender<FileEvent>) -> Result<Self, WatchError> {
        let folder = resolve(folder).map_err(|source| WatchError::Folder { folder: folder.to_path_buf(), source })?;
        let (queue, signals) = Queue::new();
        let (stop, stopped) = bounded::<()>(0);
        let backend = Backend::start(&folder, queue.clone())
            .map_err(|source| WatchError::Backend { folder: folder.clone(), source })?;
        let mut running = folder::Folder::new(folder.clone(), timing, backend, queue.clone(), stage, events);
        // After the watch has begun: what comes between the two is seen twice, never missed.
        running.scan();
        let thread = std::thread::Builder::new()
            .name("hotframe-watch".to_owned())
            .spawn(move || running.run(&signals, &stopped))
            .map_err(|source| WatchError::Thread { folder: folder.clone(), source })?;
        Ok(Self { folder, stop: Some(stop), thread: Some(thread) })
    }

    /// The watched folder, absolute and without links.
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
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!(folder = %self.folder.display(), "the watcher's thread had panicked");
        }
    }
}

/// The name under which the backend reports the folder: absolute and, where that is no trap, without links.
fn resolve(folder: &Path) -> io::Result<PathBuf> {
    std::fs::read_dir(folder)?;
    // On Windows a canonical path is a verbatim one, which the backend does not report.
    if cfg!(windows) { std::path::absolute(folder) } else { folder.canonicalize() }
}

/// Whether the watcher was told to end.
fn is_stopped(stopped: &Receiver<()>) -> bool {
    stopped.try_recv() == Err(crossbeam_channel::TryRecvError::Disconnected)
}

#[cfg(test)]
mod tests;
