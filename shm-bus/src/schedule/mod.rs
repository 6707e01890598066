//! Chooses the lane that a reader serves next, for inboxes and for workers of a queue.
//!
//! Pure: knows levels (the four priorities) and which of them wait, but neither lanes nor messages.

mod aging;
mod levels;

pub(crate) use aging::SkipCredits;
pub(crate) use levels::Levels;
