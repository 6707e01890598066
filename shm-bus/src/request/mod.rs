//! Asking and answering: a **service** is a name that one server answers for and any number of clients ask.
//!
//! ```text
//! client 1 ── request, cancel ──► <service>/request ──► server
//! client 2 ── request, cancel ──►        (one inbox)       │
//!    ▲                                                     │ a publisher for each client
//!    └─────────────── <service>/response/<client> ◄────────┘
//! ```
//! A client's requests are one lane at the service's priority, its cancels another at Critical, so that a cancel overtakes the
//! requests that wait. Each client has a response topic of its own: one that does not read loses its own answers and holds up nobody.
//!
//! # Words
//! A **method** is what a service can do, told apart by number. A **ticket** stands for one request in flight. An answer is **late**
//! when nobody waits for it any more.
//!
//! # Invariants
//! 1. At most one server gates a request topic; this is decided under `bus.lock`.
//! 2. A client's correlations grow. One that the server has seen is never served again: a request runs at most once.
//! 3. A request is not run once its deadline has passed or its cancel was seen; it is answered by status and counted.
//! 4. A client gives out no answer after its deadline, whenever that arrived.
//! 5. Everything that grows is bounded: requests in flight at a client, cancels remembered for it at the server.
//!
//! # Failure
//! A server that is gone is seen by its entry at each poll, a killed one by its lock at least every 10 ms while waiting, and in any
//! case by the deadline. One that gets no lane for its answers says so in its own inbox, where the client looks as often. A client that is gone loses its answers; they are counted.

mod client;
mod codec;
mod counts;
mod desk;
mod dispatch;
mod error;
mod incoming;
#[cfg(feature = "messagepack")]
pub mod pack;
mod pending;
mod server;
mod service;
#[cfg(test)]
mod tests;
mod typed;
mod unanswerable;

pub use client::{Client, Response};
pub use codec::{AsBytes, Codec, CodecError};
pub use counts::{ClientCounts, ServerCounts};
pub use desk::{Owed, ReplyError};
pub use dispatch::Dispatch;
pub use error::CallError;
pub use incoming::Request;
#[cfg(feature = "messagepack")]
pub use pack::AsPack;
pub use pending::Ticket;
pub use server::Server;
pub use service::{Method, Service, ServiceError, ServiceSpec};
pub use typed::{TypedClient, TypedTicket};

use std::time::Duration;

use crate::membership::Bus;

/// Whether a deadline has passed. Reading the clock costs as much as a message: who never gives up is not asked.
#[inline]
fn has_passed(deadline_ns: u64) -> bool {
    deadline_ns != u64::MAX && crate::sys::monotonic_ns() >= deadline_ns
}

/// The longest wait that a clock surely has room for.
const WAIT_MAX: Duration = Duration::from_secs(365 * 24 * 3600);

impl Bus {
    /// Becomes the server of a service: `bus.server("inventory")`, or with a [`ServiceSpec`].
    ///
    /// Requests that were sent to an earlier server are not seen.
    ///
    /// # Errors
    /// [`ServiceError::Taken`] when the service has a live server; else see [`ServiceError`].
    pub fn server<'a>(&self, service: impl Into<ServiceSpec<'a>>) -> Result<Server, ServiceError> {
        Server::new(self, &service.into())
    }

    /// As [`Self::server`], of a service declared by [`service!`](crate::service).
    ///
    /// # Errors
    /// As [`Self::server`].
    pub fn server_of<S: Service>(&self) -> Result<Server, ServiceError> {
        self.server(ServiceSpec::of::<S>())
    }

    /// A client of a service, which needs no server yet. It takes an inbox, a topic and two lanes on the bus, and a third when it
    /// is first answered.
    ///
    /// # Errors
    /// See [`ServiceError`].
    pub fn client<'a>(&self, service: impl Into<ServiceSpec<'a>>) -> Result<Client, ServiceError> {
        Client::new(self, &service.into())
    }

    /// As [`Self::client`], of a service declared by [`service!`](crate::service).
    ///
    /// # Errors
    /// As [`Self::client`].
    pub fn client_of<S: Service>(&self) -> Result<TypedClient<S>, ServiceError> {
        self.client(ServiceSpec::of::<S>()).map(TypedClient::new)
    }
}
