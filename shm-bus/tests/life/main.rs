//! Life and death on a bus: who may take part, who is killed where, and what stays behind.

#![cfg(unix)]

mod handshake;
mod limits;
mod processes;
mod support;

/// Not a test of its own: the body of every child process.
#[test]
fn child() {
    support::child();
}
