//! `tracing` events and spans of plugins, passed on to the host's subscriber with plugin and generation.
//!
//! | part | does |
//! |---|---|
//! | [`levels`] | levels in the ABI and in `tracing` |
//! | [`place`] | an event or a span in a library's code, as a call site of the host's `tracing` |
//! | [`values`] | the values of its fields |
//! | [`span`] | an open span |
//! | [`table`] | the functions that a library calls |
//! | [`word`] | what libraries have to ask again for: who listens to what |
//!
//! A subscriber sees the plugin's own target, level, file and line, so that filters like `RUST_LOG=ai::flight=trace` work.
//!
//! # Invariants
//! 1. No function of the table panics, whatever the subscriber does: unwinding out of one would abort the process.
//!
//! # Failure
//! An event on a thread whose thread-locals are gone may be lost, because subscribers use thread-locals.

#![expect(unsafe_code, reason = "functions of the C ABI and the numbers in it")]

mod levels;
mod place;
mod span;
mod table;
mod values;
mod word;

pub(crate) use self::table::TABLE;
pub(crate) use self::word::{now, tell};
