//! The panic hook of the library's own std: it reports every panic to the host at once.
//!
//! | panic | reported |
//! |---|---|
//! | during a call on this thread | to the call, as `panicked` |
//! | at other times, on any thread | to the host, as `stray`, with the library as its origin |
//! | under a hook of the plugin's own | by that hook alone at first; once [`reinstall`] has found it, reported, then passed on to it |
//!
//! std's default hook is never called: with `RUST_BACKTRACE=1` it reads and keeps the library's debug information, some 30 MiB for each
//! generation.
//!
//! # Invariants
//! 1. A panic is reported once, also if a plugin's hook calls this one.

#![expect(unsafe_code, reason = "reports through the host's function table")]

use core::cell::Cell;
use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::panic::{PanicHookInfo, set_hook, take_hook};
use std::sync::OnceLock;

use super::current::{CURRENT, QUIET, TOLD, fingerprint, host, words};
use crate::abi::{HostTable, LifeCall, Text};

type Hook = Box<dyn Fn(&PanicHookInfo<'_>) + Send + Sync>;

/// std's own hook, kept for comparison.
static DEFAULT: OnceLock<Hook> = OnceLock::new();
/// Address of this module's hook while it is installed.
static OURS: AtomicUsize = AtomicUsize::new(0);
/// The last host that created an instance, and its handle of this library.
static HOST: AtomicPtr<HostTable> = AtomicPtr::new(ptr::null_mut());
static ORIGIN: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());

thread_local! {
    /// The hook is running on this thread.
    static IS_TELLING: Cell<bool> = const { Cell::new(false) };
}

/// Installs the hook if it isn't installed, and records the host that gets panics outside of calls.
pub(crate) fn install(life: LifeCall) {
    // SAFETY: the host's own function and context.
    let origin = unsafe { (host(&life).origin)(life.context) };
    // ORDERING: Release, what the pointers lead to is there; they are the host's, and stay valid to the end of the process.
    ORIGIN.store(origin.cast_mut(), Ordering::Release);
    HOST.store(life.host.cast_mut(), Ordering::Release);
    put();
}

/// Installs the hook if it isn't installed. Panics outside of calls are not reported until [`install`] is called.
pub(crate) fn put() {
    DEFAULT.get_or_init(|| {
        let default = take_hook();
        set(None);
        default
    });
}

/// Wraps a hook that the plugin has installed in this one's place.
pub(crate) fn reinstall() {
    let present = take_hook();
    if address(&present) == OURS.load(Ordering::Relaxed) {
        set_hook(present);
    } else {
        set((!is_default(&present)).then_some(present));
    }
}

fn address(hook: &Hook) -> usize {
    (&raw const **hook).addr()
}

/// Whether the hook is std's. That is a function, whose box has no memory, so only the vtable identifies it.
fn is_default(hook: &Hook) -> bool {
    DEFAULT.get().is_some_and(|default| ptr::eq(&raw const **default, &raw const **hook))
}

fn set(theirs: Option<Hook>) {
    let ours: Hook = Box::new(move |info| {
        // The plugin's hook may call ours, which it found installed.
        if IS_TELLING.replace(true) {
            return;
        }
        tell(info);
        if let Some(theirs) = &theirs {
            theirs(info);
        }
        IS_TELLING.set(false);
    });
    OURS.store(address(&ours), Ordering::Relaxed);
    set_hook(ours);
}

fn tell(info: &PanicHookInfo<'_>) {
    if QUIET.get() {
        return;
    }
    let (payload, location) = (info.payload(), info.location().map(ToString::to_string).unwrap_or_default());
    let (message, location) = (Text::new(words(payload)), Text::new(&location));
    // SAFETY: the guard of this thread's call is still there, as the call has not returned.
    match unsafe { CURRENT.get().as_ref() } {
        Some(life) => {
            TOLD.set(Some(fingerprint(payload)));
            // SAFETY: the host's own function and context; both texts live until it returns.
            unsafe { (host(life).panicked)(life.context, message, location) }
        }
        None => tell_stray(message, location),
    }
}

fn tell_stray(message: Text, location: Text) {
    // ORDERING: Acquire, pairs with `install`.
    let host = HOST.load(Ordering::Acquire);
    let origin = ORIGIN.load(Ordering::Acquire);
    let thread = std::thread::current();
    let thread = Text::new(thread.name().unwrap_or(""));
    // SAFETY: null, or the host's table, which outlives every plugin.
    if let Some(host) = unsafe { host.as_ref() } {
        // SAFETY: the host's own function and what it gave for this image; the texts live until it returns.
        unsafe { (host.stray)(origin, message, location, thread) }
    }
}
