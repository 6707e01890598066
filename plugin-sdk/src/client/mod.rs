//! Typed clients: what `#[interface]` makes of a trait, and the transport that its client calls through.
//!
//! ```text
//! DirectorClient ─► Connection: arguments as MessagePack ─► Caller: the host, the bus ─► export ─► reply
//! ```
//! An interface is a trait in a crate that callers and plugins share. It depends on this SDK, and on no plugin and no host.
//!
//! # Invariants
//! 1. A client names the signature that it was built for when it connects. A [`Caller`] executes no call of a method that has another
//!    signature, whichever generation of the plugin runs.
//! 2. This module knows no transport: everything that only a host has is behind [`Caller`].

mod arguments;
mod caller;
mod connection;
mod spec;

pub use arguments::Arguments;
pub use caller::{Caller, Misfit};
pub use connection::Connection;
pub use spec::{Interface, InterfaceSpec, MethodSpec};
