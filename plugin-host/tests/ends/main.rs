//! Ends and hangs that a plugin causes, each in a process of the test's own: the log's content, and how the process ends.
//!
//! A child is this test binary again: it runs only the test `child`, which plays a few frames of the fixture `ender`.

#![cfg(unix)]

mod child;
#[path = "../swap/engine.rs"]
mod engine;
mod exits;
#[expect(dead_code, reason = "other tests need a library's bytes, too")]
#[path = "../support/fixtures.rs"]
mod fixtures;
mod hangs;
mod leaves;
#[path = "../support/line.rs"]
mod line;
mod panics;
#[cfg(target_os = "linux")]
mod shortages;

/// Not a test of its own: the body of every child process.
#[test]
fn child() {
    child::child();
}
