//! What all images of one host have in common.

use std::sync::atomic::{AtomicU64, Ordering};

use tracing::Dispatch;
use tracing::dispatcher::get_default;

use crate::retired::Retired;

/// See the module.
#[derive(Debug)]
pub(crate) struct Home {
    /// Tells the hosts of one process apart.
    pub(crate) host: u64,
    /// Where what happens on other threads than the host's is logged.
    pub(crate) log: Dispatch,
    /// What images left behind.
    pub(crate) retired: Retired,
}

impl Home {
    /// A host's, whose log is this thread's.
    pub(crate) fn new() -> Self {
        static HOSTS: AtomicU64 = AtomicU64::new(0);
        let host = HOSTS.fetch_add(1, Ordering::Relaxed);
        Self { host, log: get_default(Clone::clone), retired: Retired::default() }
    }
}
