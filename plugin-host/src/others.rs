//! The exports that plugins have found to call them.
//!
//! # Invariants
//! 1. An export keeps its number for as long as the host lives, over all generations of both plugins.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use plugin_gate::Patience;
use plugin_sdk::abi::Sink;

use crate::call_error::CallError;
use crate::calls::home::OtherExports;
use crate::lineage::Lineage;
use crate::method::Method;
use crate::name::canonical;
use crate::plugins::Plugins;

/// Exports that the plugins of one host may find.
const EXPORTS_MAX: usize = 4096;

/// The exports that the plugins of one host have found.
#[derive(Debug)]
pub(crate) struct FoundExports {
    plugins: Plugins,
    /// By number; read without a lock.
    methods: Box<[OnceLock<Method>]>,
    /// By the names of plugin and export, and the wanted signature.
    numbers: Mutex<BTreeMap<Names, usize>>,
}

/// Plugin, export, and the wanted signature.
type Names = (String, String, Option<String>);

impl FoundExports {
    pub(crate) fn new(plugins: Plugins) -> Self {
        let methods = (0..EXPORTS_MAX).map(|_| OnceLock::new()).collect();
        Self { plugins, methods, numbers: Mutex::default() }
    }
}

impl OtherExports for FoundExports {
    fn find(&self, plugin: &str, method: &str, signature: Option<&str>, patience: Patience) -> Result<u64, CallError> {
        // Also for a known export: it may be gone, or have another signature. Without the lock, as this may wait for the other plugin.
        let found = self.plugins.method_within(plugin, method, signature, patience)?;
        let names = (canonical(plugin), method.to_owned(), signature.map(str::to_owned));
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        let next = numbers.len();
        let number = *numbers.entry(names).or_insert(next);
        let Some(place) = self.methods.get(number) else {
            numbers.retain(|_, known| *known < EXPORTS_MAX);
            return Err(CallError::TooManyExports {
                plugin: plugin.to_owned(),
                method: method.to_owned(),
                max: EXPORTS_MAX,
            });
        };
        // Another thread may have found the same export meanwhile.
        let _ = place.set(found);
        Ok(number as u64)
    }

    #[inline]
    fn call(&self, number: u64, lineage: &Lineage, arguments: &[u8], reply: Sink) -> Result<(), CallError> {
        let method = usize::try_from(number).ok().and_then(|number| self.methods.get(number)?.get());
        let Some(method) = method else {
            return Err(CallError::UnknownNumber { number });
        };
        method.call_into(lineage, arguments, reply)
    }
}
