//! State that the guard and the panic hook share: a thread's current call, and the text of a panic.

#![expect(unsafe_code, reason = "follows the pointer to the host's table")]

use core::any::Any;
use core::cell::Cell;
use core::hash::{Hash as _, Hasher as _};
use std::borrow::Cow;
use std::hash::DefaultHasher;

use crate::abi::{HostTable, LifeCall};

thread_local! {
    // Types without destructors, so that the end of a thread runs no code of the library.
    /// The host's call that this thread is in, which lives in its guard; null outside of calls.
    pub(super) static CURRENT: Cell<*const LifeCall> = const { Cell::new(core::ptr::null()) };
    /// Panics are expected here and are not reported.
    pub(super) static QUIET: Cell<bool> = const { Cell::new(false) };
    /// Fingerprint of the last reported panic of this thread.
    pub(super) static TOLD: Cell<Option<u64>> = const { Cell::new(None) };
}

/// The functions of the call's host.
pub(super) fn host(life: &LifeCall) -> &HostTable {
    // SAFETY: the host's table outlives every plugin.
    unsafe { life.host() }
}

/// What a payload says.
pub(super) fn words(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.or_else(|| payload.downcast_ref::<Box<str>>().map(|text| &**text))
        .or_else(|| payload.downcast_ref::<Cow<'static, str>>().map(|text| &**text))
        .unwrap_or("a panic whose payload is not text")
}

/// Identifies a payload by type and text, because it moves between the hook and the guard.
pub(super) fn fingerprint(payload: &(dyn Any + Send)) -> u64 {
    let mut hash = DefaultHasher::new();
    payload.type_id().hash(&mut hash);
    words(payload).hash(&mut hash);
    hash.finish()
}
