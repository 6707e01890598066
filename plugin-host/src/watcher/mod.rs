//! Watches the plugins folder and has every settled library file tried, once for each content.
//!
//! One thread of its own: `notify` signals, looks and deadlines go through the tables in `settle` and `presence`, and
//! what they call due goes to the host's [`TryFile`], one file at a time, in the order of the names.
//! Knows files and moments; nothing of images, instances or frames, which are the host's.
//!
//! The **path** is what counts, and a look at it every 200 ms is what is relied on; the system's events only make the watcher
//! quicker. So links, and links to folders, mounts, renamed parents and network folders need no watch of their own.
//!
//! | what is seen | what is done |
//! |---|---|
//! | the folder at the start, after a lost event | try every plugin's file |
//! | close-write, rename to the name | try at once |
//! | a lone creation (cargo's hard link) | try after 15 ms |
//! | a modification | wait for the close-write, or for quiet (1 s on Linux, 50 ms where none is told) |
//! | another length, time, inode or target of a link, found by looking | try when it stays so for 100 ms |
//! | an incomplete file | try again after 20, 50, 100, 200 ms, then refuse it until it changes |
//! | a file that the host can't try (no room for its copy, no descriptor, a folder of copies that runs no code) | try again every second |
//! | the content accepted or refused last, in the file as it was tried | nothing |
//! | the content refused last, in a file that was copied or touched since | try it again |
//! | the content accepted last, in a file that was copied or touched since | tell the host, which knows whether it runs well |
//! | a removal | believed after 500 ms without the name |
//! | a name that leads to no file (a link's target is missing; a folder, a pipe) | nothing, told once: nobody removed the plugin |
//! | the folder is away, or an empty one of another file system is in its place | nothing, told once: nothing is missing from a folder that isn't there |
//! | the folder is there again, or another one is in its place | what differs is tried, what is missing for 1 s is removed |
//! | two names that differ by `-` and `_` | the one with `_` counts, the other is told once |
//! | a name that only looks like a plugin's, a folder that holds libraries, at any depth to 4 | told once, with what to do |
//!
//! # Failure
//! Lost events become a look. A folder that the system can't watch is told once, and changes are found by looking. A try
//! that panics refuses the file. A host that no longer listens is no error.

mod attempt;
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
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

pub use self::name::{file_of, plugin_of};
use self::notify::Queue;
use self::presence::Presence;
use self::settle::{Known, Timing};
use crate::calls::ends::spawn;
use crate::image::copy::ContentHash;
use crate::with_causes;

/// A settled file that the host is to try.
#[derive(Debug)]
pub struct Candidate<'a> {
    /// The plugin, by its file name.
    pub plugin: &'a str,
    /// The watched file. To be read only; never loaded, linked or renamed.
    pub path: &'a Path,
    known: Known,
}

impl Candidate<'_> {
    /// Whether this content was the last accepted or the last refused one of this file, and nobody asks for another try: the
    /// host then answers [`Attempt::Unchanged`].
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
    /// The content is refused until the file changes, is copied again or touched.
    Refused {
        /// The content, if it could be read; without it, a later event tries the same content again.
        content: Option<ContentHash>,
        /// Why, for a person.
        reason: String,
    },
    /// The host can't try any file now, whatever it holds: try it again later.
    Postponed {
        /// Why, for a person.
        reason: String,
    },
}

impl Attempt {
    /// The outcome of a try that ended with `error`; its sources become part of the reason.
    pub fn failed(content: Option<ContentHash>, is_incomplete: bool, error: &dyn std::error::Error) -> Self {
        let reason = with_causes(error);
        if is_incomplete { Self::Incomplete { content, reason } } else { Self::Refused { content, reason } }
    }

    /// The outcome of a try that the host could not make because of `error`.
    pub fn postponed(error: &dyn std::error::Error) -> Self {
        Self::Postponed { reason: with_causes(error) }
    }
}

/// What the watcher tells the host.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileEvent {
    /// The host has accepted a content.
    Accepted {
        /// The plugin.
        plugin: String,
        /// Its watched file.
        path: PathBuf,
        /// What was accepted.
        content: ContentHash,
    },
    /// The file is refused until it changes, is copied again or touched.
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
    /// The content accepted last stands in a file that was copied or touched, or that could not be tried before: a request, if the
    /// plugin doesn't run well. The host answers it by [`Watcher::retry`].
    Touched {
        /// The plugin.
        plugin: String,
    },
    /// The host could not try the file. It is tried again every second, and this is told again only with another reason.
    Postponed {
        /// The plugin.
        plugin: String,
        /// Its watched file.
        path: PathBuf,
        /// Why, for a person.
        reason: String,
    },
    /// The file's name stands in the folder and leads to no file that can be read. Nothing is removed.
    OutOfReach {
        /// The plugin.
        plugin: String,
        /// Its watched file.
        path: PathBuf,
        /// Why, for a person.
        reason: String,
    },
    /// Two files have one plugin's name: `-` and `_` are alike.
    Double {
        /// The plugin.
        plugin: String,
        /// The file that is left alone.
        path: PathBuf,
        /// The file that counts.
        counts: PathBuf,
    },
    /// Somebody put something into the folder that is never loaded.
    Ignored {
        /// What.
        path: PathBuf,
        /// What to do, for a person.
        advice: String,
    },
    /// No folder that can be read is at the path. Everything goes on as it is.
    FolderLost {
        /// The path.
        folder: PathBuf,
        /// Why, for a person.
        reason: String,
    },
    /// A folder is at the path again, or another one took the place of the one before.
    FolderBack {
        /// The path.
        folder: PathBuf,
        /// Whether it is another folder.
        is_renewed: bool,
    },
    /// The system doesn't tell of changes in the folder: they are found by looking.
    NotWatched {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        reason: String,
        /// How often it is looked at.
        interval: Duration,
    },
}

/// The host's function that tries a settled file; runs on the watcher's thread.
pub type TryFile = Box<dyn FnMut(&Candidate<'_>) -> Attempt + Send>;

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
    /// No thread could be started.
    #[error("can't watch {}: no thread could be started", folder.display())]
    Thread {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A running watch; dropping it ends its thread, after the try that may be under way.
///
/// Must not be dropped from inside its own [`TryFile`], which would wait for itself.
#[must_use = "dropping the watcher ends the watch"]
pub struct Watcher {
    folder: PathBuf,
    /// Plugins whose files the host wants to be tried again.
    retries: Sender<String>,
    stop: Option<Sender<()>>,
    /// Hears when the thread is done. What plugins' constructors left in its thread-locals is not waited for.
    done: Receiver<()>,
}

impl Watcher {
    /// Watches the folder at the path `folder` and has what stands there now tried, in the order of the names. A relative path is
    /// made absolute by the working directory of this moment.
    ///
    /// `events` should be unbounded, or be drained by another thread: the watcher waits for room.
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

    /// Has the file of `plugin` tried again, whatever is known of its content.
    pub fn retry(&self, plugin: &str) {
        // The thread ends with the watcher only.
        let _ = self.retries.send(plugin.to_owned());
    }

    /// The path of the watched folder, absolute, links and all.
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

/// Whether the watcher was told to end.
fn is_stopped(stopped: &Receiver<()>) -> bool {
    stopped.try_recv() == Err(crossbeam_channel::TryRecvError::Disconnected)
}

#[cfg(test)]
mod tests;
