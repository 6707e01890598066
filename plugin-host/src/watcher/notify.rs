//! The operating system's side of the watcher: turns `notify` events into [`Signal`]s.
//!
//! Watches the directory, never the files (a linker replaces them, and a watch would stay with the old inode). Events are hints that make
//! the watcher fast; it also polls the folder. This module knows paths and event kinds, but nothing of phases, deadlines or plugins'
//! contents.
//!
//! # Failure
//! A signal that finds the queue full, an overflow of the kernel's queue and any error of the backend cause one rescan of the directory:
//! events may be lost, changes are not.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ::notify::event::{AccessKind, AccessMode, CreateKind, MetadataKind, ModifyKind, RenameMode};
use ::notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::name;
use super::settle::Input;

/// Maximum number of waiting signals; one more causes a rescan instead.
const QUEUE_SIGNALS_MAX: usize = 4096;

/// Timeout for the end of the backend's own thread.
const BACKEND_END_MAX: Duration = Duration::from_secs(2);

/// A signal that wakes the watcher's thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// Something happened to a plugin's file.
    File {
        /// The plugin.
        plugin: String,
        /// The file's name.
        file: OsString,
        /// The kind of change.
        change: Change,
    },
    /// Events may have been missed.
    Rescan,
    /// The directory itself was removed or renamed.
    FolderGone,
}

/// A change of a file, as far as the event states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// The event states this input.
    Sure(Input),
    /// A rename whose direction is unknown (FSEvents): the receiver looks at the file.
    RenamedSomehow,
}

/// The queue to the watcher's thread, with a flag for what did not fit.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    signals: Sender<Signal>,
    lost: Arc<AtomicBool>,
}

impl Queue {
    /// A queue and its receiving end.
    pub(super) fn new() -> (Self, Receiver<Signal>) {
        let (signals, receiver) = bounded(QUEUE_SIGNALS_MAX);
        (Self { signals, lost: Arc::default() }, receiver)
    }

    /// Never blocks: a signal that doesn't fit is replaced by a rescan.
    pub(super) fn put(&self, signal: Signal) {
        if self.signals.try_send(signal).is_err() {
            // ORDERING: Relaxed; the flag carries no data, and the full queue makes the reader look again.
            self.lost.store(true, Ordering::Relaxed);
        }
    }

    /// Whether a signal was lost since the last call.
    pub(super) fn take_lost(&self) -> bool {
        self.lost.swap(false, Ordering::Relaxed)
    }
}

/// A running watch on one directory.
#[derive(Debug)]
pub(super) struct Backend {
    watcher: Option<RecommendedWatcher>,
    ended: Receiver<()>,
}

impl Backend {
    /// Watches the directory to which `dir` leads now; the backend's own thread sends signals to `queue`.
    ///
    /// # Errors
    /// Those of `notify`: the directory is missing, or the system's limit of watches is reached.
    pub(super) fn start(dir: &Path, queue: Queue) -> ::notify::Result<Self> {
        let (alive, ended) = bounded::<()>(0);
        let dir = &reported(dir)?;
        let folder = dir.clone();
        let mut watcher = ::notify::recommended_watcher(move |event: ::notify::Result<Event>| {
            let _lives_with_the_backend = &alive;
            for signal in signals_of(event, &folder) {
                queue.put(signal);
            }
        })?;
        watcher.watch(dir, RecursiveMode::NonRecursive)?;
        Ok(Self { watcher: Some(watcher), ended })
    }
}

/// The name under which the backend reports a folder: absolute and, except on Windows, without links.
fn reported(folder: &Path) -> io::Result<PathBuf> {
    // On Windows a canonical path is a verbatim one, which the backend does not report.
    if cfg!(windows) { std::path::absolute(folder) } else { folder.canonicalize() }
}

impl Drop for Backend {
    /// Ends the backend and waits until its thread has released the handler.
    fn drop(&mut self) {
        drop(self.watcher.take());
        let deadline = Instant::now() + BACKEND_END_MAX;
        if self.ended.recv_deadline(deadline) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!("the file watcher of the system did not end in time");
        }
    }
}

fn signals_of(event: ::notify::Result<Event>, folder: &Path) -> Vec<Signal> {
    let event = match event {
        Ok(event) => event,
        Err(error) => {
            tracing::warn!(folder = %folder.display(), %error, "the file watcher reported an error; scanning the folder");
            return vec![Signal::Rescan];
        }
    };
    if event.need_rescan() {
        return vec![Signal::Rescan];
    }
    let Some(change) = change_of(event.kind) else { return Vec::new() };
    event.paths.iter().filter_map(|path| signal_of(path, change, folder)).collect()
}

fn signal_of(path: &PathBuf, change: Change, folder: &Path) -> Option<Signal> {
    if path == folder {
        let gone = matches!(change, Change::Sure(Input::Removed) | Change::RenamedSomehow);
        return gone.then_some(Signal::FolderGone);
    }
    if path.parent() != Some(folder) {
        return None;
    }
    let file = path.file_name()?;
    Some(Signal::File { plugin: name::plugin_of(file.to_str()?)?, file: file.to_owned(), change })
}

/// The meaning of an event kind for a file; `None` if it changes nothing.
fn change_of(kind: EventKind) -> Option<Change> {
    let input = match kind {
        EventKind::Create(CreateKind::Folder) => return None,
        EventKind::Create(_) => Input::Created,
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => Input::CloseWritten,
        EventKind::Access(_) => return None,
        EventKind::Modify(ModifyKind::Name(RenameMode::To)) => Input::RenamedTo,
        EventKind::Modify(ModifyKind::Name(RenameMode::From)) => Input::Removed,
        // Backends that send it have already sent From and To.
        EventKind::Modify(ModifyKind::Name(RenameMode::Both)) => return None,
        EventKind::Modify(ModifyKind::Name(RenameMode::Any | RenameMode::Other)) => {
            return Some(Change::RenamedSomehow);
        }
        EventKind::Modify(ModifyKind::Metadata(MetadataKind::WriteTime)) => Input::Modified,
        // `touch` and `chmod`: a request to retry.
        EventKind::Modify(ModifyKind::Metadata(_)) => Input::Changed,
        EventKind::Modify(ModifyKind::Any | ModifyKind::Data(_) | ModifyKind::Other) => Input::Modified,
        EventKind::Remove(_) => Input::Removed,
        EventKind::Any => Input::Modified,
        EventKind::Other => return None,
    };
    Some(Change::Sure(input))
}

#[cfg(test)]
mod tests {
    use ::notify::event::{DataChange, Flag, RemoveKind};

    use super::*;

    #[test]
    fn every_event_kind_of_every_backend() {
        let sure = |input| Some(Change::Sure(input));
        let rows = [
            (EventKind::Create(CreateKind::File), sure(Input::Created)),
            (EventKind::Create(CreateKind::Any), sure(Input::Created)),
            (EventKind::Create(CreateKind::Folder), None),
            (EventKind::Access(AccessKind::Close(AccessMode::Write)), sure(Input::CloseWritten)),
            (EventKind::Access(AccessKind::Close(AccessMode::Read)), None),
            (EventKind::Access(AccessKind::Open(AccessMode::Any)), None),
            (EventKind::Modify(ModifyKind::Data(DataChange::Any)), sure(Input::Modified)),
            (EventKind::Modify(ModifyKind::Any), sure(Input::Modified)),
            (EventKind::Modify(ModifyKind::Metadata(MetadataKind::WriteTime)), sure(Input::Modified)),
            (EventKind::Modify(ModifyKind::Metadata(MetadataKind::Any)), sure(Input::Changed)),
            (EventKind::Modify(ModifyKind::Name(RenameMode::To)), sure(Input::RenamedTo)),
            (EventKind::Modify(ModifyKind::Name(RenameMode::From)), sure(Input::Removed)),
            (EventKind::Modify(ModifyKind::Name(RenameMode::Both)), None),
            (EventKind::Modify(ModifyKind::Name(RenameMode::Any)), Some(Change::RenamedSomehow)),
            (EventKind::Remove(RemoveKind::File), sure(Input::Removed)),
            (EventKind::Any, sure(Input::Modified)),
            (EventKind::Other, None),
        ];
        for (kind, change) in rows {
            assert_eq!(change_of(kind), change, "{kind:?}");
        }
    }

    #[test]
    fn only_plugins_of_this_folder_and_the_folder_itself_count() {
        let folder = Path::new("/plugins");
        let removed = |path: &str| {
            let event = Event::new(EventKind::Remove(RemoveKind::Any)).add_path(PathBuf::from(path));
            signals_of(Ok(event), folder)
        };
        let file = format!("/plugins/{}", name::file_of("ai"));
        let name = name::file_of("ai").into();
        let signal = Signal::File { plugin: "ai".to_owned(), file: name, change: Change::Sure(Input::Removed) };
        assert_eq!(removed(&file), [signal]);
        assert_eq!(removed("/plugins"), [Signal::FolderGone]);
        assert_eq!(removed("/plugins/notes.txt"), []);
        assert_eq!(removed(&format!("/plugins/old/{}", name::file_of("ai"))), []);
    }

    #[test]
    fn what_may_have_been_missed_is_scanned_for() {
        let folder = Path::new("/plugins");
        let overflow = Event::new(EventKind::Other).set_flag(Flag::Rescan);
        assert_eq!(signals_of(Ok(overflow), folder), [Signal::Rescan]);
        assert_eq!(signals_of(Err(::notify::Error::generic("broken")), folder), [Signal::Rescan]);
        let (queue, receiver) = Queue::new();
        for _ in 0..QUEUE_SIGNALS_MAX {
            queue.put(Signal::Rescan);
        }
        assert!(!queue.take_lost());
        queue.put(Signal::Rescan);
        assert!(queue.take_lost() && !queue.take_lost());
        assert_eq!(receiver.len(), QUEUE_SIGNALS_MAX);
    }
}
