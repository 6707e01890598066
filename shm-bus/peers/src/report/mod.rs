//! The results of a run: as rows, as tables for people, and beside the goals.

mod goals;
mod rows;
mod tables;

pub(crate) use rows::{Measured, Report};
pub(crate) use tables::print;
