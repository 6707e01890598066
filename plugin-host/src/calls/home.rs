//! State that all images of one host share.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use plugin_gate::Patience;
use plugin_sdk::abi::Sink;
use tracing::Dispatch;
use tracing::dispatcher::get_default;

use crate::call_error::CallError;
use crate::lineage::Lineage;
use crate::retired::Retired;

/// The exports of a host's plugins, for calls from plugin to plugin.
pub(crate) trait OtherExports: fmt::Debug + Send + Sync {
    /// Number of export `method` of `plugin`, which must have this signature if one is given.
    fn find(&self, plugin: &str, method: &str, signature: Option<&str>, patience: Patience) -> Result<u64, CallError>;

    /// Calls the export with this number. After an error `reply` may hold a part of a reply.
    fn call(&self, number: u64, lineage: &Lineage, arguments: &[u8], reply: Sink) -> Result<(), CallError>;
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Home {
    /// Number of the host, unique within the process.
    pub(crate) host: u64,
    /// Log for events on threads other than the host's.
    pub(crate) log: Dispatch,
    /// Accounts of retired images.
    pub(crate) retired: Retired,
    /// Weak, because a home lives for as long as the code of its plugins.
    exports: OnceLock<Weak<dyn OtherExports>>,
}

impl Home {
    /// Creates a host's home; its log is the current thread's.
    pub(crate) fn new() -> Self {
        static HOSTS: AtomicU64 = AtomicU64::new(0);
        let host = HOSTS.fetch_add(1, Ordering::Relaxed);
        Self { host, log: get_default(Clone::clone), retired: Retired::default(), exports: OnceLock::new() }
    }

    /// Sets the exports that plugins may call.
    pub(crate) fn offer(&self, exports: Weak<dyn OtherExports>) {
        // The host calls this once.
        let _ = self.exports.set(exports);
    }

    /// The exports that plugins may call, while the host lives.
    #[inline]
    pub(crate) fn exports(&self) -> Option<Arc<dyn OtherExports>> {
        self.exports.get()?.upgrade()
    }
}
