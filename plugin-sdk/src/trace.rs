//! `tracing` in a plugin: events and spans of the library, and of the crates that it links, go to the host's subscriber.
//!
//! The library has its own copy of `tracing`'s globals. [`install`] gives it a subscriber that keeps no state of its own and forwards to
//! the host. `tracing` caches per place whether anybody listens, so a level that nobody listens to costs one relaxed load; when the host's
//! subscriber changes, the host calls [`changed`], and every place is asked for again.
//!
//! # Invariants
//! 1. The host is called with formatted values only: nothing of the plugin runs while the host does, and nothing unwinds through it.
//! 2. The subscriber has no thread-local, so that the end of a thread runs no code of the library.
//!
//! # Failure
//! - A value whose `Debug` or `Display` panics is replaced by a note: whether somebody listens must not decide how a call ends. The panic
//!   is reported as every other one is.
//! - In a library that has installed a subscriber of its own, nothing is forwarded; the host's log says so.
//! - Events before the first `create` (constructors) are dropped.

#![expect(unsafe_code, reason = "calls the host through its function tables")]

mod subscriber;
mod values;

use std::panic::catch_unwind;
use std::sync::Once;

use tracing_core::{Dispatch, callsite, dispatcher};

use self::subscriber::Forwarder;
use crate::abi::{Level, LifeCall, TraceTable};

/// Installs the subscriber, if it isn't installed.
pub(crate) fn install(life: LifeCall) {
    static INSTALLED: Once = Once::new();
    // SAFETY: the host keeps its table alive for as long as any plugin is loaded.
    let host = unsafe { life.host() };
    let Some(table) = host.trace else { return };
    if table.size < size_of::<TraceTable>() as u32 {
        return;
    }
    INSTALLED.call_once(|| {
        // SAFETY: the host's own function and context.
        let origin = unsafe { (host.origin)(life.context) };
        // SAFETY: the host's own table and its handle of this library, which both stay valid to the end of the process.
        let forwarder = unsafe { Forwarder::new(table, origin) };
        if dispatcher::set_global_default(Dispatch::new(forwarder)).is_err() {
            let text = "the library has a `tracing` subscriber of its own: its events and spans do not get here";
            crate::log::write(life, Level::WARN, format_args!("{text}"));
        }
    });
}

/// Asks the host again about every place; called by the host, on any thread.
pub(crate) extern "C" fn changed() {
    // Nothing of the plugin runs here. Only a poisoned lock of `tracing` could panic, and then levels stay as they were.
    let _ = catch_unwind(callsite::rebuild_interest_cache);
}
