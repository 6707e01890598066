//! Requests and responses: a **service** is a name for which one server answers requests of any number of clients.
//!
//! ```text
//! client 1 ── request, cancel ──► <service>/request ──► server
//! client 2 ── request, cancel ──►        (one inbox)       │
//!    ▲                                                     │ a publisher for each client
//!    └─────────────── <service>/response/<client> ◄────────┘
//! ```
//! A client's requests are one lane at the service's priority, its cancels another at Critical, so that a cancel overtakes waiting
//! requests. Each client has its own response topic: a client that does not read it loses only its own answers and blocks nobody.
//!
//! | module | role |
//! |---|---|
//! | `service`, `typed`, `codec`, `pack` | what a service is: its description, its methods' types, their bytes |
//! | `client`, `pending` | the client, and its requests in flight |
//! | `server`, `sessions`, `incoming`, `dispatch` | the server, its clients, one request, serving by type |
//! | `unanswerable`, `counts`, `error` | requests without an answer; counters |
//!
//! # Words
//! A **method** is an operation of a service, identified by a number. A **ticket** stands for one request in flight. An answer is **late**
//! if nobody waits for it any more.
//!
//! # Invariants
//! 1. At most one server gates a request topic; this is decided under `bus.lock`.
//! 2. A client's correlations grow. The server never serves one again that it has seen: a request runs at most once.
//! 3. A request is not run after its deadline has passed or its cancel was seen; it is answered by status and counted.
//! 4. A client returns no answer after its deadline, no matter when it arrived.
//! 5. Everything that grows is bounded: requests in flight at a client, cancels remembered for it at the server.
//!
//! # Failure
//! A client detects a server that is gone by its entry at each poll, a killed one by its lock at least every 10 ms while waiting, and in
//! any case by the deadline. A server without a lane for its answers says so in its own inbox, which the client checks as often. Answers to
//! a client that is gone are lost and counted.

mod client;
mod codec;
mod counts;
mod dispatch;
mod error;
mod incoming;
#[cfg(feature = "messagepack")]
pub mod pack;
mod pending;
mod server;
mod service;
mod sessions;
#[cfg(test)]
mod tests;
mod typed;
mod unanswerable;

pub use client::{Client, Response};
pub use codec::{AsBytes, Codec, CodecError};
pub use counts::{ClientCounts, ServerCounts};
pub use dispatch::Dispatch;
pub use error::CallError;
pub use incoming::Request;
#[cfg(feature = "messagepack")]
pub use pack::AsPack;
pub use pending::Ticket;
pub use server::Server;
pub use service::{Method, Service, ServiceError, ServiceSpec};
pub use sessions::{DeferredReply, ReplyError};
pub use typed::{TypedClient, TypedTicket};

use std::time::Duration;

use crate::membership::Bus;

/// Whether a deadline has passed. Reading the clock costs as much as a message, so it is not read without a deadline.
#[inline]
fn has_passed(deadline_ns: u64) -> bool {
    deadline_ns != u64::MAX && crate::sys::monotonic_ns() >= deadline_ns
}

/// Time until `deadline_ns`.
fn time_until(deadline_ns: u64) -> Duration {
    Duration::from_nanos(deadline_ns.saturating_sub(crate::sys::monotonic_ns()))
}

/// The longest wait that every clock can represent.
const WAIT_MAX: Duration = Duration::from_secs(365 * 24 * 3600);

impl Bus {
    /// Creates the server of a service: `bus.server("inventory")`, or with a [`ServiceSpec`].
    ///
    /// It does not see requests that were sent to an earlier server.
    ///
    /// # Errors
    /// [`ServiceError::Taken`] if the service has a live server; otherwise see [`ServiceError`].
    pub fn server<'a>(&self, service: impl Into<ServiceSpec<'a>>) -> Result<Server, ServiceError> {
        Server::new(self, &service.into())
    }

    /// Like [`Self::server`], for a service declared by [`service!`](crate::service).
    ///
    /// # Errors
    /// As for [`Self::server`].
    pub fn server_of<S: Service>(&self) -> Result<Server, ServiceError> {
        self.server(ServiceSpec::of::<S>())
    }

    /// Creates a client of a service, which needs no server yet. It takes an inbox, a topic and two lanes on the bus, and a third lane when
    /// it gets its first answer.
    ///
    /// # Errors
    /// See [`ServiceError`].
    pub fn client<'a>(&self, service: impl Into<ServiceSpec<'a>>) -> Result<Client, ServiceError> {
        Client::new(self, &service.into())
    }

    /// Like [`Self::client`], for a service declared by [`service!`](crate::service).
    ///
    /// # Errors
    /// As for [`Self::client`].
    pub fn client_of<S: Service>(&self) -> Result<TypedClient<S>, ServiceError> {
        self.client(ServiceSpec::of::<S>()).map(TypedClient::new)
    }
}
