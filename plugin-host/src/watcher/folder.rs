//! The watcher's thread: passes signals, looks and deadlines to the decision tables, and carries out the results.
//!
//! It owns the only state of the watcher, one entry for each plugin's file that was seen. [`super::sight`] reads the disk;
//! [`super::settle`] and [`super::presence`] decide.
//!
//! # Invariants
//! 1. Queued signals are applied before any try, so that a burst of events costs one try.
//! 2. The stop signal is checked between two tries: stopping waits for one try at most.
//! 3. Tries that are due together run in the order of the plugins' names.
//! 4. A file counts as missing only after a look at a folder that existed and could be listed.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, never, select};

use super::candidate::TryFile;
use super::entry::Entry;
use super::event::FileEvent;
use super::name;
use super::notify::{Backend, Change, Queue, Signal};
use super::odd::Odd;
use super::presence::{Presence, Seen, Turn};
use super::settle::{Input, Known, Next, Timing, Verdict};
use super::sight::{self, Item, Sight, View};

/// Number of consecutive looks that find a file out of reach before that is reported.
const TOLD: u8 = 2;

/// The state that an unmount leaves.
const EMPTY: &str = "an empty folder of another file system is in its place, as after an unmount";

/// How a look treats files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    /// The first look: all files are tried at once.
    First,
    /// Events may have been missed: all files are tried at once.
    All,
    /// Changed files are tried when they have settled.
    Changed,
}

/// The state of the thread.
pub(super) struct Folder {
    pub(super) path: PathBuf,
    presence: Presence,
    /// `None` while the folder is away, or where the system can't watch it.
    backend: Option<Backend>,
    /// Whether the backend should watch the present folder but doesn't.
    wants_backend: bool,
    /// Whether another folder has replaced the one whose files are known, and has not been compared with it yet.
    is_renewed: bool,
    next_look: Instant,
    queue: Queue,
    timing: Timing,
    pub(super) try_file: TryFile,
    events: Sender<FileEvent>,
    stopped: Receiver<()>,
    pub(super) entries: BTreeMap<String, Entry>,
    odd: Odd,
    /// Files that were reported as another file's double.
    doubles: BTreeSet<OsString>,
}

impl Folder {
    pub(super) fn new(
        path: PathBuf,
        presence: Presence,
        timing: Timing,
        queue: Queue,
        try_file: TryFile,
        events: Sender<FileEvent>,
        stopped: Receiver<()>,
    ) -> Self {
        Self {
            path,
            presence,
            backend: None,
            wants_backend: false,
            is_renewed: false,
            next_look: Instant::now(),
            queue,
            timing,
            try_file,
            events,
            stopped,
            entries: BTreeMap::new(),
            odd: Odd::default(),
            doubles: BTreeSet::new(),
        }
    }

    /// Serves signals, the host's requests, looks and deadlines until it is stopped.
    pub(super) fn run(mut self, signals: &Receiver<Signal>, asked: &Receiver<String>) {
        // Starts the watch before the look: events between the two are seen twice, never missed.
        self.watch();
        self.look(Look::First);
        while !is_stopped(&self.stopped) {
            while let Ok(signal) = signals.try_recv() {
                self.apply(signal);
            }
            while let Ok(plugin) = asked.try_recv() {
                self.try_again(&plugin);
            }
            if self.queue.take_lost() {
                self.look(Look::All);
            }
            self.expire();
            if let Some(plugin) = self.first_due() {
                self.attempt(&plugin);
                continue;
            }
            let deadline = self.deadline().map_or_else(never, crossbeam_channel::at);
            select! {
                recv(signals) -> signal => if let Ok(signal) = signal { self.apply(signal) },
                recv(asked) -> plugin => if let Ok(plugin) = plugin { self.try_again(&plugin) },
                recv(deadline) -> _ => {}
                recv(self.stopped) -> _ => return,
            }
        }
    }

    fn apply(&mut self, signal: Signal) {
        match signal {
            Signal::File { plugin, file, change } => self.file_event(&plugin, file, change),
            Signal::Rescan => self.look(Look::All),
            Signal::FolderGone => {
                self.wants_backend = true;
                self.look(Look::Changed);
            }
        }
    }

    /// Tries a file at the host's request, even if its content is known.
    fn try_again(&mut self, plugin: &str) {
        if let Some(entry) = self.entries.get_mut(plugin) {
            entry.known = Known::default();
            self.feed(plugin, Input::Found);
        }
    }

    fn file_event(&mut self, plugin: &str, file: OsString, change: Change) {
        match self.entries.get(plugin) {
            // Another spelling of the same name: a look decides which file is used.
            Some(entry) if entry.file != file => return self.look(Look::Changed),
            None if change == Change::Sure(Input::Removed) => return,
            _ => {}
        }
        let sight = sight::file(&self.path.join(&file));
        let input = match (change, &sight) {
            (Change::Sure(input), _) => input,
            (Change::RenamedSomehow, Sight::File(_)) => Input::RenamedTo,
            (Change::RenamedSomehow, _) => Input::Removed,
        };
        let entry = self.entries.entry(plugin.to_owned()).or_default();
        entry.file = file;
        entry.seen = match sight {
            // A file that exists after a removal is another one; the next look finds it if no event reports it.
            Sight::File(stamp) if input != Input::Removed => Some(stamp),
            _ => None,
        };
        self.feed(plugin, input);
    }

    /// Looks at the folder and compares it with the known state.
    fn look(&mut self, how: Look) {
        self.next_look = Instant::now() + self.timing.look;
        let view = sight::folder(&self.path);
        let seen = view.as_ref().map_or(Seen::Nothing, |view| Seen::Folder {
            identity: view.identity,
            has_plugins: view.items.iter().any(|item| plugin_of(item).is_some()),
        });
        let (presence, turn) = self.presence.turn(seen);
        self.presence = presence;
        let is_renewed = matches!(turn, Turn::Renewed | Turn::Back { is_renewed: true });
        match turn {
            Turn::StaysAway => return,
            Turn::Lost => {
                self.backend = None;
                let reason = view.map_or_else(|error| error.to_string(), |_| EMPTY.to_owned());
                return self.tell(FileEvent::FolderLost { folder: self.path.clone(), reason });
            }
            Turn::Back { .. } | Turn::Renewed => {
                (self.wants_backend, self.is_renewed) = (true, self.is_renewed || is_renewed);
                self.tell(FileEvent::FolderBack { folder: self.path.clone(), is_renewed });
            }
            Turn::Stays => {}
        }
        if std::mem::take(&mut self.wants_backend) {
            self.watch();
        }
        if let Ok(view) = view {
            self.compare(&view, how);
        }
    }

    /// Has the system report changes in the present folder.
    fn watch(&mut self) {
        self.backend = None;
        match Backend::start(&self.path, self.queue.clone()) {
            Ok(backend) => self.backend = Some(backend),
            // The folder vanished at this moment; the next look reports it.
            Err(_) if sight::identity(&self.path).ok() != Some(self.presence.last) => self.wants_backend = true,
            Err(error) => {
                let (folder, interval) = (self.path.clone(), self.timing.look);
                self.tell(FileEvent::NotWatched { folder, reason: error.to_string(), interval });
            }
        }
    }

    fn compare(&mut self, view: &View, how: Look) {
        let found = self.files(view);
        // The folder was replaced during the look, so nothing follows from it.
        if sight::identity(&self.path).ok() != Some(view.identity) {
            self.next_look = Instant::now();
            return;
        }
        let absent = if std::mem::take(&mut self.is_renewed) { Input::NotRenewed } else { Input::Removed };
        let missing: Vec<String> = self.entries.keys().filter(|plugin| !found.contains_key(*plugin)).cloned().collect();
        for plugin in missing {
            if let Some(entry) = self.entries.get_mut(&plugin) {
                entry.seen = None;
            }
            self.feed(&plugin, absent);
        }
        for (plugin, (file, sight)) in found {
            self.meet(&plugin, file, sight, how);
        }
        for (name, advice) in self.odd.look(&self.path, &view.items, how == Look::First) {
            self.tell(FileEvent::Ignored { path: self.path.join(name), advice });
        }
    }

    /// The file of each plugin. If names are equal but for `-` and `_`, cargo's spelling is used.
    fn files(&mut self, view: &View) -> BTreeMap<String, (OsString, Sight)> {
        let mut found = BTreeMap::<String, (OsString, Sight)>::new();
        let mut doubles = BTreeSet::new();
        for item in &view.items {
            let Some(plugin) = plugin_of(item) else { continue };
            let sight = sight::file(&self.path.join(&item.name));
            if sight == Sight::Missing {
                continue;
            }
            let file = item.name.clone();
            let is_proper = file == *name::file_of(&plugin);
            match found.get(&plugin) {
                None => drop(found.insert(plugin, (file, sight))),
                Some((first, _)) => {
                    let (counts, other) = if is_proper { (&file, first.clone()) } else { (first, file.clone()) };
                    self.tell_double(&plugin, counts.clone(), &other);
                    doubles.insert(other);
                    if is_proper {
                        found.insert(plugin, (file, sight));
                    }
                }
            }
        }
        self.doubles = doubles;
        found
    }

    fn tell_double(&self, plugin: &str, counts: OsString, other: &OsString) {
        if !self.doubles.contains(other) {
            let (plugin, path, counts) = (plugin.to_owned(), self.path.join(other), self.path.join(counts));
            self.tell(FileEvent::Double { plugin, path, counts });
        }
    }

    /// Processes the sight of a plugin's file.
    fn meet(&mut self, plugin: &str, file: OsString, sight: Sight, how: Look) {
        let entry = self.entries.entry(plugin.to_owned()).or_default();
        if entry.file != file {
            entry.file = file;
            entry.seen = None;
        }
        match sight {
            Sight::File(stamp) => {
                entry.out_of_reach = 0;
                let has_changed = entry.seen.replace(stamp) != Some(stamp);
                if how != Look::Changed {
                    self.feed(plugin, Input::Found);
                } else if has_changed {
                    self.feed(plugin, Input::Changed);
                }
            }
            Sight::OutOfReach { reason } => {
                entry.seen = None;
                // A later file is reported after two such looks: a linker may be about to write it.
                let before = entry.out_of_reach;
                entry.out_of_reach = if how == Look::First { TOLD } else { TOLD.min(before + 1) };
                let is_news = before < TOLD && entry.out_of_reach == TOLD;
                self.feed(plugin, Input::OutOfReach);
                if is_news {
                    let path = self.file(plugin);
                    self.tell(FileEvent::OutOfReach { plugin: plugin.to_owned(), path, reason });
                }
            }
            Sight::Missing => {}
        }
    }

    /// Handles everything whose deadline has come.
    fn expire(&mut self) {
        let is_due = |moment: Option<Instant>| moment.is_some_and(|moment| moment <= Instant::now());
        if !is_due(self.deadline()) {
            return;
        }
        // This look gives files that are still changing a later deadline.
        self.look(Look::Changed);
        if self.presence.is_away {
            return;
        }
        let now = Instant::now();
        let due: Vec<String> = self.entries.iter().filter_map(|(plugin, entry)| entry.is_due(plugin, now)).collect();
        for plugin in due {
            let present = self.entries.get(&plugin).is_some_and(|entry| entry.seen.is_some());
            if self.feed(&plugin, Input::Deadline { present }) == Some(Verdict::Removed) {
                self.removed(&plugin);
            }
        }
    }

    fn removed(&mut self, plugin: &str) {
        let path = self.file(plugin);
        if self.entries.remove(plugin).is_some_and(|entry| entry.tried) {
            self.tell(FileEvent::Removed { plugin: plugin.to_owned(), path });
        }
    }

    pub(super) fn feed(&mut self, plugin: &str, input: Input) -> Option<Verdict> {
        let entry = self.entries.get_mut(plugin)?;
        let (phase, verdict) = entry.phase.on(input, Instant::now(), &self.timing);
        tracing::trace!(plugin, ?input, before = ?entry.phase, after = ?phase, "plugin file");
        entry.phase = phase;
        verdict
    }

    fn first_due(&self) -> Option<String> {
        let due = |entry: &Entry| entry.phase.next() == Next::TryNow;
        let mut entries = self.entries.iter().filter(|_| !self.presence.is_away);
        entries.find(|(_, entry)| due(entry)).map(|(plugin, _)| plugin.clone())
    }

    fn deadline(&self) -> Option<Instant> {
        let waits = self.entries.values().filter(|_| !self.presence.is_away).filter_map(Entry::deadline);
        waits.chain([self.next_look]).min()
    }

    pub(super) fn file(&self, plugin: &str) -> PathBuf {
        match self.entries.get(plugin) {
            Some(entry) => self.path.join(&entry.file),
            None => self.path.join(name::file_of(plugin)),
        }
    }

    /// Sends unless the watcher is being stopped; a receiver that is gone is no error.
    pub(super) fn tell(&self, event: FileEvent) {
        select! {
            send(self.events, event) -> _ => {}
            recv(self.stopped) -> _ => {}
        }
    }
}

fn plugin_of(item: &Item) -> Option<String> {
    name::plugin_of(item.name.to_str()?)
}

/// Whether the watcher has been told to stop.
fn is_stopped(stopped: &Receiver<()>) -> bool {
    stopped.try_recv() == Err(crossbeam_channel::TryRecvError::Disconnected)
}
