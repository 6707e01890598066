//! Tracks which plugin is being called, and reports calls that don't return.
//!
//! | module | knows |
//! |---|---|
//! | [`callee`] | an image as the target of calls: its name, and the entry point that it is executing |
//! | [`watchdog`] | a thread that reports calls that last longer than a second |
//! | [`ends`] | which of the host's threads end, where plugins' thread-locals are dropped |
//! | [`exit`] | what happens if a plugin ends the process |
//! | [`tell`] | how to log when the log may hang |
//! | [`stack`] | whose code is on a thread's stack |
//! | [`home`] | state that all images of one host share |
//!
//! # Invariants
//! 1. A call costs two plain stores and no clock, lock or system call; the observer bears the cost.

pub(crate) mod callee;
pub(crate) mod ends;
pub(crate) mod exit;
pub(crate) mod home;
mod stack;
mod tell;
pub(crate) mod watchdog;
