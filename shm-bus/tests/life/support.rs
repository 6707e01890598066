//! Child processes that obey a test's orders.
//!
//! Children are this test binary again, running only the test `child`. Every wait is for a line, an exit or a stop; nothing sleeps.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use shm_bus::wire::{Policy, Priority, schema_hash};
use shm_bus::{Attachment, Bus, ChangeError, Inbox, InboxError, Publisher, Start, TopicSpec};

use super::numbers::topic_of_numbers;
use super::orders::{forked, texts};

pub(crate) const NUMBERS: TopicSpec<'_> = topic_of_numbers("test/numbers", Policy::Reject);
const OTHER_SCHEMA: &str = "test.Other@1 8/8 {value:u64@0}";
/// A topic that only a child declares.
const OTHERS: TopicSpec<'_> = TopicSpec {
    name: "test/others",
    type_name: "test.Other",
    schema: OTHER_SCHEMA,
    schema_hash: schema_hash(OTHER_SCHEMA),
    ..NUMBERS
};
/// The same numbers, under a policy by which laggards lose the oldest.
pub(crate) const OVERWRITTEN: TopicSpec<'_> =
    TopicSpec { name: "test/overwritten", policy: Policy::DropOldest, ..NUMBERS };
/// The same numbers, under a policy that keeps only the newest.
pub(crate) const LATEST: TopicSpec<'_> = TopicSpec { name: "test/latest", policy: Policy::Latest, ..NUMBERS };
const TWO_LANES: &[(Priority, u32)] = &[(Priority::High, 4096), (Priority::Low, 4096)];
pub(crate) const LANE: &[(Priority, u32)] = &[(Priority::Normal, 4096)];
const FOLDER: &str = "HOTFRAME_TEST_FOLDER";

/// A child's objects.
#[derive(Default)]
struct Role {
    publisher: Option<Publisher>,
    inbox: Option<Inbox>,
    bus: Option<Bus>,
    next: u64,
}

impl Role {
    fn obey(&mut self, folder: &Path, command: &str) -> String {
        match command {
            "open" => self.bus = Some(Bus::open_in(folder, "game").expect("opens")),
            "leave" => *self = Self { next: self.next, ..Self::default() },
            "gc" => return shm_bus::gc_in(folder).expect("listed").join(" "),
            "gating" | "observer" => {
                self.make_inbox(folder, if command == "gating" { Attachment::Gating } else { Attachment::Observer });
                self.inbox().subscribe(&NUMBERS, Start::Earliest).expect("subscribed");
            }
            "inbox" => self.make_inbox(folder, Attachment::Gating),
            "subscribe" => self.inbox().subscribe(&NUMBERS, Start::Earliest).expect("subscribed"),
            "unsubscribe" => self.inbox().unsubscribe(NUMBERS.name).expect("unsubscribed"),
            "publisher" => self.publisher = Some(self.bus(folder).publisher(&NUMBERS, "child", LANE).expect("made")),
            "other topic" => {
                self.publisher = Some(self.bus(folder).publisher(&OTHERS, "child", TWO_LANES).expect("made"))
            }
            "send" => self.send(8),
            "send three laps" => (0..12).for_each(|_| self.send(928)),
            "overwriting" => {
                self.publisher = Some(self.bus(folder).publisher(&OVERWRITTEN, "child", LANE).expect("made"))
            }
            "latest" => self.publisher = Some(self.bus(folder).publisher(&LATEST, "child", LANE).expect("made")),
            "try open" => {
                return Bus::open_in(folder, "game").map_or_else(|error| texts(&error), |_| "opened".to_owned());
            }
            "try send" => self.try_send(),
            "unsubscribe if" => {
                if let Some(inbox) = &mut self.inbox {
                    inbox.unsubscribe(NUMBERS.name).expect("unsubscribed");
                }
            }
            "open again" => {
                *self = Self::default();
                self.bus = Some(Bus::open_in(folder, "game").expect("opens"));
            }
            "fork everything" => return super::forks::every_call(folder),
            #[cfg(target_os = "linux")]
            "fork into a pid namespace" => {
                super::orders::have_children_in_a_pid_namespace();
                let child = forked(|| std::process::id() == 1 && self.is_of_no_use_in_a_child(), false);
                let (_, status) =
                    waitpid(Pid::from_raw(child), WaitOptions::empty()).expect("waited").expect("a child");
                assert_eq!(status.exit_status(), Some(0));
            }
            "fork" => {
                let child = forked(|| self.is_of_no_use_in_a_child(), false);
                let (_, status) =
                    waitpid(Pid::from_raw(child), WaitOptions::empty()).expect("waited").expect("a child");
                assert_eq!(status.exit_status(), Some(0));
            }
            "fork and stay" => return forked(|| true, true).to_string(),
            "send large" => (0..3).for_each(|_| self.send(928)),
            "drop publisher" => self.publisher = None,
            "drop inbox" => self.inbox = None,
            "drain" => {
                let Some(inbox) = &mut self.inbox else { return "no inbox".to_owned() };
                let (received, lost) = drain(inbox);
                return format!("{} {lost}", received.len());
            }
            "alive" => return alive(&self.bus(folder).snapshot()),
            "pid" => return std::process::id().to_string(),
            "id" => return self.bus(folder).id().to_string(),
            "idle" => self.idle(),
            "until removed" => self.until_removed(folder),
            "participants" => return self.bus(folder).snapshot().participants.len().to_string(),
            other => return super::orders::obey(folder, other),
        }
        "done".to_owned()
    }

    /// The bus, opened now if necessary.
    fn bus(&mut self, folder: &Path) -> &Bus {
        self.bus.get_or_insert_with(|| Bus::open_in(folder, "game").expect("opens"))
    }

    fn inbox(&mut self) -> &mut Inbox {
        self.inbox.as_mut().expect("made before")
    }

    fn make_inbox(&mut self, folder: &Path, attachment: Attachment) {
        self.inbox = Some(self.bus(folder).inbox("child", attachment).expect("made"));
    }

    /// Sends the next number if there is a publisher and room.
    fn try_send(&mut self) {
        let payload = self.next.to_le_bytes();
        if let Some(publisher) = &mut self.publisher
            && publisher.send(Priority::Normal, &payload).is_ok()
        {
            self.next += 1;
        }
    }

    /// Receives once, and finds nothing.
    fn idle(&mut self) {
        assert!(self.inbox().receive().expect("mapped").is_none());
    }

    /// Continues until each object has reported that the bus was removed.
    fn until_removed(&mut self, folder: &Path) {
        use shm_bus::{ReceiveError, SendError};
        while !matches!(self.bus(folder).check(), Err(ChangeError::Removed { .. })) {}
        if let Some(publisher) = &mut self.publisher {
            while publisher.send(Priority::Normal, &self.next.to_le_bytes()) != Err(SendError::Removed) {}
        }
        if let Some(inbox) = &mut self.inbox {
            while !matches!(inbox.receive(), Err(ReceiveError::Removed { .. })) {}
        }
    }

    /// In a child of this process, changes are refused, and dropping all handles affects nobody.
    fn is_of_no_use_in_a_child(&mut self) -> bool {
        let refused = self.bus.as_ref().is_some_and(|bus| {
            matches!(bus.inbox("child", Attachment::Gating), Err(InboxError::Change(ChangeError::Forked { .. })))
        });
        *self = Self::default();
        refused
    }

    /// Sends the next number, as the first of `len` bytes.
    fn send(&mut self, len: usize) {
        let mut payload = vec![0; len];
        payload[..8].copy_from_slice(&self.next.to_le_bytes());
        self.publisher.as_mut().expect("made before").send(Priority::Normal, &payload).expect("room");
        self.next += 1;
    }
}

/// The body of every child process: does what the parent says, line by line.
pub(crate) fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let mut role = Role::default();
    for line in std::io::stdin().lines() {
        let answer = role.obey(Path::new(&folder), &line.expect("a pipe"));
        say(&answer);
    }
}

/// Sends an answer to the parent.
pub(crate) fn say(answer: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "\n@{answer}").and_then(|()| out.flush()).expect("the parent listens");
}

/// A child process, killed when dropped.
pub(crate) struct Other {
    process: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// Whether another command has started it.
    is_wrapped: bool,
}

impl Other {
    pub(crate) fn start(folder: &Path) -> Self {
        Self::start_by(folder, &[])
    }

    /// Like [`Self::start`], by a command that puts it somewhere else.
    pub(crate) fn start_by(folder: &Path, by: &[&str]) -> Self {
        let program = std::env::current_exe().expect("a path");
        let mut words = by.iter().map(std::ffi::OsStr::new).chain([program.as_os_str()]);
        let mut process = Command::new(words.next().expect("the program at least"))
            .args(words)
            .args(["--exact", "child", "--nocapture", "--test-threads=1"])
            .env(FOLDER, folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        let commands = process.stdin.take().expect("piped");
        let answers = BufReader::new(process.stdout.take().expect("piped"));
        Self { process, commands, answers, is_wrapped: !by.is_empty() }
    }

    pub(crate) fn tell(&mut self, command: &str) {
        writeln!(self.commands, "{command}").expect("the child listens");
    }

    pub(crate) fn hear(&mut self) -> String {
        self.try_hear().expect("the child has not ended")
    }

    /// The next answer; `None` if the child was killed before it answered.
    pub(crate) fn try_hear(&mut self) -> Option<String> {
        use std::os::unix::process::ExitStatusExt;
        let mut line = String::new();
        loop {
            line.clear();
            if self.answers.read_line(&mut line).expect("a pipe") == 0 {
                let status = self.process.wait().expect("waited");
                // Not every command reports how its child ended.
                assert!(self.is_wrapped || status.signal() == Some(Signal::KILL.as_raw()), "{status}");
                return None;
            }
            if let Some(answer) = line.trim_end().strip_prefix('@') {
                return Some(answer.to_owned());
            }
        }
    }

    pub(crate) fn ask(&mut self, command: &str) -> String {
        self.tell(command);
        self.hear()
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.process)
    }

    pub(crate) fn stop(&self) {
        kill_process(self.pid(), Signal::STOP).expect("signalled");
        self.await_stop();
    }

    /// Waits until it is stopped.
    pub(crate) fn await_stop(&self) {
        let (_, status) = waitpid(Some(self.pid()), WaitOptions::UNTRACED).expect("waited").expect("a child");
        assert!(status.stopped());
    }

    pub(crate) fn go_on(&self) {
        kill_process(self.pid(), Signal::CONT).expect("signalled");
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill().expect("signalled");
        self.process.wait().expect("waited");
        self.await_silence();
    }

    /// If a command started the child, the child dies after the command, and closes the pipe then.
    fn await_silence(&mut self) {
        if self.is_wrapped {
            std::io::copy(&mut self.answers, &mut std::io::sink()).expect("a pipe");
        }
    }

    /// Waits until it is killed, by its own failpoint.
    #[cfg_attr(not(feature = "crash-points"), expect(dead_code, reason = "nobody kills himself otherwise"))]
    pub(crate) fn await_kill(mut self) {
        use std::os::unix::process::ExitStatusExt;
        let status = self.process.wait().expect("waited");
        assert_eq!(status.signal(), Some(Signal::KILL.as_raw()), "{status}");
    }

    /// Closes the pipe and waits for an orderly end.
    pub(crate) fn leave(mut self) {
        drop(std::mem::replace(&mut self.commands, null_stdin()));
        assert!(self.process.wait().expect("waited").success());
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        self.await_silence();
    }
}

/// The stdin of a process that has ended, to replace one that is to be closed.
fn null_stdin() -> ChildStdin {
    let mut ended = Command::new("true").stdin(Stdio::piped()).spawn().expect("starts");
    let stdin = ended.stdin.take().expect("piped");
    ended.wait().expect("waited");
    stdin
}

/// Slots of the bus, each with whether its participant is alive.
pub(crate) fn alive(snapshot: &shm_bus::Snapshot) -> String {
    let slots = snapshot.participants.iter().map(|one| format!("{}:{}", one.slot, one.alive));
    slots.collect::<Vec<_>>().join(" ")
}

pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

pub(crate) fn drain(inbox: &mut Inbox) -> (Vec<u64>, u64) {
    let (mut numbers, mut lost) = (Vec::new(), 0);
    let each = |delivery: shm_bus::Delivery<'_>| {
        numbers.push(u64::from_le_bytes(delivery.payload[..8].try_into().expect("8 bytes")));
        lost += delivery.lost;
    };
    inbox.drain(each).expect("mapped");
    (numbers, lost)
}

pub(crate) fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).expect("there").next().is_none()
}

/// The payload of a message of [`NUMBERS`].
pub(crate) fn number(value: u64) -> [u8; 8] {
    value.to_le_bytes()
}

/// A gating inbox that reads `topic` from now on.
pub(crate) fn gating(bus: &Bus, topic: &TopicSpec<'_>) -> Inbox {
    let mut inbox = bus.inbox("reader", Attachment::Gating).expect("made");
    inbox.subscribe(topic, Start::Now).expect("subscribed");
    inbox
}

/// Sends up to 200 messages in a lane of 4096 bytes; returns how many had room.
pub(crate) fn two_hundred(publisher: &mut Publisher) -> u64 {
    (0..200).filter(|value| publisher.send(Priority::Normal, &number(*value)).is_ok()).count() as u64
}
