//! Answering for a service.
//!
//! # Failure
//! A request that must not run is answered here. One that is dropped without an answer, also by a panic, is answered as failed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::desk::Desk;
use super::{Owed, ReplyError, Request, ServerCounts, ServiceError, ServiceSpec};
use crate::bus::{Bus, Shared};
use crate::inbox::{Attachment, Inbox, ReceiveError, SubscribeError};
use crate::lane::From;
use crate::wire::Status;

/// See the module. Made by [`Bus::server`](crate::Bus::server). Belongs to one thread at a time.
#[derive(Debug)]
pub struct Server {
    // Goes first: clients see that it is gone, then look for answers once more.
    inbox: Inbox,
    desk: Desk,
    shared: Arc<Shared>,
}

impl Server {
    pub(super) fn new(bus: &Bus, service: &ServiceSpec<'_>) -> Result<Self, ServiceError> {
        service.check()?;
        let mut inbox = bus.inbox(service.name, Attachment::Gating)?;
        // From now: what was sent to an earlier server may have run.
        service.requests(|topic| inbox.subscribe_alone(topic, From::Now)).map_err(|error| match error {
            SubscribeError::Taken { .. } => ServiceError::Taken { service: service.name.to_owned() },
            error => error.into(),
        })?;
        Ok(Self { inbox, desk: Desk::new(bus.clone(), service), shared: Arc::clone(bus.shared()) })
    }

    /// The most urgent request that waits, if any. Those past their deadline, cancelled or malformed are answered and passed over.
    ///
    /// # Errors
    /// See [`ReceiveError`].
    #[expect(clippy::should_implement_trait, reason = "a request borrows its server, which no iterator can express")]
    pub fn next(&mut self) -> Result<Option<Request<'_>>, ReceiveError> {
        self.desk.forget_the_gone(&self.shared);
        loop {
            let Some(delivery) = self.inbox.receive()? else { return Ok(None) };
            let len = delivery.payload.len();
            if let Some(owed) = self.desk.admit(&self.shared, &delivery) {
                return Ok(Some(Request::new(owed, self.inbox.last_payload(len), &mut self.desk)));
            }
        }
    }

    /// Gives `handler` all requests that wait, as [`Self::next`] does; how many there were.
    ///
    /// # Errors
    /// See [`ReceiveError`].
    pub fn serve(&mut self, mut handler: impl FnMut(Request<'_>)) -> Result<usize, ReceiveError> {
        let mut served = 0;
        while let Some(request) = self.next()? {
            handler(request);
            served += 1;
        }
        Ok(served)
    }

    /// As [`Self::serve`], again and again for so long, sleeping in between.
    ///
    /// # Errors
    /// See [`ReceiveError`].
    pub fn serve_for(&mut self, time: Duration, mut handler: impl FnMut(Request<'_>)) -> Result<usize, ReceiveError> {
        let end = Instant::now() + time;
        let mut served = self.serve(&mut handler)?;
        while self.wait(end.saturating_duration_since(Instant::now()))? {
            served += self.serve(&mut handler)?;
        }
        Ok(served)
    }

    /// Sleeps until something arrives, at most `timeout`; whether it did.
    ///
    /// # Errors
    /// See [`ReceiveError`].
    pub fn wait(&mut self, timeout: Duration) -> Result<bool, ReceiveError> {
        self.inbox.wait_timeout(timeout)
    }

    /// Answers a request that was put off with [`Request::later`].
    ///
    /// # Errors
    /// See [`ReplyError`].
    pub fn answer(&mut self, owed: Owed, status: Status, payload: &[u8]) -> Result<(), ReplyError> {
        self.desk.answer(owed.address, status, payload)
    }

    /// Clients that it answers now.
    #[must_use]
    pub const fn clients(&self) -> usize {
        self.desk.clients()
    }

    /// What it has done so far.
    #[must_use]
    pub const fn counts(&self) -> ServerCounts {
        self.desk.counts()
    }
}
