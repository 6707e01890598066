//! The game and the `hotframe` command as a user has them: released binaries, real libraries, real processes.
//!
//! Each test has folders of its own, for plugins and for the bus, and children that end with it. What happens in a running
//! game is awaited by its log lines or its messages.

mod broken;
mod command;
mod ends;
mod flags;
mod folder;
mod graph;
mod hash;
mod live_edit;
mod replace;
mod support;
