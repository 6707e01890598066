//! The server's sessions with its clients: who they are, which of their requests may run, and the lane back to each.
//!
//! # Invariants
//! 1. A client is an inbox in the registry that reads `<service>/response/<its id>`; a request that names anything else is not answered.
//! 2. `seen` is the largest correlation of a client that was read; `cancelled` contains only larger ones, at most [`CANCELS_MAX`].
//!
//! # Failure
//! An answer without a lane back is counted, never waited for. A request without one is not run, and its client is told.

use std::time::Duration;

use std::time::Instant;

use super::counts::ServerCounts;
use super::pending::IN_FLIGHT_MAX;
use super::{Codec, ServiceSpec, has_passed, time_until, unanswerable};
use crate::inbox_file::InboxFile;
use crate::lane::Envelope;
use crate::layout::inbox::ServerCount;
use crate::membership::{Bus, ChangeError, Shared};
use crate::outgoing::SendError;
use crate::publisher::{Publisher, PublisherError};
use crate::wire::{Kind, Priority, RequestPrefix, RequestPrefixError, Status};

/// Maximum number of cancels remembered for one client whose requests are still to be read.
const CANCELS_MAX: usize = IN_FLIGHT_MAX;

/// Why an answer did not reach its client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplyError {
    /// The client no longer exists.
    #[error("the client is gone")]
    ClientGone,
    /// The client has not read its earlier answers; this one is lost and counted.
    #[error("the client has not read its earlier answers")]
    Full,
    /// The answer exceeds the lane's maximum; the client is told that it failed.
    #[error("an answer of {len} bytes is longer than {max}")]
    TooLong {
        /// Length of the answer in bytes.
        len: usize,
        /// Maximum number of bytes.
        max: usize,
    },
    /// The answer can't be encoded; the client is told that it failed.
    #[error("the answer cannot be encoded")]
    Codec,
    /// The lane can't be written.
    #[error("cannot send the answer")]
    Send(#[source] SendError),
}

/// A request that still needs its answer; see [`Request::defer`](super::Request::defer).
#[derive(Debug)]
#[must_use = "the client waits for an answer"]
pub struct DeferredReply {
    pub(super) address: Address,
    pub(super) prefix: RequestPrefix,
}

impl DeferredReply {
    /// The requested method.
    #[must_use]
    pub const fn method(&self) -> u32 {
        self.prefix.method
    }

    /// Time for which the client still waits.
    #[must_use]
    pub fn time_left(&self) -> Duration {
        time_until(self.prefix.deadline_ns)
    }

    /// Whether its client has stopped waiting.
    #[must_use]
    pub fn has_expired(&self) -> bool {
        has_passed(self.prefix.deadline_ns)
    }
}

/// Destination of an answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Address {
    /// Id of the client's inbox.
    client: u64,
    correlation: u64,
}

/// A message to a server.
#[derive(Debug)]
pub(super) struct Message<'a> {
    pub(super) kind: Kind,
    pub(super) correlation: u64,
    pub(super) payload: &'a [u8],
    /// Since when it has been held back.
    pub(super) since: Option<Instant>,
}

/// The client's lane can't be created while another participant changes the bus: the message is to be held back.
#[derive(Debug)]
pub(super) struct LaneBusy {
    /// Time of the first attempt.
    pub(super) since: Instant,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Sessions {
    bus: Bus,
    name: String,
    schema: String,
    priority: Priority,
    response_capacity: u32,
    clients: Vec<Session>,
    /// Index of the client that was looked up last.
    recent: usize,
    /// The file of the server's inbox, for the counters.
    file: InboxFile,
    /// Reused buffer in which answers are encoded.
    buffer: Vec<u8>,
    /// Epoch of the registry at which clients that are gone were last dropped.
    epoch: u64,
}

/// One client.
#[derive(Debug)]
struct Session {
    id: u64,
    publisher: Publisher,
    seen: u64,
    cancelled: Vec<u64>,
}

impl Sessions {
    pub(super) fn new(bus: Bus, service: &ServiceSpec<'_>, file: InboxFile) -> Self {
        let epoch = bus.shared().control.epoch();
        Self {
            bus,
            name: service.name.to_owned(),
            schema: service.schema.to_owned(),
            priority: service.priority,
            response_capacity: service.response_capacity,
            clients: Vec::new(),
            recent: 0,
            file,
            buffer: Vec::new(),
            epoch,
        }
    }

    pub(super) fn counts(&self) -> ServerCounts {
        if self.bus.shared().is_forked() { ServerCounts::default() } else { ServerCounts::of(&self.file) }
    }

    pub(super) const fn clients(&self) -> usize {
        self.clients.len()
    }

    /// Drops the lanes to clients whose inbox has left the registry.
    #[inline]
    pub(super) fn close_gone(&mut self, shared: &Shared) {
        if shared.control.epoch() != self.epoch {
            self.close_gone_cold(shared);
        }
    }

    #[cold]
    fn close_gone_cold(&mut self, shared: &Shared) {
        // The epoch changes when a publisher goes; that is seen the next time.
        self.epoch = shared.control.epoch();
        let present: Vec<u64> = shared.control.inboxes().map(|inbox| inbox.id).collect();
        self.clients.retain(|client| present.contains(&client.id));
    }

    /// The request to run and its address, if the message is a request that may run.
    pub(super) fn admit(&mut self, shared: &Shared, message: &Message<'_>) -> Result<Option<DeferredReply>, LaneBusy> {
        let prefix = match RequestPrefix::decode(message.payload) {
            Ok((prefix, _)) if message.correlation != 0 => prefix,
            Ok(_) | Err(RequestPrefixError::Short(_) | RequestPrefixError::ReplyTo) => {
                ServerCount::Malformed.count_in(&self.file);
                return Ok(None);
            }
            Err(error) => return self.refuse_malformed(shared, message, error).map(|()| None),
        };
        let address = Address { client: prefix.reply_to, correlation: message.correlation };
        match message.kind {
            Kind::Request => self.admit_request(shared, address, prefix, message.since),
            Kind::Cancel => self.cancel(shared, address, message.since).map(|()| None),
            Kind::Message | Kind::Pad | Kind::Response => {
                ServerCount::Malformed.count_in(&self.file);
                Ok(None)
            }
        }
    }

    fn admit_request(
        &mut self,
        shared: &Shared,
        address: Address,
        prefix: RequestPrefix,
        since: Option<Instant>,
    ) -> Result<Option<DeferredReply>, LaneBusy> {
        let Some(client) = self.client(shared, address.client, since)? else {
            self.note_unanswerable(shared, address);
            return Ok(None);
        };
        if address.correlation <= client.seen {
            ServerCount::Malformed.count_in(&self.file);
            return Ok(None);
        }
        client.seen = address.correlation;
        let cancelled = !client.cancelled.is_empty() && client.take_cancel(address.correlation);
        if cancelled {
            ServerCount::Cancelled.count_in(&self.file);
            let _ = self.answer(address, Status::Cancelled, &[]);
            return Ok(None);
        }
        if has_passed(prefix.deadline_ns) {
            ServerCount::Expired.count_in(&self.file);
            let _ = self.answer(address, Status::DeadlineExceeded, &[]);
            return Ok(None);
        }
        ServerCount::Served.count_in(&self.file);
        Ok(Some(DeferredReply { address, prefix }))
    }

    #[cold]
    fn note_unanswerable(&self, shared: &Shared, address: Address) {
        ServerCount::Unanswerable.count_in(&self.file);
        if let Some(inbox) = shared.control.inboxes().find(|inbox| inbox.id == address.client) {
            unanswerable::tell(&self.file, inbox.index, inbox.id, address.correlation);
        }
    }

    fn cancel(&mut self, shared: &Shared, address: Address, since: Option<Instant>) -> Result<(), LaneBusy> {
        let client = self.client(shared, address.client, since)?;
        match client {
            Some(client) if address.correlation > client.seen && client.cancelled.len() < CANCELS_MAX => {
                client.cancelled.push(address.correlation);
            }
            _ => ServerCount::CancelsLate.count_in(&self.file),
        }
        Ok(())
    }

    /// Reports this to the sender, as far as the sender is known.
    #[cold]
    fn refuse_malformed(
        &mut self,
        shared: &Shared,
        message: &Message<'_>,
        error: RequestPrefixError,
    ) -> Result<(), LaneBusy> {
        let reply_to = message.payload.get(8..16).and_then(|bytes| bytes.try_into().ok());
        let reply_to = reply_to.map_or(0, u64::from_le_bytes);
        let is_known = self.client(shared, reply_to, message.since)?.is_some();
        ServerCount::Malformed.count_in(&self.file);
        if is_known {
            let address = Address { client: reply_to, correlation: message.correlation };
            let _ = self.answer(address, Status::Malformed, error.to_string().as_bytes());
        }
        Ok(())
    }

    /// Sends an answer to its client.
    pub(super) fn answer(&mut self, address: Address, status: Status, payload: &[u8]) -> Result<(), ReplyError> {
        if self.bus.shared().is_forked() {
            return Err(ReplyError::Send(SendError::Forked));
        }
        let Some(index) = self.position(address.client) else {
            ServerCount::Undelivered.count_in(&self.file);
            return Err(ReplyError::ClientGone);
        };
        let publisher = &mut self.clients[index].publisher;
        let envelope =
            |status| Envelope { kind: Kind::Response, flags: status as u8, correlation: address.correlation };
        match publisher.send_as(self.priority, envelope(status), payload) {
            Ok(()) => {
                ServerCount::Answered.count_in(&self.file);
                Ok(())
            }
            Err(SendError::Full) => {
                ServerCount::Overflowed.count_in(&self.file);
                Err(ReplyError::Full)
            }
            Err(SendError::TooLong { len, max }) => {
                let error = ReplyError::TooLong { len, max };
                // Always short enough: `TooLong` can't occur twice.
                self.answer(address, Status::Failed, error.to_string().as_bytes())?;
                Err(error)
            }
            Err(error) => Err(ReplyError::Send(error)),
        }
    }

    /// Encodes an answer and sends it to its client.
    pub(super) fn answer_value<C: Codec>(&mut self, address: Address, value: &C::Value) -> Result<(), ReplyError> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        let outcome = match C::encode(value, &mut buffer) {
            Ok(()) => self.answer(address, Status::Ok, &buffer),
            Err(error) => {
                self.answer(address, Status::Failed, error.to_string().as_bytes()).and(Err(ReplyError::Codec))
            }
        };
        self.buffer = buffer;
        outcome
    }

    fn position(&mut self, id: u64) -> Option<usize> {
        if self.clients.get(self.recent).is_none_or(|client| client.id != id) {
            self.recent = self.clients.iter().position(|client| client.id == id)?;
        }
        Some(self.recent)
    }

    /// The client whose inbox has this id; a new client gets its lane.
    fn client(&mut self, shared: &Shared, id: u64, since: Option<Instant>) -> Result<Option<&mut Session>, LaneBusy> {
        let index = match self.position(id) {
            Some(index) => Some(index),
            None => self.open_session(shared, id, since)?,
        };
        Ok(index.and_then(|index| self.clients.get_mut(index)))
    }

    #[cold]
    fn open_session(&mut self, shared: &Shared, id: u64, since: Option<Instant>) -> Result<Option<usize>, LaneBusy> {
        let since = since.unwrap_or_else(Instant::now);
        let Self { bus, name, schema, priority, response_capacity, .. } = self;
        let service = ServiceSpec { schema: schema.as_str(), ..ServiceSpec::untyped(name) };
        let Some(inbox) = shared.control.inboxes().find(|inbox| inbox.id == id) else { return Ok(None) };
        let reads = service.responses(id, |topic| {
            shared.control.topics().any(|entry| entry.name == topic.name && inbox.gates(entry.index))
        });
        if !reads {
            return Ok(None);
        }
        let lanes = [(*priority, *response_capacity)];
        let publisher = service.responses(id, |topic| bus.publisher(topic, service.name, &lanes));
        match publisher {
            Ok(publisher) => {
                self.clients.push(Session { id, publisher, seen: 0, cancelled: Vec::new() });
                Ok(Some(self.clients.len() - 1))
            }
            Err(PublisherError::Change(ChangeError::Busy { .. })) if since.elapsed() < shared.lock_timeout => {
                Err(LaneBusy { since })
            }
            Err(error) => {
                tracing::warn!(service = name, client = id, %error, "cannot answer a client");
                Ok(None)
            }
        }
    }
}

impl Session {
    /// Whether `correlation` was cancelled; forgets it and the cancels before it.
    fn take_cancel(&mut self, correlation: u64) -> bool {
        let cancelled = self.cancelled.contains(&correlation);
        self.cancelled.retain(|other| *other > correlation);
        cancelled
    }
}
