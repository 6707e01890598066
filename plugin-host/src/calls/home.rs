//! State that all images of one host share.

use std::sync::atomic::{AtomicU64, Ordering};

use tracing::Dispatch;
use tracing::dispatcher::get_default;

use crate::retired::Retired;

/// See the module.
#[derive(Debug)]
pub(crate) struct Home {
    /// Number of the host, unique within the process.
    pub(crate) host: u64,
    /// Log for events on threads other than the host's.
    pub(crate) log: Dispatch,
    /// Accounts of retired images.
    pub(crate) retired: Retired,
}

impl Home {
    /// Creates a host's home; its log is the current thread's.
    pub(crate) fn new() -> Self {
        static HOSTS: AtomicU64 = AtomicU64::new(0);
        let host = HOSTS.fetch_add(1, Ordering::Relaxed);
        Self { host, log: get_default(Clone::clone), retired: Retired::default() }
    }
}
