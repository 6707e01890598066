//! Keeps unwinding inside the library: panics and refusals become a status, and the host gets their text.
//!
//! The [`hook`] reports each panic to the host when it happens, before anything unwinds. The guard reports which panic ended the call, or
//! that no hook saw it: `resume_unwind`, or a plugin with a hook of its own.
//!
//! # Failure
//! If a panic's payload panics when it is dropped, both texts are reported, and the second payload is leaked.

#![expect(unsafe_code, reason = "reports through the host's function table")]

mod current;
mod hook;

use core::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use self::current::{CURRENT, QUIET, TOLD, fingerprint, host, words};
pub(crate) use self::hook::{install, put as put_hook, reinstall};
use crate::abi::{LifeCall, Status, Text};

/// Runs `body` for the host.
pub(crate) fn guard(life: LifeCall, body: impl FnOnce() -> Result<(), String>) -> Status {
    guard_status(life, || body().map(|()| Status::OK))
}

/// Runs `body` for the host; a body that returns has a status of its own.
///
/// Inlined, so that what the body uses stays in registers: pairs of words that were stored singly and are loaded together would wait for
/// the stores.
#[inline(always)]
pub(crate) fn guard_status(life: LifeCall, body: impl FnOnce() -> Result<Status, String>) -> Status {
    let outer = CURRENT.replace(&raw const life);
    let status = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(status)) => status,
        Ok(Err(reason)) => refused(life, &reason),
        Err(payload) => {
            caught(life, payload);
            Status::FAULT
        }
    };
    // Only after the payload's drop, whose panics belong to this call too.
    CURRENT.set(outer);
    status
}

#[cold]
fn refused(life: LifeCall, reason: &str) -> Status {
    fault(life, reason);
    Status::REFUSED
}

/// Runs `body` without reporting its panics; the caller catches them.
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

/// Reports how the call ended.
#[cold]
fn caught(life: LifeCall, payload: Box<dyn Any + Send>) {
    // Not an earlier panic that the plugin caught itself.
    let is_told = TOLD.take() == Some(fingerprint(&*payload));
    let words = Text::new(words(&*payload));
    // SAFETY: the host's own function and context; the text lives until it returns.
    unsafe { (host(&life).unwound)(life.context, u32::from(is_told), words) };
    drop_payload(life, payload);
    if !is_told {
        reinstall();
    }
}

/// Drops a payload, whose drop may panic too; a payload thrown by that is leaked.
fn drop_payload(life: LifeCall, payload: Box<dyn Any + Send>) {
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        fault(life, &format!("the panic's payload panicked when dropped: {}", words(&*second)));
        core::mem::forget(second);
    }
}

fn fault(life: LifeCall, message: &str) {
    // SAFETY: the host's own function and context; both texts live until it returns.
    unsafe { (host(&life).fault)(life.context, Text::new(message), Text::new("")) }
}
