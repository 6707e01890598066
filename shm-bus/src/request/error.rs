//! Why a request got no answer.

use super::pending::IN_FLIGHT_MAX;
use crate::inbox::ReceiveError;
use crate::outgoing::SendError;
use crate::wire::Status;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The service has no server. Nothing was sent.
    #[error("service `{service}` has no server")]
    NoServer {
        /// The service.
        service: String,
    },
    /// The server has not read the earlier requests of this client. Nothing was sent; it was counted as rejected.
    #[error("the server of `{service}` is behind with this client's requests; this one was not sent")]
    Full {
        /// The service.
        service: String,
    },
    /// The request exceeds the client's lane. Nothing was sent.
    #[error("a request of {len} bytes to `{service}` is longer than {max}")]
    TooLong {
        /// The service.
        service: String,
        /// Length of the method's argument in bytes.
        len: usize,
        /// Maximum number of bytes.
        max: usize,
    },
    /// Too many requests are in flight. Nothing was sent.
    #[error("{IN_FLIGHT_MAX} requests to `{service}` are in flight, which is the maximum")]
    InFlight {
        /// The service.
        service: String,
    },
    /// The lane can't be written any more; create the client anew. Nothing was sent.
    #[error("cannot send to `{service}`")]
    Send {
        /// The service.
        service: String,
        /// The reason.
        source: SendError,
    },
    /// The server that had the request is gone. It is unknown whether the request ran.
    #[error("the server of `{service}` is gone")]
    ServerGone {
        /// The service.
        service: String,
    },
    /// The server found no room on the bus for a lane of answers to this client. It did not run the request.
    #[error(
        "`{service}` cannot answer this client: the bus has no room for the lane of its answers; raise its limits of lanes, topics or \
         bytes (`Bus::builder`), or drop publishers"
    )]
    Unanswerable {
        /// The service.
        service: String,
    },
    /// There was no answer in time. It is unknown whether the request ran.
    #[error("no answer from `{service}` before the deadline")]
    Deadline {
        /// The service.
        service: String,
    },
    /// The server answered that the request was not done.
    #[error("`{service}` answers: {status}{}", reason_text(reason))]
    Refused {
        /// The service.
        service: String,
        /// The status; not [`Status::Ok`].
        status: Status,
        /// The server's explanation; text, unless the service gives its own errors another meaning.
        reason: Vec<u8>,
    },
    /// The request or its answer is not of the method's type.
    #[error(transparent)]
    Codec(#[from] super::CodecError),
    /// No such request is in flight: it was answered, given up or cancelled.
    #[error("the ticket belongs to no request in flight to `{service}`")]
    Ticket {
        /// The service.
        service: String,
    },
    /// Nothing can be received now; the request stays in flight.
    #[error(transparent)]
    Receive(#[from] ReceiveError),
}

fn reason_text(reason: &[u8]) -> String {
    if reason.is_empty() { String::new() } else { format!(", {}", String::from_utf8_lossy(reason)) }
}
