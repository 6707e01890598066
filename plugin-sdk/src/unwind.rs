//! Nothing unwinds out of the image: panics and refusals become a status, their text goes to the host.
//!
//! The [`hook`] tells the host of each panic when it happens, before anything unwinds; the guard tells which of them the call
//! ended with, or that it ended with one that no hook saw: `resume_unwind`, or a plugin with a hook of its own.
//!
//! # Failure
//! A panic whose payload panics when it is dropped is told with both texts; the second payload is leaked.

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
    let outer = CURRENT.replace(Some(life));
    let status = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => Status::OK,
        Ok(Err(reason)) => {
            fault(life, &reason);
            Status::REFUSED
        }
        Err(payload) => {
            caught(life, payload);
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

/// Tells what the call ended with.
#[cold]
fn caught(life: LifeCall, payload: Box<dyn Any + Send>) {
    // An earlier panic, which the plugin caught itself, is not this one.
    let is_told = TOLD.take() == Some(fingerprint(&*payload));
    let words = Text::new(words(&*payload));
    // SAFETY: the host's own function and context; the text lives until it returns.
    unsafe { (host(&life).unwound)(life.context, u32::from(is_told), words) };
    drop_payload(life, payload);
    if !is_told {
        reinstall();
    }
}

/// A payload's own drop may panic too; what that throws is leaked rather than dropped again.
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
