//! The commands of `hotframe`, run as processes on a real bus that the test holds.
//!
//! Every wait is for a line, a counter or an exit.

#![cfg(unix)]

mod accounts;
mod call;
mod doctor;
mod echo;
mod help;
mod hostile;
mod hz;
mod looking;
#[cfg(target_os = "linux")]
mod namespaces;
mod outputs;
mod publish;
mod queues;
mod record;
mod recording_to;
mod removed;
mod replay;
mod scribbled;
mod status;
mod support;
mod top;
mod values;
