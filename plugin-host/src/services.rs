//! Exports as services on the bus: each running plugin with exports is the service `plugin/<name>`, answered at the frame edge.
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
//! holds it is tried again in each frame.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use plugin_sdk::wire::{Status, method_id};
use serde::Serialize;
use shm_bus::{Bus, ChangeError, InboxError, ReceiveError, Request, Server, ServiceError, SubscribeError};

use crate::call_error::CallError;
use crate::image::ExportInfo;
use crate::method::Method;
use crate::plugins::Plugins;

/// The name under which a service lists its exports; no method has such a name.
pub const LIST: &str = "exports?";

/// Requests that one plugin is passed at one edge.
const REQUESTS_MAX: usize = 64;

/// Name of a plugin's service on the bus.
#[must_use]
pub fn service_of(plugin: &str) -> String {
    format!("plugin/{plugin}")
}

/// The services of one host, by plugin.
#[derive(Debug, Default)]
pub(crate) struct Services {
    offered: BTreeMap<String, Exported>,
    /// Plugins whose service could not be made because another participant was changing the bus.
    late: BTreeSet<String>,
}

#[derive(Debug)]
struct Exported {
    server: Server,
    /// By their ids on the bus; found when they are first called.
    methods: BTreeMap<u32, Method>,
    reply: Vec<u8>,
}

/// One export as [`LIST`] answers it.
#[derive(Serialize)]
struct Listed<'a> {
    name: &'a str,
    signature: &'a str,
    docs: &'a str,
}

impl Services {
    /// Offers the exports of `plugin`, unless they are offered already.
    pub(crate) fn offer(&mut self, plugin: &str, bus: &Bus) {
        if self.offered.contains_key(plugin) {
            return;
        }
        let was_late = self.late.remove(plugin);
        match bus.server(service_of(plugin).as_str()) {
            Ok(server) => {
                let exported = Exported { server, methods: BTreeMap::new(), reply: Vec::new() };
                self.offered.insert(plugin.to_owned(), exported);
            }
            Err(error) if is_bus_busy(&error) => {
                if !was_late {
                    tracing::warn!(plugin, %error, "other processes cannot call {plugin} yet: its service cannot be offered; it is tried again in each frame");
                }
                self.late.insert(plugin.to_owned());
            }
            Err(error) => {
                tracing::warn!(plugin, %error, "other processes cannot call {plugin}: its service cannot be offered; it is tried again with its next build");
            }
        }
    }

    /// Ends the service of `plugin`.
    pub(crate) fn withdraw(&mut self, plugin: &str) {
        self.offered.remove(plugin);
        self.late.remove(plugin);
    }

    /// Offers the services that are late, and answers the requests that wait.
    pub(crate) fn serve(&mut self, plugins: &Plugins, bus: &Bus) {
        for plugin in self.late.clone() {
            self.offer(&plugin, bus);
        }
        self.offered.retain(|plugin, exported| match exported.serve(plugin, plugins) {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(plugin, %error, "other processes cannot call {plugin} any more: its service has failed");
                false
            }
        });
    }
}

/// Whether another participant was changing the bus.
const fn is_bus_busy(error: &ServiceError) -> bool {
    matches!(
        error,
        ServiceError::Inbox(InboxError::Change(ChangeError::Busy { .. }))
            | ServiceError::Subscribe(SubscribeError::Change(ChangeError::Busy { .. }))
    )
}

impl Exported {
    fn serve(&mut self, plugin: &str, plugins: &Plugins) -> Result<(), ReceiveError> {
        let Self { server, methods, reply } = self;
        for _ in 0..REQUESTS_MAX {
            let Some(request) = server.next()? else { break };
            reply.clear();
            let outcome = run(&request, plugin, plugins, methods, reply);
            let answered = match outcome {
                Ok(()) => request.reply(reply),
                Err(error) => request.answer(status_of(&error), &content_of(&error)),
            };
            if let Err(error) = answered {
                tracing::debug!(plugin, %error, "a caller gets no answer");
            }
        }
        Ok(())
    }
}

fn run(
    request: &Request<'_>,
    plugin: &str,
    plugins: &Plugins,
    methods: &mut BTreeMap<u32, Method>,
    reply: &mut Vec<u8>,
) -> Result<(), CallError> {
    let id = request.method();
    if id == method_id(LIST) {
        let exports = plugins.exports(plugin)?;
        *reply = rmp_serde::to_vec_named(&exports.iter().map(listed).collect::<Vec<_>>()).unwrap_or_default();
        return Ok(());
    }
    let method = match methods.entry(id) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(place) => {
            let exports = plugins.exports(plugin)?;
            let by_name = exports.iter().find(|export| method_id(&export.name) == id);
            let by_signature = || exports.iter().find(|export| method_id(&export.signature) == id);
            place.insert(match (by_name, by_name.map_or_else(by_signature, |_| None)) {
                (Some(ExportInfo { name, .. }), _) => plugins.method(plugin, name)?,
                (None, Some(ExportInfo { name, signature, .. })) => {
                    plugins.method_with_signature(plugin, name, signature)?
                }
                // With a name that no export has, the error lists the exports.
                (None, None) => plugins.method(plugin, &format!("number {id:#x}"))?,
            })
        }
    };
    method.call_bytes(request.payload(), reply)
}

fn listed(export: &ExportInfo) -> Listed<'_> {
    Listed { name: &export.name, signature: &export.signature, docs: &export.docs }
}

const fn status_of(error: &CallError) -> Status {
    match error {
        CallError::Failed { .. } => Status::Application,
        CallError::UnknownMethod { .. } | CallError::Signature { .. } => Status::NoSuchMethod,
        CallError::Arguments { .. } => Status::Malformed,
        _ => Status::Failed,
    }
}

fn content_of(error: &CallError) -> Vec<u8> {
    match error {
        CallError::Failed { code, message, .. } => rmp_serde::to_vec(&(code, message)).unwrap_or_default(),
        other => other.to_string().into_bytes(),
    }
}
