//! Measurements of several contenders side by side.
//!
//! A **case** is measured in **rounds**; in each round every **contender** has one **session**, one directly after the other, so that all
//! of them meet the same state of the machine. Knows nothing of what is measured.

mod goals;
mod pin;
mod rounds;
mod rows;
mod samples;
mod tables;

pub use goals::{Goal, Limit, goal};
pub use pin::{FAR, NEAR, load, pin};
pub use rounds::{Effort, measure};
pub use rows::{Measured, Outline, Percentile, Report};
pub use samples::{Round, Samples, sample};
pub use tables::print;
