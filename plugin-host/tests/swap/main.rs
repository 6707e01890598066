//! Tests of the swap, with plugins that cargo really built and the system really loaded.
//!
//! | module | shows |
//! |---|---|
//! | [`state`] | what is kept from one build to the next |
//! | [`values`] | what happens to values, reported by path |
//! | [`refusal`] | what is refused, with which message, and that the old build keeps running |
//! | [`handover`] | what is made in parallel with the frame, and what the edge does with it |
//! | [`containment`] | the effect of a panic: its plugin is suspended until its file changes, is copied again or touched |
//! | [`files`] | every way in which a library is added, changed and removed |
//! | [`again`] | a file that is copied again or touched is retried, if its plugin doesn't run well |
//! | [`told`] | things that a person did and the host ignores are reported once, with advice |
//! | [`calls`] | exports, called from any thread while their plugin is replaced |
//! | [`services`] | exports, called by other processes |
//! | [`service_thread`] | the same, answered while no frame runs |
//! | [`clients`] | typed clients of an interface, on the host's threads and over the bus |
//! | [`declarations`] | topics whose declaration changes: kept, recreated, refused |
//! | [`messages`] | no message is lost, duplicated or out of order over swaps |
//! | [`held_lock`] | no frame waits for a process that holds the bus's lock |
//! | [`memory`] | the frame arena; retired images |
//! | [`strangers`] | programs that aren't plugins: declarations bind them too, and what they break is recreated |
//! | [`waiting`] | builds that wait for other plugins to change |
//! | [`status`] | what other processes are told about the plugins |
//! | [`random`] | any sequence of these, compared with a model |

mod again;
mod calls;
mod clients;
mod containment;
mod declarations;
mod engine;
mod files;
mod game;
mod handover;
mod held_lock;
mod memory;
mod messages;
mod nested;
mod random;
mod refusal;
mod service_thread;
mod services;
mod state;
mod status;
mod strangers;
#[path = "../support/mod.rs"]
mod support;
mod talk;
mod told;
#[path = "../../fixtures/lib.rs"]
pub mod types;
mod values;
mod waiting;
