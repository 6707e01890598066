//! The service [`SERVICE`], answered at the frame edge.
//!
//! # Failure
//! As for a plugin's service: nothing waits for `bus.lock`; a service that can't be made because another process holds it is tried again in
//! each frame. If another game on the bus offers the service, this one is tried again when a plugin changes.

use plugin_sdk::wire::{Status, method_id};
use shm_bus::{Bus, ReceiveError, Request, Server, ServiceSpec};

use super::Host;
use crate::services::is_bus_busy;
use crate::status::{HostStatus, METHOD, SERVICE};

/// Requests that are answered at one edge.
const REQUESTS_MAX: usize = 4;

/// Bytes of the lane of answers to one client; an answer may take a quarter of it.
const ANSWERS_BYTES: u32 = 1 << 20;

/// The service of one host.
#[derive(Debug, Default)]
pub(super) struct Inquiry {
    server: Option<Server>,
    tried: Tried,
}

/// What became of the last try to offer the service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Tried {
    #[default]
    Never,
    /// Another participant was changing the bus.
    Busy,
    /// It is offered, or another participant offers it.
    Done,
}

impl Inquiry {
    /// Offers the service, unless that makes no sense now.
    fn offer(&mut self, bus: &Bus, is_news: bool) {
        if self.server.is_some() || (self.tried == Tried::Done && !is_news) {
            return;
        }
        let spec = ServiceSpec { response_capacity: ANSWERS_BYTES, ..ServiceSpec::untyped(SERVICE) };
        match bus.server(spec) {
            Ok(server) => (self.server, self.tried) = (Some(server), Tried::Done),
            Err(error) if is_bus_busy(&error) => self.tried = Tried::Busy,
            Err(error) => {
                if self.tried != Tried::Done {
                    tracing::warn!(%error, "`hotframe status` cannot ask this game: its service cannot be offered; it is tried again when a plugin changes");
                }
                self.tried = Tried::Done;
            }
        }
    }
}

impl Host {
    /// Answers the inquiries that wait. `is_news` says whether a plugin has changed.
    pub(super) fn answer_inquiries(&mut self, is_news: bool) {
        self.inquiry.offer(&self.edge_bus, is_news);
        let Some(mut server) = self.inquiry.server.take() else { return };
        match self.answer_all(&mut server) {
            Ok(()) => self.inquiry.server = Some(server),
            Err(error) => {
                tracing::warn!(%error, "`hotframe status` cannot ask this game any more: its service has failed");
            }
        }
    }

    fn answer_all(&self, server: &mut Server) -> Result<(), ReceiveError> {
        for _ in 0..REQUESTS_MAX {
            let Some(request) = server.next()? else { break };
            if let Err(error) = self.answer_inquiry(request) {
                tracing::debug!(%error, "an inquiry gets no answer");
            }
        }
        Ok(())
    }

    fn answer_inquiry(&self, request: Request<'_>) -> Result<(), shm_bus::ReplyError> {
        if request.method() != method_id(METHOD) {
            return request.refuse(Status::NoSuchMethod, "this host answers the method `status` alone");
        }
        let wanted: Option<String> = match request.payload() {
            [] => None,
            payload => match rmp_serde::from_slice::<(String,)>(payload) {
                Ok((name,)) => Some(crate::name::canonical(&name)),
                Err(error) => return request.refuse(Status::Malformed, &error.to_string()),
            },
        };
        let mut status: HostStatus = self.status();
        if let Some(wanted) = wanted {
            status.plugins.retain(|plugin| plugin.name == wanted);
        }
        match rmp_serde::to_vec_named(&status) {
            Ok(answer) => request.reply(&answer),
            Err(error) => request.refuse(Status::Failed, &error.to_string()),
        }
    }
}
