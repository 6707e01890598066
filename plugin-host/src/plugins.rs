//! The running plugins, for callers on any thread.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use plugin_gate::Patience;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::call_error::CallError;
use crate::image::ExportInfo;
use crate::method::{Method, in_words, unavailable};
use crate::name::canonical;
use crate::slot::Slot;

/// The running plugins and their exports: a cheap handle, which outlives its host.
///
/// # Threads
/// It may be cloned, sent and used on any thread. Looking an export up takes locks; calling a [`Method`] takes none that others wait for.
#[derive(Clone, Debug, Default)]
pub struct Plugins(Arc<RwLock<BTreeMap<String, Arc<Slot>>>>);

impl Plugins {
    /// The slot of `plugin`, made if there is none. A slot stays for ever, so that methods find a plugin that comes back.
    pub(crate) fn slot(&self, plugin: &str) -> Arc<Slot> {
        let mut slots = self.0.write().unwrap_or_else(PoisonError::into_inner);
        slots.entry(plugin.to_owned()).or_insert_with(|| Arc::new(Slot::new(plugin))).clone()
    }

    /// Resolves export `method` of `plugin`.
    ///
    /// # Errors
    /// [`CallError`]: there is no such plugin or export.
    pub fn method(&self, plugin: &str, method: &str) -> Result<Method, CallError> {
        self.method_within(plugin, method, None, Patience::Forever)
    }

    /// Like [`Self::method`], for a caller that was built for this signature, if one is given; gives up after `patience`.
    pub(crate) fn method_within(
        &self,
        plugin: &str,
        method: &str,
        signature: Option<&str>,
        patience: Patience,
    ) -> Result<Method, CallError> {
        Method::resolve(&self.find(plugin)?, method, signature, patience)
    }

    /// Resolves export `method` of `plugin` for a caller that was built for this canonical `signature`. A generation in which the export has
    /// another one is not called.
    ///
    /// # Errors
    /// [`CallError`]: there is no such plugin or export, or its signature is another one.
    pub fn method_with_signature(&self, plugin: &str, method: &str, signature: &str) -> Result<Method, CallError> {
        self.method_within(plugin, method, Some(signature), Patience::Forever)
    }

    /// Calls export `method` of `plugin` once, with a tuple of arguments. Resolve it by [`Self::method`] to call it often.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn call<A: Serialize, R: DeserializeOwned>(
        &self,
        plugin: &str,
        method: &str,
        arguments: A,
    ) -> Result<R, CallError> {
        self.method(plugin, method)?.call(arguments)
    }

    /// Names of the running plugins, in order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let slots = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        slots.into_iter().filter(|(_, slot)| slot.is_running()).map(|(name, _)| name).collect()
    }

    /// The exports of `plugin`, in source order.
    ///
    /// # Errors
    /// [`CallError`]: the plugin does not run, or this thread is in a call that uses it alone.
    pub fn exports(&self, plugin: &str) -> Result<Vec<ExportInfo>, CallError> {
        let slot = self.find(plugin)?;
        let exports = slot.exports().map_err(|why| unavailable(slot.name(), "its list of exports", why))?;
        exports.ok_or_else(|| CallError::Removed { plugin: plugin.to_owned() })
    }

    fn find(&self, plugin: &str) -> Result<Arc<Slot>, CallError> {
        let slots = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(&canonical(plugin)).filter(|slot| slot.is_running()) {
            return Ok(slot.clone());
        }
        drop(slots);
        let names = self.names();
        let running = in_words("there are", "there is none", names.iter().map(String::as_str));
        Err(CallError::UnknownPlugin { plugin: plugin.to_owned(), running })
    }
}
