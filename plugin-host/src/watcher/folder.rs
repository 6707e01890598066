//! The watcher's thread: feeds signals and deadlines to the settle table and does what it says.
//!
//! Owns the only state of the watcher, one entry for each plugin's file that was seen. All file access of
//! the watcher is here; the decisions are in [`super::settle`].
//!
//! # Invariants
//! 1. Queued signals are applied before any try, so that a burst of events costs one try.
//! 2. Between two tries the stop signal is looked at: ending waits for one stage call at most.
//! 3. Tries that are due together run in the order of the plugins' names.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, never, select};

use crate::image::copy::ContentHash;

use super::notify::{Backend, Change, Queue, Signal};
use super::settle::{Input, Known, Next, Phase, Timing, Verdict};
use super::{Attempt, Candidate, FileEvent, Stage, is_stopped, name};

/// How often a lost folder is looked for.
const FOLDER_RETRY: Duration = Duration::from_millis(200);

/// What is known of one plugin's file.
#[derive(Debug, Default)]
struct Entry {
    phase: Phase,
    known: Known,
    /// Why the last try found the file incomplete, and with what content.
    incomplete: Option<(Option<ContentHash>, String)>,
    /// Whether it was ever tried since it appeared: only then is its removal told.
    tried: bool,
}

/// The state of the thread.
pub(super) struct Folder {
    path: PathBuf,
    /// `None` while the folder is lost.
    backend: Option<Backend>,
    folder_retry: Option<Instant>,
    queue: Queue,
    timing: Timing,
    stage: Stage,
    events: Sender<FileEvent>,
    entries: BTreeMap<String, Entry>,
}

impl Folder {
    pub(super) fn new(
        path: PathBuf,
        timing: Timing,
        backend: Backend,
        queue: Queue,
        stage: Stage,
        events: Sender<FileEvent>,
    ) -> Self {
        Self {
            path,
            backend: Some(backend),
            folder_retry: None,
            queue,
            timing,
            stage,
            events,
            entries: BTreeMap::new(),
        }
    }

    /// Serves signals and deadlines until `stopped` is disconnected.
    pub(super) fn run(mut self, signals: &Receiver<Signal>, stopped: &Receiver<()>) {
        while !is_stopped(stopped) {
            while let Ok(signal) = signals.try_recv() {
                self.apply(signal, stopped);
            }
            if self.queue.take_lost() {
                self.scan();
            }
            self.expire(stopped);
            if let Some(plugin) = self.first_due() {
                self.attempt(&plugin, stopped);
                continue;
            }
            let deadline = self.deadline().map_or_else(never, crossbeam_channel::at);
            select! {
                recv(signals) -> signal => if let Ok(signal) = signal { self.apply(signal, stopped) },
                recv(deadline) -> _ => {}
                recv(stopped) -> _ => return,
            }
        }
    }

    fn apply(&mut self, signal: Signal, stopped: &Receiver<()>) {
        match signal {
            Signal::File { plugin, change } => {
                let input = match change {
                    Change::Sure(input) => input,
                    Change::RenamedSomehow if self.is_present(&plugin) => Input::RenamedTo,
                    Change::RenamedSomehow => Input::Removed,
                };
                self.feed(&plugin, input);
            }
            Signal::Rescan => self.scan(),
            Signal::FolderGone => self.lose(stopped),
        }
    }

    /// Looks through the folder: new and idle files become due, missing ones vanish.
    pub(super) fn scan(&mut self) {
        let found: BTreeSet<String> = match std::fs::read_dir(&self.path) {
            Ok(files) => files
                .filter_map(|file| Some(name::plugin_of(file.ok()?.file_name().to_str()?)?.to_owned()))
                .filter(|plugin| self.is_present(plugin))
                .collect(),
            Err(error) => {
                tracing::warn!(folder = %self.path.display(), %error, "the plugins folder can't be read");
                BTreeSet::new()
            }
        };
        let missing: Vec<String> = self.entries.keys().filter(|plugin| !found.contains(*plugin)).cloned().collect();
        for plugin in missing {
            self.feed(&plugin, Input::Removed);
        }
        for plugin in found {
            self.feed(&plugin, Input::Found);
        }
    }

    /// The folder was removed or renamed: its files count as removed, and it is looked for.
    fn lose(&mut self, stopped: &Receiver<()>) {
        if self.backend.take().is_some() {
            self.folder_retry = Some(Instant::now());
            self.scan();
            self.tell(FileEvent::FolderLost { folder: self.path.clone() }, stopped);
        }
    }

    /// Whatever waited for this moment.
    fn expire(&mut self, stopped: &Receiver<()>) {
        let now = Instant::now();
        if self.folder_retry.is_some_and(|at| at <= now) {
            self.look_for_folder(stopped);
        }
        let expired = |entry: &Entry| matches!(entry.phase.next(), Next::Wait(until) if until <= now);
        let plugins: Vec<String> =
            self.entries.iter().filter(|(_, entry)| expired(entry)).map(|(plugin, _)| plugin.clone()).collect();
        for plugin in plugins {
            let present = self.is_present(&plugin);
            if self.feed(&plugin, Input::Deadline { present }) == Some(Verdict::Removed) {
                let tried = self.entries.remove(&plugin).is_some_and(|entry| entry.tried);
                if tried {
                    let path = self.file(&plugin);
                    self.tell(FileEvent::Removed { plugin, path }, stopped);
                }
            }
        }
    }

    fn look_for_folder(&mut self, stopped: &Receiver<()>) {
        self.folder_retry = None;
        match Backend::start(&self.path, self.queue.clone()) {
            Ok(backend) => {
                self.backend = Some(backend);
                self.scan();
                self.tell(FileEvent::FolderBack { folder: self.path.clone() }, stopped);
            }
            Err(_) => self.folder_retry = Some(Instant::now() + FOLDER_RETRY),
        }
    }

    /// Has the stage function try one file and records what became of it.
    fn attempt(&mut self, plugin: &str, stopped: &Receiver<()>) {
        let path = self.file(plugin);
        let Some(entry) = self.entries.get_mut(plugin) else { return };
        entry.tried = true;
        let candidate = Candidate { plugin, path: &path, known: entry.known };
        let attempt = catch_unwind(AssertUnwindSafe(|| (self.stage)(&candidate))).unwrap_or_else(|_| {
            Attempt::Refused { content: None, reason: format!("{}: staging it panicked", path.display()) }
        });
        let (input, told) = match attempt {
            Attempt::Done { content } => {
                entry.known = entry.known.accept(content);
                (Input::Settled, Some(FileEvent::Accepted { plugin: plugin.to_owned(), path, content }))
            }
            Attempt::Unchanged { content } => {
                entry.known = entry.known.unchanged(content);
                (Input::Settled, None)
            }
            Attempt::Refused { content, reason } => {
                entry.known = entry.known.refuse(content);
                (Input::Settled, Some(FileEvent::Refused { plugin: plugin.to_owned(), path, reason }))
            }
            Attempt::Incomplete { content, reason } => {
                entry.incomplete = Some((content, reason));
                (Input::Incomplete, None)
            }
        };
        if let Some(told) = told {
            self.tell(told, stopped);
        }
        if self.feed(plugin, input) == Some(Verdict::GiveUp) {
            self.give_up(plugin, stopped);
        }
    }

    fn give_up(&mut self, plugin: &str, stopped: &Receiver<()>) {
        let Some(entry) = self.entries.get_mut(plugin) else { return };
        let Some((content, reason)) = entry.incomplete.take() else { return };
        entry.known = entry.known.refuse(content);
        let path = self.file(plugin);
        self.tell(FileEvent::Refused { plugin: plugin.to_owned(), path, reason }, stopped);
    }

    fn feed(&mut self, plugin: &str, input: Input) -> Option<Verdict> {
        if input == Input::Removed && !self.entries.contains_key(plugin) {
            return None;
        }
        let entry = self.entries.entry(plugin.to_owned()).or_default();
        let (phase, verdict) = entry.phase.on(input, Instant::now(), &self.timing);
        tracing::trace!(plugin, ?input, before = ?entry.phase, after = ?phase, "plugin file");
        entry.phase = phase;
        verdict
    }

    fn first_due(&self) -> Option<String> {
        let due = |entry: &Entry| entry.phase.next() == Next::TryNow;
        self.entries.iter().find(|(_, entry)| due(entry)).map(|(plugin, _)| plugin.clone())
    }

    fn deadline(&self) -> Option<Instant> {
        let waits = self.entries.values().filter_map(|entry| match entry.phase.next() {
            Next::Wait(until) => Some(until),
            Next::Nothing | Next::TryNow => None,
        });
        waits.chain(self.folder_retry).min()
    }

    fn file(&self, plugin: &str) -> PathBuf {
        self.path.join(name::file_of(plugin))
    }

    fn is_present(&self, plugin: &str) -> bool {
        self.file(plugin).is_file()
    }

    /// Sends unless the watcher ends first; a host that no longer listens is no error.
    fn tell(&self, event: FileEvent, stopped: &Receiver<()>) {
        select! {
            send(self.events, event) -> _ => {}
            recv(stopped) -> _ => {}
        }
    }
}
