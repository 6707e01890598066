//! `tracing` events and spans of really loaded plugins, as the host's subscriber gets them.
//!
//! A process of its own: levels are the whole process's.

mod capture;
#[path = "../support/fixtures.rs"]
mod fixtures;
mod levels;
mod lines;
mod plugin;
