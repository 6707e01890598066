//! A child process and the lines that it writes; dropping it kills the process.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::HANG;

/// The stream that [`Process`] reads line by line.
#[derive(Clone, Copy)]
pub(crate) enum Stream {
    Out,
    Err,
}

/// A child process; see the module.
pub(crate) struct Process {
    child: Child,
    incoming: Receiver<String>,
    /// The lines so far.
    lines: Vec<String>,
}

impl Process {
    /// Starts `command`, whose `stream` must be piped.
    pub(crate) fn start(command: &mut Command, stream: Stream) -> Self {
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let pipe: Box<dyn Read + Send> = match stream {
            Stream::Out => Box::new(child.stdout.take().expect("stdout is piped")),
            Stream::Err => Box::new(child.stderr.take().expect("stderr is piped")),
        };
        let (sender, incoming) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, incoming, lines: Vec::new() }
    }

    /// The next line; `None` once the process has closed the stream.
    pub(crate) fn next_line(&mut self) -> Option<&str> {
        match self.incoming.recv_timeout(HANG) {
            Ok(line) => {
                self.lines.push(line);
                self.lines.last().map(String::as_str)
            }
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("nothing more came after: {:#?}", self.lines),
        }
    }

    /// Reads up to a line that contains `part`; `None` if the process ends without one.
    pub(crate) fn line_or_end(&mut self, part: &str) -> Option<String> {
        loop {
            let line = self.next_line()?;
            if line.contains(part) {
                return Some(line.to_owned());
            }
        }
    }

    /// Reads up to a line that contains `part`.
    pub(crate) fn line(&mut self, part: &str) -> String {
        self.line_or_end(part).unwrap_or_else(|| panic!("it ended without {part:?}: {:#?}", self.lines))
    }

    /// Waits for its end; returns its exit status and all its lines.
    pub(crate) fn end(&mut self) -> (ExitStatus, Vec<String>) {
        while self.next_line().is_some() {}
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                return (status, std::mem::take(&mut self.lines));
            }
            assert!(begun.elapsed() < HANG, "it closed its output, but does not end");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// The other stream's content, if that is piped. To be read at its end.
    pub(crate) fn rest(&mut self) -> String {
        let mut text = String::new();
        if let Some(mut out) = self.child.stdout.take() {
            out.read_to_string(&mut text).expect("text");
        }
        text
    }

    /// Sends a signal by name, such as `STOP`.
    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("sh").arg("-c").arg(format!("kill -{name} {}", self.child.id())).status();
        assert!(status.is_ok_and(|status| status.success()), "cannot send {name}");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
