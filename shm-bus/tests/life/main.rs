//! Life and death on a bus: who may take part, who is killed at which point, and what is left.
//!
//! With `--features crash-points` children are killed, or stopped, at every one of their writes.

#![cfg(unix)]

mod accounts;
#[cfg(feature = "crash-points")]
mod crashes;
mod forks;
mod handshake;
mod limits;
#[cfg(target_os = "linux")]
mod namespaces;
#[path = "../numbers/mod.rs"]
mod numbers;
mod orders;
mod places;
mod processes;
mod random;
mod removed;
mod removed_locks;
mod removed_segments;
mod scribbler;
#[cfg(feature = "crash-points")]
mod soak;
mod space;
#[cfg(feature = "crash-points")]
mod stops;
mod support;
#[cfg(feature = "crash-points")]
mod survivor;
mod told;

/// Not a test of its own: the body of every child process.
#[test]
fn child() {
    support::child();
}
