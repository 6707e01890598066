//! The client: sends requests, matches answers to tickets, gives up at deadlines.
//!
//! # Failure
//! Each error ends its request, whose ticket is then unknown. Only [`CallError::Receive`] leaves it in flight.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::counts::ClientCounts;
use super::pending::{IN_FLIGHT_MAX, Pending, Ticket};
use super::{CallError, ServiceError, ServiceSpec, WAIT_MAX, has_passed, unanswerable};
use crate::bell::SLICE;
use crate::inbox::{Attachment, Inbox, ReceiveError};
use crate::inbox_file::InboxFile;
use crate::lane::{Envelope, Start};
use crate::layout::inbox::ClientCount;
use crate::membership::{Bus, Change, Shared};
use crate::outgoing::SendError;
use crate::publisher::Publisher;
use crate::sys::monotonic_ns;
use crate::wire::{Kind, Priority, REQUEST_PREFIX_BYTES, RequestPrefix, Status};

/// Bytes of a client's lane of cancels.
const CANCEL_CAPACITY: u32 = 4096;

/// An answer. Valid until the next call to its client.
#[derive(Clone, Copy, Debug)]
pub struct Response<'a> {
    /// The method's result; 8-byte aligned.
    pub payload: &'a [u8],
}

/// Client of one service: sends requests, matches answers to tickets, gives up at deadlines. Made by [`Bus::client`](crate::Bus::client).
#[derive(Debug)]
pub struct Client {
    shared: Arc<Shared>,
    service: String,
    priority: Priority,
    publisher: Publisher,
    inbox: Inbox,
    pending: Pending,
    /// The inbox's file, for the counters.
    file: InboxFile,
    /// Epoch of the registry at which `server` was looked up.
    epoch: Option<u64>,
    server: Option<ServerSide>,
    /// Correlation up to which the server was seen to report that it can't answer.
    unanswerable: u64,
}

/// The server as seen by its client.
#[derive(Debug)]
struct ServerSide {
    /// Id of its inbox.
    id: u64,
    /// Slot of its participant.
    participant: usize,
    /// File of its inbox; `None` if it could not be mapped. Then the deadline takes the place of what is read there.
    file: Option<InboxFile>,
}

/// Location of an answer.
#[derive(Clone, Copy)]
enum Found {
    /// The last message of the inbox, with this length.
    Received(usize),
    /// Among the kept answers.
    Kept,
}

impl Client {
    pub(super) fn new(bus: &Bus, service: &ServiceSpec<'_>) -> Result<Self, ServiceError> {
        service.check()?;
        let lanes = [(service.priority, service.request_capacity), (Priority::Critical, CANCEL_CAPACITY)];
        // The request topic comes first: it detects another service of the same name.
        let publisher = service.requests(|topic| bus.publisher(topic, service.name, &lanes))?;
        let mut inbox = bus.inbox(service.name, Attachment::Gating)?;
        service.responses(inbox.id(), |topic| inbox.subscribe(topic, Start::Now))?;
        Ok(Self {
            shared: Arc::clone(bus.shared()),
            service: service.name.to_owned(),
            priority: service.priority,
            publisher,
            file: inbox.shared_file(),
            inbox,
            pending: Pending::default(),
            epoch: None,
            server: None,
            unanswerable: 0,
        })
    }

    /// Sends a request and waits for the answer, at most `timeout`.
    ///
    /// # Errors
    /// See [`CallError`]; after [`CallError::Receive`] the request is given up, too.
    pub fn call(&mut self, method: u32, payload: &[u8], timeout: Duration) -> Result<Response<'_>, CallError> {
        let ticket = self.send(method, payload, timeout)?;
        self.finish(ticket)
    }

    /// Sends a request without waiting. `timeout` sets its deadline; [`Duration::MAX`] means none.
    ///
    /// # Errors
    /// See [`CallError`]; then nothing was sent.
    pub fn send(&mut self, method: u32, payload: &[u8], timeout: Duration) -> Result<Ticket, CallError> {
        if self.shared.is_forked() {
            return Err(self.not_sent(SendError::Forked, payload.len()));
        }
        let Some(server) = self.server().map(|server| server.id) else {
            if self.shared.look_if_removed() {
                return Err(self.not_sent(SendError::Removed, payload.len()));
            }
            return Err(CallError::NoServer { service: self.service.clone() });
        };
        let now_ns = monotonic_ns();
        let deadline_ns = now_ns.saturating_add(u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX));
        if self.pending.len() == IN_FLIGHT_MAX {
            self.pending.reclaim(now_ns, || ClientCount::Expired.count_in(&self.file));
        }
        let Some(ticket) = self.pending.next() else {
            return Err(CallError::InFlight { service: self.service.clone() });
        };
        let prefix = RequestPrefix { deadline_ns, reply_to: self.inbox.id(), method };
        self.write(ticket, &prefix, payload).map_err(|error| self.not_sent(error, payload.len()))?;
        self.pending.start(ticket, deadline_ns, server);
        ClientCount::Sent.count_in(&self.file);
        Ok(ticket)
    }

    /// Returns the answer to a request, if it has arrived. An answer that is polled after its deadline is late, no matter when it arrived.
    ///
    /// # Errors
    /// See [`CallError`].
    #[inline]
    pub fn poll(&mut self, ticket: Ticket) -> Result<Option<Response<'_>>, CallError> {
        let found = self.look(ticket)?;
        Ok(found.map(|found| self.response(ticket, found)))
    }

    /// Waits for the answer to a request until its deadline.
    ///
    /// # Errors
    /// As for [`Self::call`].
    pub fn finish(&mut self, ticket: Ticket) -> Result<Response<'_>, CallError> {
        let found = loop {
            match self.look(ticket) {
                Ok(Some(found)) => break found,
                Ok(None) => {}
                Err(error) => {
                    self.give_up(ticket);
                    return Err(error);
                }
            }
            let deadline_ns = self.pending.find(ticket.0).map_or(0, |slot| slot.deadline_ns);
            let left = Duration::from_nanos(deadline_ns.saturating_sub(monotonic_ns()));
            if let Err(error) = self.wait(left.min(SLICE)) {
                self.give_up(ticket);
                return Err(error.into());
            }
        };
        Ok(self.response(ticket, found))
    }

    /// Sleeps until an answer arrives, at most `timeout`; returns whether one did. Answers that a poll has already seen do not count: poll
    /// every ticket first. The wait ends early if the server is gone or reports that it can't answer; the next poll then returns the error.
    ///
    /// # Errors
    /// See [`ReceiveError`].
    pub fn wait(&mut self, timeout: Duration) -> Result<bool, ReceiveError> {
        let until = Instant::now() + timeout.min(WAIT_MAX);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if self.inbox.wait_timeout(left.min(SLICE))? {
                return Ok(true);
            }
            if self.has_news_of_its_server() || left <= SLICE {
                return Ok(false);
            }
        }
    }

    /// Whether there is no server, or it has died or can't answer.
    fn has_news_of_its_server(&mut self) -> bool {
        let Some(participant) = self.server().map(|server| server.participant) else { return true };
        let dead = !self.shared.is_alive(participant);
        if dead {
            Change::sweep_if_free(&self.shared);
        }
        dead || self.told_unanswerable() != self.unanswerable
    }

    /// Correlation of this client's last request that the last known server reports it can't answer.
    #[inline]
    fn told_unanswerable(&self) -> u64 {
        let file = self.server.as_ref().and_then(|server| server.file.as_ref());
        file.map_or(0, |file| unanswerable::told(file, self.inbox.index(), self.inbox.id()))
    }

    /// Gives up a request and tells the server, which does not run it if it has not begun. Returns whether it was in flight.
    pub fn cancel(&mut self, ticket: Ticket) -> bool {
        if self.shared.is_forked() || self.pending.find(ticket.0).is_none() {
            return false;
        }
        self.pending.finish(ticket);
        ClientCount::Cancelled.count_in(&self.file);
        let prefix = RequestPrefix { deadline_ns: u64::MAX, reply_to: self.inbox.id(), method: 0 };
        let envelope = Envelope { kind: Kind::Cancel, flags: 0, correlation: ticket.0 };
        // Without room for the cancel the request runs in vain; the lane counts that.
        let _ = self.publisher.send_as(Priority::Critical, envelope, &prefix.encode());
        true
    }

    /// Number of requests in flight.
    #[must_use]
    pub const fn in_flight(&self) -> usize {
        self.pending.len()
    }

    /// Its counters so far. Others see them in a [`Snapshot`](crate::Snapshot).
    #[must_use]
    pub fn counts(&self) -> ClientCounts {
        if self.shared.is_forked() { ClientCounts::default() } else { ClientCounts::of(&self.file) }
    }

    /// Name of the service.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// Whether the service has a server.
    pub fn has_server(&mut self) -> bool {
        !self.shared.is_forked() && self.server().is_some()
    }

    /// Maximum length of a request in bytes.
    #[must_use]
    pub fn payload_max(&self) -> usize {
        self.publisher.payload_max(self.priority) - REQUEST_PREFIX_BYTES
    }

    /// Ends the request as lost unless it has ended otherwise.
    #[cold]
    fn give_up(&mut self, ticket: Ticket) {
        if self.pending.finish(ticket) && !self.shared.is_forked() {
            ClientCount::Lost.count_in(&self.file);
        }
    }

    fn write(&mut self, ticket: Ticket, prefix: &RequestPrefix, payload: &[u8]) -> Result<(), SendError> {
        let mut loan = self.publisher.loan(self.priority, REQUEST_PREFIX_BYTES.saturating_add(payload.len()))?;
        loan.write(0, &prefix.encode());
        loan.write(REQUEST_PREFIX_BYTES, payload);
        loan.commit_as(Envelope { kind: Kind::Request, flags: 0, correlation: ticket.0 });
        Ok(())
    }

    /// Id of the inbox that receives the answers.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) const fn id(&self) -> u64 {
        self.inbox.id()
    }

    /// Looks for the answer to `ticket`. After an answer, or an error other than `Receive`, it is no longer in flight.
    fn look(&mut self, ticket: Ticket) -> Result<Option<Found>, CallError> {
        self.inbox.refuse_forked()?;
        // Before the inbox: the answers that the server sent before it left are there by then.
        let server = self.server().map(|server| server.id);
        let Some(slot) = self.pending.find(ticket.0) else {
            return Err(CallError::Ticket { service: self.service.clone() });
        };
        let (deadline_ns, gone) = (slot.deadline_ns, server != Some(slot.server));
        let found = match slot.answer {
            Some(status) => Some((status, Found::Kept)),
            None => self.receive(ticket)?,
        };
        if has_passed(deadline_ns) {
            ClientCount::Expired.count_in(&self.file);
            if found.is_some() {
                ClientCount::Late.count_in(&self.file);
            }
            self.pending.finish(ticket);
            return Err(CallError::Deadline { service: self.service.clone() });
        }
        match found {
            None if gone => {
                ClientCount::Lost.count_in(&self.file);
                self.pending.finish(ticket);
                Err(CallError::ServerGone { service: self.service.clone() })
            }
            None if self.is_unanswerable(ticket) => {
                self.give_up(ticket);
                Err(CallError::Unanswerable { service: self.service.clone() })
            }
            None => Ok(None),
            Some((status, found)) => {
                ClientCount::Answered.count_in(&self.file);
                self.pending.finish(ticket);
                if status == Status::Ok {
                    return Ok(Some(found));
                }
                ClientCount::Refused.count_in(&self.file);
                let reason = self.response(ticket, found).payload.to_vec();
                Err(CallError::Refused { service: self.service.clone(), status, reason })
            }
        }
    }

    /// Whether the last known server, which has to be the one that got the request, can't answer it.
    #[inline]
    fn is_unanswerable(&mut self, ticket: Ticket) -> bool {
        self.unanswerable = self.told_unanswerable();
        ticket.0 <= self.unanswerable
    }

    /// Receives messages until one is the answer to `ticket`; keeps the answers to other requests.
    fn receive(&mut self, ticket: Ticket) -> Result<Option<(Status, Found)>, ReceiveError> {
        while let Some(delivery) = self.inbox.receive()? {
            if delivery.kind != Kind::Response {
                ClientCount::Strange.count_in(&self.file);
                continue;
            }
            let status = Status::from_wire(delivery.status);
            if delivery.correlation == ticket.0 {
                return Ok(Some((status, Found::Received(delivery.payload.len()))));
            }
            if !self.pending.keep(delivery.correlation, status, delivery.payload) {
                ClientCount::Late.count_in(&self.file);
            }
        }
        Ok(None)
    }

    fn response(&self, ticket: Ticket, found: Found) -> Response<'_> {
        let payload = match found {
            Found::Received(len) => self.inbox.last_payload(len),
            Found::Kept => self.pending.kept(ticket),
        };
        Response { payload }
    }

    /// The inbox that gates the request topic.
    #[inline]
    fn server(&mut self) -> Option<&ServerSide> {
        let epoch = self.shared.control.epoch();
        if self.epoch != Some(epoch) {
            self.look_up_server();
            self.epoch = Some(epoch);
        }
        self.server.as_ref()
    }

    #[cold]
    fn look_up_server(&mut self) {
        let topic = self.publisher.topic_index();
        let server = self.shared.control.inboxes().find(|inbox| inbox.gates(topic) && inbox.name == self.service);
        let former = self.server.take();
        self.server = server.map(|inbox| match former {
            Some(former) if former.id == inbox.id && former.file.is_some() => former,
            _ => {
                ServerSide { id: inbox.id, participant: inbox.participant, file: self.shared.open_inbox(inbox.id).ok() }
            }
        });
    }

    #[cold]
    fn not_sent(&self, error: SendError, len: usize) -> CallError {
        let service = self.service.clone();
        match error {
            SendError::Full => CallError::Full { service },
            SendError::TooLong { .. } => CallError::TooLong { service, len, max: self.payload_max() },
            source => CallError::Send { service, source },
        }
    }
}
