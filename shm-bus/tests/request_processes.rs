//! Requests between processes, some of which are stopped or killed.
//!
//! Children are this test binary again, running only [`child`], which does what the parent says line by line. Every wait
//! is for a line, an exit, a stop or an answer; nothing sleeps.

#![cfg(unix)]

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use shm_bus::wire::Status;
use shm_bus::{Attachment, Bus, CallError, Client, Request, Server, ServiceError};

const FOREVER: Duration = Duration::MAX;
const FOLDER: &str = "HOTFRAME_TEST_FOLDER";
const SERVICE: &str = "echo";

/// A child's objects.
struct Role {
    server: Option<Server>,
    client: Option<Client>,
    bus: Bus,
}

impl Role {
    fn obey(&mut self, command: &str) -> String {
        let (verb, count) = command.split_once(' ').unwrap_or((command, "0"));
        let count: u64 = count.parse().expect("a number");
        match verb {
            "server" => match self.bus.server(SERVICE) {
                Ok(server) => self.server = Some(server),
                Err(error) => return error.to_string(),
            },
            "client" => self.client = Some(self.bus.client(SERVICE).expect("made")),
            "serve" => serve(self.server.as_mut().expect("made before"), count),
            "take" => {
                let server = self.server.as_mut().expect("made before");
                while !server.wait(Duration::from_secs(1)).expect("mapped") {}
                let _deferred = server.next().expect("mapped").expect("a request").defer();
            }
            "ask" => ask(self.client.as_mut().expect("made before"), count),
            "send" => {
                let client = self.client.as_mut().expect("made before");
                for _ in 0..count {
                    client.send(0, &[0; 256], FOREVER).map(|_| ()).expect("room");
                }
            }
            other => panic!("no command {other}"),
        }
        "done".to_owned()
    }
}

/// Answers `count` requests with their own bytes.
fn serve(server: &mut Server, count: u64) {
    let mut served = 0;
    while served < count {
        let each = |request: Request<'_>| {
            let payload = request.payload();
            // A client that does not read, or is gone, does not stop the server.
            let _ = request.reply(payload);
        };
        served += server.serve_for(Duration::from_millis(1), each).expect("mapped") as u64;
    }
}

/// Keeps sixteen requests in flight and checks that each answer is the right one.
fn ask(client: &mut Client, count: u64) {
    let bytes = |index: u64| (u64::from(std::process::id()) << 32 | index).to_le_bytes();
    let mut tickets = VecDeque::new();
    let mut asked = 0;
    for answered in 0..count {
        while asked < count && tickets.len() < 16 {
            tickets.push_back(client.send(0, &bytes(asked), FOREVER).expect("room"));
            asked += 1;
        }
        let ticket = tickets.pop_front().expect("in flight");
        assert_eq!(client.finish(ticket).expect("answered").payload, bytes(answered));
    }
}

/// Not a test of its own: the body of every child process.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let bus = Bus::open_in(Path::new(&folder), "game").expect("opens");
    let mut role = Role { server: None, client: None, bus };
    for line in std::io::stdin().lines() {
        let answer = role.obey(&line.expect("a pipe"));
        let mut out = std::io::stdout();
        writeln!(out, "\n@{answer}").and_then(|()| out.flush()).expect("the parent listens");
    }
}

/// A child process, killed when dropped.
struct Other {
    process: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Other {
    fn start(folder: &Path) -> Self {
        let program = std::env::current_exe().expect("a path");
        let mut process = Command::new(program)
            .args(["--exact", "child", "--nocapture", "--test-threads=1"])
            .env(FOLDER, folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        let commands = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().expect("piped"));
        Self { process, commands, answers }
    }

    fn tell(&mut self, command: &str) {
        writeln!(self.commands.as_mut().expect("not left"), "{command}").expect("the child listens");
    }

    fn hear(&mut self) -> String {
        let mut line = String::new();
        loop {
            line.clear();
            assert!(self.answers.read_line(&mut line).expect("a pipe") > 0, "the child ended");
            if let Some(answer) = line.trim_end().strip_prefix('@') {
                return answer.to_owned();
            }
        }
    }

    fn ask(&mut self, command: &str) -> String {
        self.tell(command);
        self.hear()
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.process)
    }

    fn stop(&self) {
        kill_process(self.pid(), Signal::STOP).expect("signalled");
        let (_, status) = waitpid(Some(self.pid()), WaitOptions::UNTRACED).expect("waited").expect("a child");
        assert!(status.stopped());
    }

    fn go_on(&self) {
        kill_process(self.pid(), Signal::CONT).expect("signalled");
    }

    fn kill(&mut self) {
        self.process.kill().expect("signalled");
        self.process.wait().expect("waited");
    }

    /// Closes the pipe and waits for an orderly end.
    fn leave(mut self) {
        self.commands = None;
        assert!(self.process.wait().expect("waited").success());
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).expect("there").next().is_none()
}

/// Response topics on the bus.
fn response_topics(bus: &Bus) -> usize {
    bus.snapshot().topics.iter().filter(|topic| topic.name.contains("/response/")).count()
}

#[test]
fn eight_processes_ask_ten_thousand_times_each_and_get_their_own_answers() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let mut server = bus.server(SERVICE).expect("made");
    let mut others: Vec<_> = (0..8).map(|_| Other::start(folder.path())).collect();
    for other in &mut others {
        assert_eq!(other.ask("client"), "done");
    }
    others.iter_mut().for_each(|other| other.tell("ask 10000"));
    serve(&mut server, 80_000);
    for other in &mut others {
        assert_eq!(other.hear(), "done");
    }
    let counts = server.counts();
    assert_eq!((counts.served, counts.answered, counts.malformed), (80_000, 80_000, 0));
    others.into_iter().for_each(Other::leave);
    assert!(server.next().expect("mapped").is_none());
    assert_eq!((server.clients(), response_topics(&bus)), (0, 0));
    drop((server, bus));
    assert!(is_empty(folder.path()));
}

#[test]
fn a_server_killed_in_the_middle_of_a_request_is_noticed_and_another_one_takes_over() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let mut client = bus.client(SERVICE).expect("made");
    let mut first = Other::start(folder.path());
    assert_eq!(first.ask("server"), "done");
    let taken = client.send(0, &[1], FOREVER).expect("room");
    let waiting = client.send(0, &[2], FOREVER).expect("room");
    assert_eq!(first.ask("take"), "done");
    first.kill();
    // Neither has a deadline: only the server's death ends them.
    for ticket in [taken, waiting] {
        let error = client.finish(ticket).unwrap_err();
        assert!(matches!(error, CallError::ServerGone { .. }), "{error}");
    }
    assert_eq!(client.counts().lost, 2);
    assert!(matches!(client.send(0, &[], FOREVER), Err(CallError::NoServer { .. })));

    let mut second = Other::start(folder.path());
    assert_eq!(second.ask("server"), "done");
    second.tell("serve 1");
    assert_eq!(client.call(0, &[3], FOREVER).expect("answered").payload, [3]);
    assert_eq!(second.hear(), "done");
    second.leave();
    drop((client, bus));
    assert!(is_empty(folder.path()));
}

#[test]
fn a_stopped_server_lives_and_only_the_deadline_ends_a_call() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let mut client = bus.client(SERVICE).expect("made");
    let mut other = Other::start(folder.path());
    other.ask("server");
    other.stop();
    let error = client.call(0, &[1], Duration::from_millis(30)).unwrap_err();
    assert!(matches!(error, CallError::Deadline { .. }), "{error}");
    assert!(client.has_server());
    let error = bus.server(SERVICE).unwrap_err();
    assert!(matches!(error, ServiceError::Taken { .. }), "{error}");
    other.go_on();
    // The expired request is not served: `serve 1` ends with the second one.
    other.tell("serve 1");
    assert_eq!(client.call(0, &[2], FOREVER).expect("answered").payload, [2]);
    assert_eq!(other.hear(), "done");
    assert_eq!((client.counts().expired, client.counts().answered), (1, 1));
    // The server belongs to another process.
    let counts = bus.snapshot().inboxes.iter().find_map(|inbox| inbox.server).expect("one");
    assert_eq!((counts.served, counts.expired, counts.answered), (1, 1, 2));
    other.leave();
}

#[test]
fn a_killed_clients_topic_vanishes_and_the_server_goes_on() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let mut server = bus.server(SERVICE).expect("made");
    let mut other = Other::start(folder.path());
    other.ask("client");
    other.tell("ask 1");
    serve(&mut server, 1);
    assert_eq!(other.hear(), "done");
    assert_eq!(other.ask("send 3"), "done");
    let deferred = server.next().expect("mapped").expect("a request").defer();
    assert_eq!((server.clients(), response_topics(&bus)), (1, 1));
    other.kill();
    let mut client = bus.client(SERVICE).expect("any change clears the dead away");
    let ticket = client.send(0, &[9], FOREVER).expect("room");
    let mut served = 0;
    while served == 0 {
        let each = |request: Request<'_>| {
            assert_eq!(request.payload(), [9], "requests of the dead are not run");
            request.reply(&[9]).expect("room");
        };
        served = server.serve(each).expect("mapped");
    }
    assert_eq!(server.counts().unanswerable, 2);
    assert!(server.answer(deferred, Status::Ok, &[]).is_err());
    assert_eq!(client.finish(ticket).expect("answered").payload, [9]);
    assert_eq!((server.clients(), response_topics(&bus)), (1, 1), "the living client's");
    drop((client, server, bus));
    assert!(is_empty(folder.path()));
}

#[test]
fn a_stopped_client_holds_up_nobody() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let mut server = Other::start(folder.path());
    assert_eq!(server.ask("server"), "done");
    let mut stopped = Other::start(folder.path());
    stopped.ask("client");
    // More answers than its lane holds.
    for _ in 0..3 {
        server.tell("serve 150");
        assert_eq!(stopped.ask("send 150"), "done");
        assert_eq!(server.hear(), "done");
    }
    stopped.stop();
    let mut client = bus.client(SERVICE).expect("made");
    server.tell("serve 1000");
    ask(&mut client, 1000);
    assert_eq!(server.hear(), "done");
    let rejected: u64 = bus.snapshot().topics.iter().flat_map(|topic| &topic.lanes).map(|lane| lane.rejected).sum();
    assert!(rejected > 0, "the stopped one's lane of answers is full");
    stopped.go_on();
    stopped.leave();
    server.leave();
}

#[test]
fn one_of_many_that_want_to_be_the_server_is() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let mut others: Vec<_> = (0..4).map(|_| Other::start(folder.path())).collect();
    others.iter_mut().for_each(|other| other.tell("server"));
    let answers: Vec<_> = others.iter_mut().map(Other::hear).collect();
    assert_eq!(answers.iter().filter(|answer| *answer == "done").count(), 1, "{answers:?}");
    drop(bus.inbox("any", Attachment::Observer).expect("made"));
    others.into_iter().for_each(Other::leave);
}
