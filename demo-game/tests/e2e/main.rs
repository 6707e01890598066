//! The game and the `hotframe` command as a user has them: released binaries, real libraries, real processes.
//!
//! Each test has its own folders for plugins and for the bus, and its own children, which end with it. Tests wait for events in a running
//! game by its log lines or its messages.

mod broken;
mod calls;
mod command;
mod ends;
mod flags;
mod folder;
mod graph;
mod hash;
mod live_edit;
mod metrics;
mod replace;
mod support;
