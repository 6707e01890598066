//! The parent's handle of a child process.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use super::FOLDER;

/// A child process, killed when dropped.
pub(crate) struct Other {
    process: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Other {
    /// Starts a child that has obeyed these commands.
    pub(crate) fn start(folder: &Path, commands: &[&str]) -> Self {
        let program = std::env::current_exe().expect("a path");
        let mut process = Command::new(program)
            .args(["--exact", "child", "--nocapture", "--test-threads=1"])
            .env(FOLDER, folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        let sink = process.stdin.take().expect("piped");
        let answers = BufReader::new(process.stdout.take().expect("piped"));
        let mut other = Self { process, commands: sink, answers };
        for command in commands {
            other.ask(command);
        }
        other
    }

    pub(crate) fn tell(&mut self, command: &str) {
        writeln!(self.commands, "{command}").expect("the child listens");
    }

    /// The answer, or `None` when the child has ended.
    pub(crate) fn hear(&mut self) -> Option<String> {
        let mut line = String::new();
        loop {
            line.clear();
            if self.answers.read_line(&mut line).expect("a pipe") == 0 {
                return None;
            }
            if let Some(answer) = line.trim_end().strip_prefix('@') {
                return Some(answer.to_owned());
            }
        }
    }

    pub(crate) fn ask(&mut self, command: &str) -> String {
        self.tell(command);
        self.hear().expect("the child lives")
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn stop(&self) {
        let pid = Pid::from_child(&self.process);
        kill_process(pid, Signal::STOP).expect("signalled");
        let (_, status) = waitpid(Some(pid), WaitOptions::UNTRACED).expect("waited").expect("a child");
        assert!(status.stopped());
    }

    pub(crate) fn go_on(&self) {
        kill_process(Pid::from_child(&self.process), Signal::CONT).expect("signalled");
    }

    pub(crate) fn kill(&mut self) -> u32 {
        let _ = self.process.kill();
        self.process.wait().expect("waited");
        self.id()
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        self.kill();
    }
}
