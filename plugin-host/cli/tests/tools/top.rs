//! `top`, with and without a terminal.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};

use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, kill_process_group, waitpid};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, OptionalActions, Winsize, tcgetattr, tcsetattr, tcsetwinsize};
use shm_bus::Attachment;
use shm_bus::wire::Priority;

use super::support::{Game, HANG, HITS, assert_empty, command, hit};

#[test]
fn one_interval_as_json_and_as_text() {
    let mut game = Game::start();
    let _reader = game.inbox(Attachment::Gating);
    game.send(0..3);
    while game.publisher.send(Priority::Low, &hit(1)).is_ok() {}
    let top = game.tool(&["top", "--json", "--interval", "0.02", "--gaps"]);
    let line = top.json();
    top.done();
    let topics = line["topics"].as_array().expect("topics");
    let [high, low] = &topics[..] else { panic!("{line:#}") };
    assert_eq!(
        (&high["topic"], &high["priority"], &high["rejected"]),
        (&"test/hits".into(), &"high".into(), &0.into())
    );
    assert_eq!((&low["priority"], &low["rejected"], &low["laggard"]), (&"low".into(), &1.into(), &"reader".into()));
    assert!(low["fill"].as_f64() > Some(0.9), "{low}");
    assert!(line["inboxes"].as_array().expect("inboxes").iter().any(|inbox| inbox["name"] == "reader"), "{line:#}");
    let text = game.tool(&["top", "--once", "--interval", "0.02"]).done();
    assert!(text.contains("test/hits  low") && text.contains("reader") && text.contains("gating"), "{text}");
}

#[test]
fn without_a_terminal_it_says_what_else_there_is() {
    let game = Game::start();
    let error = game.tool(&["top"]).failed();
    assert!(error.contains("no terminal") && error.contains("--once"), "{error}");
}

/// The terminal's sequences for switching to another screen and back.
const TAKEN: &str = "\u{1b}[?1049h";
const LEFT: &str = "\u{1b}[?1049l";

/// A test's own terminal, on which `top` runs.
struct Terminal {
    child: Child,
    ours: File,
    output: Receiver<String>,
    /// Kept, so that the terminal outlives the command.
    theirs: OwnedFd,
    shown: String,
}

impl Terminal {
    fn start(game: &Game) -> Self {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&ours).expect("granted");
        unlockpt(&ours).expect("unlocked");
        let name = ptsname(&ours, Vec::new()).expect("named");
        let theirs = rustix::fs::open(name.as_c_str(), OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).expect("opens");
        tcsetwinsize(&theirs, Winsize { ws_row: 40, ws_col: 140, ws_xpixel: 0, ws_ypixel: 0 }).expect("sized");
        let end = || Stdio::from(theirs.try_clone().expect("a terminal"));
        // Drawing takes longer than the interval, so the next sample is always due.
        let mut command = command(&game.folder(), &["top", "--interval", "0.001"]);
        // Like a shell's job: Ctrl-Z stops the process group.
        command.process_group(0);
        let child = command.stdin(end()).stdout(end()).stderr(end()).env("TERM", "xterm").spawn().expect("starts");
        let ours = File::from(ours);
        let output = chunks(ours.try_clone().expect("a terminal"));
        Self { child, ours, output, theirs, shown: String::new() }
    }

    /// Reads until `part` was shown `times` times.
    fn until(&mut self, part: &str, times: usize) {
        while self.shown.matches(part).count() < times {
            match self.output.recv_timeout(HANG) {
                Ok(chunk) => self.shown += &chunk,
                Err(_) => panic!("no {part:?} in {:?}", self.shown),
            }
        }
    }

    fn is_raw(&self) -> bool {
        !tcgetattr(&self.theirs).expect("a terminal").local_modes.contains(LocalModes::ICANON)
    }

    fn until_stopped(&self) {
        let (_, status) = waitpid(Some(self.pid()), WaitOptions::UNTRACED).expect("waited").expect("blocking");
        assert!(status.stopped(), "{status:?}");
    }

    /// Lets it continue, as `fg` does.
    fn go_on(&self) {
        kill_process_group(self.pid(), Signal::CONT).expect("signalled");
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Waits for its end, which must be a success; the terminal must be restored.
    fn end(mut self) {
        self.until(LEFT, self.shown.matches(TAKEN).count());
        assert!(self.child.wait().expect("waited").success());
        assert!(!self.is_raw(), "lines are edited again");
    }
}

/// The output's chunks, as they arrive.
fn chunks(mut terminal: File) -> Receiver<String> {
    let (sender, chunks) = channel();
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(read) = terminal.read(&mut bytes) {
            if sender.send(String::from_utf8_lossy(&bytes[..read]).into_owned()).is_err() {
                break;
            }
        }
    });
    chunks
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_draws_on_a_terminal_and_gives_it_back() {
    let mut game = Game::start();
    game.send(0..3);
    let mut terminal = Terminal::start(&game);
    terminal.until(TAKEN, 1);
    terminal.until("test/hits", 1);
    terminal.until("participant", 1);
    assert!(terminal.is_raw());
    assert_eq!(game.bus.snapshot().participants.len(), 1, "it looks, and takes no part");
    terminal.ours.write_all(b"\x1b[C").expect("pressed");
    // Only what has changed is drawn: the arrow, at the next column.
    terminal.until("▼", 2);
    terminal.ours.write_all(b"q").expect("pressed");
    terminal.end();

    let mut terminal = Terminal::start(&game);
    terminal.until(HITS.name, 1);
    kill_process(Pid::from_child(&terminal.child), Signal::TERM).expect("signalled");
    terminal.end();

    let mut terminal = Terminal::start(&game);
    terminal.until(HITS.name, 1);
    // Ctrl-C is a key here.
    terminal.ours.write_all(b"\x03").expect("pressed");
    terminal.end();
    assert_empty(&game.end().path().join("bus"));
}

#[test]
fn it_tells_that_the_bus_has_ended_and_shows_the_next_one() {
    let game = Game::start();
    let mut terminal = Terminal::start(&game);
    terminal.until(HITS.name, 1);
    let home = game.end();
    terminal.until("ended;", 1);
    let bus = shm_bus::Bus::open_in(home.path().join("bus"), "game").expect("opens");
    let next = shm_bus::TopicSpec { name: "other/kicks", ..HITS };
    let publisher = bus.publisher(&next, "physics", super::support::LANES).expect("made");
    // No letter of the first bus's screen is left in place: only differences are drawn.
    terminal.until("other/kicks", 1);
    terminal.ours.write_all(b"q").expect("pressed");
    terminal.end();
    drop((publisher, bus));
    assert_empty(&home.path().join("bus"));
}

#[test]
fn it_gives_the_terminal_back_while_it_is_stopped() {
    let mut game = Game::start();
    game.send(0..3);
    let mut terminal = Terminal::start(&game);
    terminal.until(HITS.name, 1);
    terminal.ours.write_all(b"\x1a").expect("pressed");
    terminal.until_stopped();
    terminal.until(LEFT, 1);
    assert!(!terminal.is_raw(), "a shell edits lines now");
    terminal.go_on();
    // Everything is drawn again, and keys are read.
    terminal.until(TAKEN, 2);
    terminal.shown = terminal.shown.split_off(terminal.shown.rfind(TAKEN).expect("shown"));
    terminal.until(HITS.name, 1);
    assert!(terminal.is_raw());
    terminal.ours.write_all(b" ").expect("pressed");
    terminal.until("paused", 1);

    // If another process stops it, it can't restore the terminal; the shell makes lines editable again.
    kill_process(terminal.pid(), Signal::STOP).expect("signalled");
    terminal.until_stopped();
    let mut edited = tcgetattr(&terminal.theirs).expect("a terminal");
    edited.local_modes |= LocalModes::ICANON | LocalModes::ECHO;
    tcsetattr(&terminal.theirs, OptionalActions::Now, &edited).expect("set");
    terminal.go_on();
    terminal.until(TAKEN, 2);
    assert!(terminal.is_raw());
    terminal.ours.write_all(b"q").expect("pressed");
    terminal.end();
    assert_empty(&game.end().path().join("bus"));
}
