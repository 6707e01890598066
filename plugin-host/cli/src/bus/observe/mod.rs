//! Shared code for inspecting a bus: [`gaps`] between messages, whether a participant makes [`progress`](mod@progress), and how a
//! [`process`] is named.

pub(crate) mod gaps;
pub(crate) mod process;
pub(crate) mod progress;
