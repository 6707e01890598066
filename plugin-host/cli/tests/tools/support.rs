//! A test's own bus, and tools that run on it.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use shm_bus::wire::{Policy, Priority, schema_hash};
use shm_bus::{Attachment, Bus, Inbox, Publisher, Snapshot, Start, TopicSpec};
use tempfile::TempDir;

/// A longer wait means that something hangs.
pub(crate) const HANG: Duration = Duration::from_secs(60);

const SCHEMA: &str = "test.Hit@1 16/4 {at:V{x:f32@0,y:f32@4}@4,id:u32@0,kind:u8@12,rest:[u8;3]@13}";
pub(crate) const HITS: TopicSpec<'_> = TopicSpec {
    name: "test/hits",
    type_name: "test.Hit",
    schema: SCHEMA,
    schema_hash: schema_hash(SCHEMA),
    message_size: 16,
    policy: Policy::Reject,
};
pub(crate) const LANES: &[(Priority, u32)] = &[(Priority::High, 4096), (Priority::Low, 4096)];

/// A message's bytes.
pub(crate) fn hit(id: u32) -> Vec<u8> {
    [&id.to_le_bytes()[..], &1.5_f32.to_le_bytes(), &(id as f32).to_le_bytes(), &[7, 1, 2, 3]].concat()
}

/// The same message as JSON.
pub(crate) fn hit_json(id: u32) -> String {
    format!("{{\"id\":{id},\"at\":{{\"x\":1.5,\"y\":{id}.0}},\"kind\":7,\"rest\":[1,2,3]}}")
}

/// A folder for buses, with one in it.
pub(crate) struct Game {
    pub(crate) home: TempDir,
    pub(crate) bus: Bus,
    pub(crate) publisher: Publisher,
}

impl Game {
    pub(crate) fn start() -> Self {
        let home = TempDir::new().expect("a folder");
        let bus = Bus::open_in(home.path().join("bus"), "game").expect("opens");
        let publisher = bus.publisher(&HITS, "physics", LANES).expect("made");
        Self { home, bus, publisher }
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.home.path().join("bus")
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub(crate) fn send(&mut self, ids: std::ops::Range<u32>) {
        for id in ids {
            self.publisher.send(Priority::High, &hit(id)).expect("room");
        }
    }

    pub(crate) fn tool(&self, arguments: &[&str]) -> Tool {
        Tool::start(&self.folder(), arguments, Stdio::null())
    }

    pub(crate) fn inbox(&self, attachment: Attachment) -> Inbox {
        let mut inbox = self.bus.inbox("reader", attachment).expect("made");
        inbox.subscribe(&HITS, Start::Now).expect("subscribed");
        inbox
    }

    /// Waits until the bus's snapshot satisfies `is`.
    pub(crate) fn until(&self, what: &str, is: impl Fn(&Snapshot) -> bool) {
        let begun = Instant::now();
        while !is(&self.bus.snapshot()) {
            assert!(begun.elapsed() < HANG, "it never came to this: {what}");
            std::thread::yield_now();
        }
    }

    /// Waits until `count` inboxes of this name read the topic.
    pub(crate) fn until_read_by(&self, name: &str, count: usize) {
        self.until(name, |snapshot| {
            let reads =
                |inbox: &&shm_bus::InboxInfo| inbox.name == name && inbox.topics.contains(&HITS.name.to_owned());
            snapshot.inboxes.iter().filter(reads).count() == count
        });
    }

    /// Ends the game and asserts that nothing is left.
    pub(crate) fn end(self) -> TempDir {
        let Self { home, bus, publisher } = self;
        drop((publisher, bus));
        home
    }
}

/// Asserts that nothing of any bus is left.
pub(crate) fn assert_empty(folder: &Path) {
    let left: Vec<_> =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// `hotframe bus` with these arguments, on the buses in `folder`.
pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = hotframe(folder, &["bus"]);
    command.args(arguments);
    command
}

/// `hotframe` with these arguments, on the buses in `folder`.
pub(crate) fn hotframe(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hotframe"));
    command.args(arguments).env("HOTFRAME_DIR", folder);
    command
}

/// A running tool, killed when dropped.
pub(crate) struct Tool {
    child: Child,
    out: Receiver<String>,
    err: Receiver<String>,
}

/// How a tool ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Tool {
    pub(crate) fn start(folder: &Path, arguments: &[&str], input: Stdio) -> Self {
        Self::spawn(command(folder, arguments).stdin(input))
    }

    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("hotframe starts");
        let out = lines(child.stdout.take().expect("piped"));
        let err = lines(child.stderr.take().expect("piped"));
        Self { child, out, err }
    }

    /// The next line of its output.
    pub(crate) fn line(&self) -> String {
        next(&self.out).unwrap_or_else(|| panic!("it ended: {}", rest(&self.err)))
    }

    /// The next line of its output, which is JSON.
    pub(crate) fn json(&self) -> Value {
        let line = self.line();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// The next line that it prints for a person, on stderr.
    pub(crate) fn told(&self) -> String {
        next(&self.err).expect("it says something before it ends")
    }

    pub(crate) fn write(&mut self, text: &str) {
        self.write_bytes(text.as_bytes());
    }

    pub(crate) fn write_bytes(&mut self, bytes: &[u8]) {
        self.child.stdin.as_mut().expect("piped").write_all(bytes).expect("it reads");
    }

    pub(crate) fn close_input(&mut self) {
        self.child.stdin = None;
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("signalled");
    }

    /// Stops it; returns when all of its threads stand.
    pub(crate) fn stop(&self) {
        self.signal(Signal::STOP);
        await_stop(self.pid());
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ended {
        let (out, err) = (rest(&self.out), rest(&self.err));
        Ended { status: self.child.wait().expect("waited"), out, err }
    }

    /// Waits for its end, which must be a success; returns the rest of its output.
    pub(crate) fn done(self) -> String {
        let Ended { status, out, err } = self.end();
        assert!(status.success(), "{status}: {err}");
        out
    }

    /// Waits for its failure; returns the error that it printed.
    pub(crate) fn failed(self) -> String {
        let Ended { status, out, err } = self.end();
        assert_eq!(status.code(), Some(1), "{out}{err}");
        err
    }
}

impl Drop for Tool {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        let _ = BufReader::new(pipe).lines().map_while(Result::ok).try_for_each(|line| sender.send(line));
    });
    lines
}

fn next(lines: &Receiver<String>) -> Option<String> {
    match lines.recv_timeout(HANG) {
        Ok(line) => Some(line),
        Err(RecvTimeoutError::Disconnected) => None,
        Err(RecvTimeoutError::Timeout) => panic!("nothing came"),
    }
}

fn rest(lines: &Receiver<String>) -> String {
    let mut text = String::new();
    while let Some(line) = next(lines) {
        text += &line;
        text.push('\n');
    }
    text
}

/// Waits until all threads of the process `pid` are stopped. A signal has only been sent when the call that sends it returns.
pub(crate) fn await_stop(pid: u32) {
    let is_stopped = |task: std::io::Result<std::fs::DirEntry>| {
        let stat = std::fs::read_to_string(task.expect("readable").path().join("stat")).expect("it lives");
        stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T'))
    };
    while !std::fs::read_dir(format!("/proc/{pid}/task")).expect("it lives").all(is_stopped) {
        std::thread::yield_now();
    }
}
