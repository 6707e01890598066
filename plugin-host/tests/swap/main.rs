//! The swap, proven with plugins that cargo really built and the system really loaded.
//!
//! | module | shows |
//! |---|---|
//! | [`state`] | what is kept from one build to the next |
//! | [`values`] | what becomes of values, told by path |
//! | [`refusal`] | what is refused, with which words, and that the old build goes on |
//! | [`handover`] | what is made beside the frame, and what becomes of it at the edge |
//! | [`containment`] | what a panic costs: its plugin, until its file changes |
//! | [`files`] | each way in which a library comes, changes and goes |
//! | [`messages`] | nothing lost, doubled or out of order over swaps |
//! | [`memory`] | the frame arena; retired images |
//! | [`random`] | any sequence of these, against a model |

mod containment;
mod engine;
mod files;
mod game;
mod handover;
mod memory;
mod messages;
mod random;
mod refusal;
mod state;
#[path = "../support/mod.rs"]
mod support;
#[path = "../../fixtures/lib.rs"]
pub mod types;
mod values;
