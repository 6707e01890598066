//! The server of a service.
//!
//! # Failure
//! A request whose client has no lane for its answer yet is held back while another participant changes the bus, and later ones with it, for as
//! long as the participant's lock timeout. A request that must not run is answered here. If a request is dropped without an answer, also by a panic, it is answered as failed.

use std::future::Future as _;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use super::sessions::{LaneBusy, Message, Sessions};
use super::{DeferredReply, ReplyError, Request, ServerCounts, ServiceError, ServiceSpec, WAIT_MAX};
use crate::inbox::{Attachment, Inbox, ReceiveError, SubscribeError};
use crate::lane::Start;
use crate::membership::{Bus, Shared};
use crate::wire::{Kind, Status};

/// The only live server of one service. Made by [`Bus::server`](crate::Bus::server). Belongs to one thread at a time.
#[derive(Debug)]
pub struct Server {
    // Dropped first: clients see that it is gone, then check for answers once more.
    inbox: Inbox,
    sessions: Sessions,
    shared: Arc<Shared>,
    held_back: Option<HeldBack>,
}

/// A message that waits for a lane to its client. Its payload is still in the inbox.
#[derive(Debug)]
struct HeldBack {
    kind: Kind,
    correlation: u64,
    len: usize,
    since: Instant,
}

impl Server {
    /// Maximum number of requests that one call passes to the handler, so that a server within a frame loop returns to its frame.
    pub const SERVE_MAX: usize = 1024;
    /// Maximum number of messages that one call skips.
    const PASSED_OVER_MAX: usize = 1024;
    /// Time between two attempts to create the lane that a request waits for. Nothing tells that `bus.lock` is free.
    const LANE_PAUSE: Duration = Duration::from_millis(1);

    pub(super) fn new(bus: &Bus, service: &ServiceSpec<'_>) -> Result<Self, ServiceError> {
        service.check()?;
        let mut inbox = bus.inbox(service.name, Attachment::Gating)?;
        // From now: requests that were sent to an earlier server may have run.
        service.requests(|topic| inbox.subscribe_alone(topic, Start::Now)).map_err(|error| match error {
            SubscribeError::Taken { by, .. } => ServiceError::Taken { service: service.name.to_owned(), by },
            error => error.into(),
        })?;
        let sessions = Sessions::new(bus.clone(), service, inbox.shared_file());
        Ok(Self { inbox, sessions, shared: Arc::clone(bus.shared()), held_back: None })
    }

    /// The most urgent request that waits, if any. Requests that are expired, cancelled or malformed are answered and skipped.
    ///
    /// # Errors
    /// See [`ReceiveError`].
    #[expect(clippy::should_implement_trait, reason = "a request borrows its server, which no iterator can express")]
    pub fn next(&mut self) -> Result<Option<Request<'_>>, ReceiveError> {
        self.inbox.refuse_forked()?;
        self.sessions.close_gone(&self.shared);
        for _ in 0..Self::PASSED_OVER_MAX {
            let (kind, correlation, len, since) = match self.held_back.take() {
                Some(HeldBack { kind, correlation, len, since }) => (kind, correlation, len, Some(since)),
                None => {
                    let Some(delivery) = self.inbox.receive()? else { return Ok(None) };
                    (delivery.kind, delivery.correlation, delivery.payload.len(), None)
                }
            };
            let message = Message { kind, correlation, payload: self.inbox.last_payload(len), since };
            match self.sessions.admit(&self.shared, &message) {
                Ok(Some(unanswered)) => {
                    return Ok(Some(Request::new(unanswered, self.inbox.last_payload(len), &mut self.sessions)));
                }
                Ok(None) => {}
                Err(LaneBusy { since }) => {
                    self.held_back = Some(HeldBack { kind, correlation, len, since });
                    return Ok(None);
                }
            }
        }
        Ok(None)
    }

    /// Passes waiting requests to `handler`, as [`Self::next`] returns them, at most [`Self::SERVE_MAX`]; returns their number.
    ///
    /// # Errors
    /// See [`ReceiveError`].
    pub fn serve(&mut self, mut handler: impl FnMut(Request<'_>)) -> Result<usize, ReceiveError> {
        let mut served = 0;
        while served < Self::SERVE_MAX
            && let Some(request) = self.next()?
        {
            handler(request);
            served += 1;
        }
        Ok(served)
    }

    /// Serves for `time`, sleeping while nothing waits; returns the number of requests.
    ///
    /// # Errors
    /// See [`ReceiveError`].
    pub fn serve_for(&mut self, time: Duration, mut handler: impl FnMut(Request<'_>)) -> Result<usize, ReceiveError> {
        let start = Instant::now();
        let mut served = 0;
        loop {
            while let Some(request) = self.next()? {
                handler(request);
                served += 1;
                if start.elapsed() >= time {
                    return Ok(served);
                }
            }
            if !self.wait(time.saturating_sub(start.elapsed()))? {
                return Ok(served);
            }
        }
    }

    /// Sleeps until something arrives, at most `timeout`; returns whether it did.
    ///
    /// # Errors
    /// See [`ReceiveError`].
    pub fn wait(&mut self, timeout: Duration) -> Result<bool, ReceiveError> {
        if self.held_back.is_some() {
            std::thread::sleep(timeout.min(Self::LANE_PAUSE));
            return Ok(true);
        }
        self.inbox.wait_timeout(timeout.min(WAIT_MAX))
    }

    /// Prepares sleeping elsewhere, for a thread that has several servers: `waker` is woken when something arrives, and spuriously at most
    /// once a second. Returns `true` if something waits already; then nobody is woken. Call this before every sleep.
    ///
    /// # Errors
    /// See [`ReceiveError`].
    pub fn arm(&mut self, waker: &Waker) -> Result<bool, ReceiveError> {
        if self.held_back.is_some() {
            std::thread::sleep(Self::LANE_PAUSE);
            return Ok(true);
        }
        Ok(pin!(self.inbox.wait_async()).poll(&mut Context::from_waker(waker))?.is_ready())
    }

    /// Answers a request that was deferred with [`Request::defer`].
    ///
    /// # Errors
    /// See [`ReplyError`].
    pub fn answer(&mut self, deferred: DeferredReply, status: Status, payload: &[u8]) -> Result<(), ReplyError> {
        self.sessions.answer(deferred.address, status, payload)
    }

    /// Number of clients that it currently answers.
    #[must_use]
    pub const fn clients(&self) -> usize {
        self.sessions.clients()
    }

    /// Its counters so far. Others see them in a [`Snapshot`](crate::Snapshot).
    #[must_use]
    pub fn counts(&self) -> ServerCounts {
        self.sessions.counts()
    }
}
