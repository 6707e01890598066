//! The swap, proven with plugins that cargo really built and the system really loaded.
//!
//! | module | shows |
//! |---|---|
//! | [`state`] | what is kept from one build to the next |
//! | [`values`] | what becomes of values, told by path |
//! | [`refusal`] | what is refused, with which words, and that the old build goes on |
//! | [`handover`] | what is made beside the frame, and what becomes of it at the edge |
//! | [`containment`] | what a panic costs: its plugin, until its file changes, is copied again or touched |
//! | [`files`] | each way in which a library comes, changes and goes |
//! | [`again`] | a file that is copied or touched is tried again, if its plugin doesn't run well |
//! | [`told`] | what a person did and the host ignores is told once, with what to do |
//! | [`declarations`] | topics whose declaration changes: kept, made anew, refused |
//! | [`messages`] | nothing lost, doubled or out of order over swaps |
//! | [`memory`] | the frame arena; retired images |
//! | [`strangers`] | programs that are no plugins: the same declarations hold for them, and what they break is made anew |
//! | [`waiting`] | builds that wait for others to change |
//! | [`random`] | any sequence of these, against a model |

mod again;
mod containment;
mod declarations;
mod engine;
mod files;
mod game;
mod handover;
mod memory;
mod messages;
mod random;
mod refusal;
mod state;
mod strangers;
#[path = "../support/mod.rs"]
mod support;
mod told;
#[path = "../../fixtures/lib.rs"]
pub mod types;
mod values;
mod waiting;
