//! Exports as services on the bus: each running plugin with exports is the service `plugin/<name>`. Internal exports are not offered: a
//! request for one is refused as one for an unknown method is.
//!
//! | plugin | its requests are read | and answered |
//! |---|---|---|
//! | without an export of the thread | at the frame edge | at the frame edge |
//! | with one (`#[export(thread)]`) | by [`ServiceThread`] | exports of the thread there, others at the frame edge |
//!
//! | request | argument | answer |
//! |---|---|---|
//! | the export's name, or its signature | a MessagePack array of its arguments, or nothing | its reply as MessagePack, or nothing |
//! | [`LIST`] | nothing | a MessagePack array of `{name, signature, docs}` |
//!
//! A caller that requests an export by its signature is refused once the export has another one. Requests are identified by 32 bits of a
//! text's hash.
//!
//! | status | meaning | content |
//! |---|---|---|
//! | application | the export returned an error | MessagePack array of code (0: none) and text |
//! | no such method, malformed | no such export, or another signature; its arguments are not these | text |
//! | failed | it panicked, or can't be called now | text |
//!
//! # Failure
//! A plugin whose service can't be made, because another game on the bus has the same plugin, can't be called by other processes; this is
//! logged, and tried again with its next generation. Nothing here waits for `bus.lock`: a service that can't be made because another process
//! holds it is tried again in each frame. A request whose deadline has passed is not executed, wherever it waited. If the thread can't be
//! started, its exports are answered at the frame edge.

use std::collections::{BTreeMap, BTreeSet};

use plugin_sdk::wire::Status;
use shm_bus::{Bus, ChangeError, DeferredReply, InboxError, ReceiveError, Server, ServiceError, SubscribeError};

use crate::answers::{Answers, Asked};
use crate::image::Manifest;
use crate::plugins::Plugins;
use crate::service_thread::{Report, ServiceThread};

/// Requests that one plugin is passed at one edge.
const REQUESTS_MAX: usize = 64;

/// Name of a plugin's service on the bus.
#[must_use]
pub fn service_of(plugin: &str) -> String {
    format!("plugin/{plugin}")
}

/// Requests for the frame edge that the thread has read and that are answered at one edge.
const REPORTS_MAX: usize = 256;

/// The services of one host, by plugin.
#[derive(Debug, Default)]
pub(crate) struct Services {
    offered: BTreeMap<String, Exported>,
    /// Plugins whose service could not be made because another participant was changing the bus, or because the thread has not yet ended
    /// their former service.
    late: BTreeMap<String, Wanted>,
    /// Plugins whose service the thread is ending.
    leaving: BTreeSet<String>,
    /// Started for the first plugin that needs it.
    thread: Option<ServiceThread>,
}

/// Where a service's requests are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    AtEdge,
    OnThread,
}

#[derive(Debug)]
struct Exported {
    /// `None` if the thread has it.
    server: Option<Server>,
    answers: Answers,
}

impl Services {
    /// Offers the exports of the next generation of `plugin`, if other processes may call any.
    pub(crate) fn offer(&mut self, manifest: &Manifest, plugins: &Plugins, bus: &Bus) {
        let plugin = &*manifest.name;
        let mut exports = manifest.exports.iter().filter(|export| !export.is_internal).peekable();
        if exports.peek().is_none() {
            self.withdraw(plugin);
            return;
        }
        let wanted = if exports.any(|export| export.is_on_thread) { Wanted::OnThread } else { Wanted::AtEdge };
        let Some(exported) = self.offered.get_mut(plugin) else {
            self.make(plugin, wanted, plugins, bus);
            return;
        };
        exported.answers.forget();
        match exported.server.take() {
            // What the thread serves stays there.
            None => {
                if let Some(thread) = &self.thread {
                    thread.forget(plugin);
                }
            }
            Some(server) => {
                let server = self.place(plugin, wanted, server, plugins);
                self.offered.insert(plugin.to_owned(), Exported { server, answers: Answers::default() });
            }
        }
    }

    fn make(&mut self, plugin: &str, wanted: Wanted, plugins: &Plugins, bus: &Bus) {
        let was_late = self.late.remove(plugin).is_some();
        match bus.server(service_of(plugin).as_str()) {
            Ok(server) => {
                let server = self.place(plugin, wanted, server, plugins);
                self.offered.insert(plugin.to_owned(), Exported { server, answers: Answers::default() });
            }
            Err(ServiceError::Taken { .. }) if self.leaving.contains(plugin) => {
                self.late.insert(plugin.to_owned(), wanted);
            }
            Err(error) if is_bus_busy(&error) => {
                if !was_late {
                    tracing::warn!(plugin, %error, "other processes cannot call {plugin} yet: its service cannot be offered; it is tried again in each frame");
                }
                self.late.insert(plugin.to_owned(), wanted);
            }
            Err(error) => {
                tracing::warn!(plugin, %error, "other processes cannot call {plugin}: its service cannot be offered; it is tried again with its next build");
            }
        }
    }

    /// Passes `server` to the thread if that is wanted; otherwise returns it.
    fn place(&mut self, plugin: &str, wanted: Wanted, server: Server, plugins: &Plugins) -> Option<Server> {
        if wanted == Wanted::AtEdge {
            return Some(server);
        }
        if self.thread.is_none() {
            match ServiceThread::start(plugins.clone()) {
                Ok(thread) => self.thread = Some(thread),
                Err(error) => {
                    tracing::warn!(plugin, %error, "cannot start the thread that answers other processes: {plugin} answers at frame edges");
                }
            }
        }
        let Some(thread) = &self.thread else { return Some(server) };
        thread.serve(plugin, server);
        None
    }

    /// Ends the service of `plugin`.
    pub(crate) fn withdraw(&mut self, plugin: &str) {
        self.late.remove(plugin);
        let Some(exported) = self.offered.remove(plugin) else { return };
        if exported.server.is_none()
            && let Some(thread) = &self.thread
        {
            thread.withdraw(plugin);
            self.leaving.insert(plugin.to_owned());
        }
    }

    /// Offers the services that are late, and answers the requests that wait for the edge.
    pub(crate) fn serve(&mut self, plugins: &Plugins, bus: &Bus) {
        self.answer_reports(plugins);
        for (plugin, wanted) in self.late.clone() {
            self.make(&plugin, wanted, plugins, bus);
        }
        self.offered.retain(|plugin, exported| match exported.serve(plugin, plugins) {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(plugin, %error, "other processes cannot call {plugin} any more: its service has failed");
                false
            }
        });
    }

    fn answer_reports(&mut self, plugins: &Plugins) {
        let Self { offered, leaving, thread: Some(thread), .. } = self else { return };
        for _ in 0..REPORTS_MAX {
            match thread.report() {
                None => break,
                Some(Report::Gone(plugin)) => {
                    // A service that was withdrawn, or has failed.
                    if !leaving.remove(&plugin) {
                        offered.remove(&plugin);
                    }
                }
                Some(Report::Request(plugin, reply, argument)) => {
                    let Some(exported) = offered.get_mut(&plugin) else { continue };
                    let (status, content) = answer_deferred(&plugin, &reply, &argument, &mut exported.answers, plugins);
                    thread.answer(plugin.clone(), reply, status, content);
                }
            }
        }
    }
}

fn answer_deferred<'a>(
    plugin: &str,
    reply: &DeferredReply,
    argument: &[u8],
    answers: &'a mut Answers,
    plugins: &Plugins,
) -> (Status, &'a [u8]) {
    if reply.has_expired() {
        tracing::debug!(plugin, "a call is not executed: its deadline passed before the frame edge");
        return (Status::DeadlineExceeded, &[]);
    }
    let asked = Asked { id: reply.method(), argument, left: reply.time_left() };
    answers.answer(asked, plugin, plugins)
}

/// Whether another participant was changing the bus.
pub(crate) const fn is_bus_busy(error: &ServiceError) -> bool {
    matches!(
        error,
        ServiceError::Inbox(InboxError::Change(ChangeError::Busy { .. }))
            | ServiceError::Subscribe(SubscribeError::Change(ChangeError::Busy { .. }))
    )
}

impl Exported {
    fn serve(&mut self, plugin: &str, plugins: &Plugins) -> Result<(), ReceiveError> {
        let Self { server: Some(server), answers } = self else { return Ok(()) };
        for _ in 0..REQUESTS_MAX {
            let Some(request) = server.next()? else { break };
            let asked = Asked { id: request.method(), argument: request.payload(), left: request.time_left() };
            let (status, content) = answers.answer(asked, plugin, plugins);
            if let Err(error) = request.answer(status, content) {
                tracing::debug!(plugin, %error, "a caller gets no answer");
            }
        }
        Ok(())
    }
}
