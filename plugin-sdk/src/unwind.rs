//! Nothing unwinds out of the image: panics and refusals become a status, their text goes to the host.
//!
//! A hook in the image's own std sends message and location while a call is under way on the thread; at other times the
//! previous hook prints as usual.

#![expect(unsafe_code, reason = "reports through the host's function table")]

use core::any::Any;
use core::cell::Cell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use crate::abi::{LifeCall, Status, Text};

thread_local! {
    /// The host's call that this thread is in. Without a destructor, so that it doesn't pin the image.
    static CURRENT: Cell<Option<LifeCall>> = const { Cell::new(None) };
    /// Panics are expected, and nobody's fault.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs `body` for the host.
pub(crate) fn guard(life: LifeCall, body: impl FnOnce() -> Result<(), String>) -> Status {
    let outer = CURRENT.replace(Some(life));
    let status = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => Status::OK,
        Ok(Err(reason)) => {
            fault(life, &reason, "");
            Status::REFUSED
        }
        Err(payload) => {
            drop_payload(life, payload);
            Status::FAULT
        }
    };
    // Only now: what the payload's drop has to say belongs to this call too.
    CURRENT.set(outer);
    status
}

/// Runs `body`, whose panics are the caller's to catch and nobody's to hear of.
pub(crate) fn quietly<T>(body: impl FnOnce() -> T) -> T {
    struct Loud(bool);
    impl Drop for Loud {
        fn drop(&mut self) {
            QUIET.set(self.0);
        }
    }
    let _loud = Loud(QUIET.replace(true));
    body()
}

/// A payload's own drop may panic too; what that throws is leaked rather than dropped again.
fn drop_payload(life: LifeCall, payload: Box<dyn Any + Send>) {
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        core::mem::forget(second);
        fault(life, "the panic's payload panicked when dropped", "");
    }
}

fn fault(life: LifeCall, message: &str, location: &str) {
    // SAFETY: the host's table outlives every plugin.
    let host = unsafe { life.host() };
    // SAFETY: the host's own function and context; both texts live until it returns.
    unsafe { (host.fault)(life.context, Text::new(message), Text::new(location)) }
}

/// Installs the hook, once per image.
pub(crate) fn install_hook() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let previous = take_hook();
        set_hook(Box::new(move |info| match CURRENT.get() {
            _ if QUIET.get() => {}
            Some(life) => report(life, info),
            None => previous(info),
        }));
    });
}

fn report(life: LifeCall, info: &PanicHookInfo<'_>) {
    let message = info.payload_as_str().unwrap_or("a panic with a payload that is no text");
    let location = info.location().map(ToString::to_string).unwrap_or_default();
    fault(life, message, &location);
}
