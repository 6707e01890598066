//! Answers to the requests for one plugin, wherever they are served.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::{Duration, Instant};

use plugin_sdk::abi::Sink;
use plugin_sdk::wire::{Status, method_id};
use serde::Serialize;

use crate::call_error::CallError;
use crate::image::ExportInfo;
use crate::lineage::Lineage;
use crate::method::{Method, in_words};
use crate::plugins::Plugins;

/// The name under which a service lists its exports; no method has such a name.
pub const LIST: &str = "exports?";

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// By their ids on the bus; found when they are first called.
    known: BTreeMap<u32, Known>,
    content: Vec<u8>,
}

/// An export that other processes may call.
#[derive(Debug)]
struct Known {
    method: Method,
    is_on_thread: bool,
}

/// One export as [`LIST`] answers it.
#[derive(Serialize)]
struct Listed<'a> {
    name: &'a str,
    signature: &'a str,
    docs: &'a str,
}

/// A request of another process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    /// The method's id on the bus.
    pub(crate) id: u32,
    pub(crate) argument: &'a [u8],
    /// Time for which the caller still waits.
    pub(crate) left: Duration,
}

impl Answers {
    /// Searches all exports anew: in the next generation one may be internal, or be answered elsewhere.
    pub(crate) fn forget(&mut self) {
        self.known.clear();
    }

    /// Whether the method `id` has to be called at the frame edge.
    pub(crate) fn belongs_to_edge(&mut self, id: u32, plugin: &str, plugins: &Plugins) -> bool {
        id != method_id(LIST) && self.find(id, plugin, plugins).is_ok_and(|known| !known.is_on_thread)
    }

    /// Calls the method of `asked`; returns the answer.
    pub(crate) fn answer(&mut self, asked: Asked<'_>, plugin: &str, plugins: &Plugins) -> (Status, &[u8]) {
        let mut content = std::mem::take(&mut self.content);
        content.clear();
        let status = match self.call(asked, plugin, plugins, &mut content) {
            Ok(()) => Status::Ok,
            Err(error) => {
                content = content_of(&error);
                status_of(&error)
            }
        };
        self.content = content;
        (status, &self.content)
    }

    fn call(
        &mut self,
        Asked { id, argument, left }: Asked<'_>,
        plugin: &str,
        plugins: &Plugins,
        reply: &mut Vec<u8>,
    ) -> Result<(), CallError> {
        if id == method_id(LIST) {
            let exports = offered(plugins, plugin)?;
            *reply = rmp_serde::to_vec_named(&exports.iter().map(listed).collect::<Vec<_>>()).unwrap_or_default();
            return Ok(());
        }
        // A wait that no clock can represent is as good as none.
        let lineage = Lineage::from_host(Instant::now().checked_add(left));
        self.find(id, plugin, plugins)?.method.call_into(&lineage, argument, Sink::into_vec(reply))
    }

    fn find(&mut self, id: u32, plugin: &str, plugins: &Plugins) -> Result<&Known, CallError> {
        Ok(match self.known.entry(id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let exports = offered(plugins, plugin)?;
                let by_name = exports.iter().find(|export| method_id(&export.name) == id);
                let by_signature = || exports.iter().find(|export| method_id(&export.signature) == id);
                let Some(export) = by_name.or_else(by_signature) else {
                    let names = exports.iter().map(|export| &*export.name);
                    return Err(CallError::UnknownMethod {
                        plugin: plugin.to_owned(),
                        method: format!("number {id:#x}"),
                        exports: in_words("its exports are", "it has none", names),
                    });
                };
                let method = match by_name {
                    Some(export) => plugins.method(plugin, &export.name)?,
                    None => plugins.method_with_signature(plugin, &export.name, &export.signature)?,
                };
                place.insert(Known { method, is_on_thread: export.is_on_thread })
            }
        })
    }
}

/// The exports of `plugin` that other processes may call.
fn offered(plugins: &Plugins, plugin: &str) -> Result<Vec<ExportInfo>, CallError> {
    let mut exports = plugins.exports(plugin)?;
    exports.retain(|export| !export.is_internal);
    Ok(exports)
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
