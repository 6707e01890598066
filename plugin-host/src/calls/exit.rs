//! Ends of the process that the engine did not cause.
//!
//! `exit`, and on Linux `quick_exit`, runs the handler below on the thread that called it:
//!
//! | that thread | the process ends |
//! |---|---|
//! | is in a call into a plugin | reported, with [`EXIT_CODE`] |
//! | runs code of a plugin, which has started it | reported, with [`EXIT_CODE`] |
//! | is any other, while an [`ExitGuard`] lives | reported, with [`EXIT_CODE`] |
//! | is any other | normally |
//!
//! Not detected: `_exit`, `abort`, `exec` and signals, which run no handlers. A handler that a plugin registered runs earlier.

#![expect(unsafe_code, reason = "registers a handler for the end of the process")]

use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tracing::dispatcher;

use super::callee::current;
use super::{stack, tell};

/// Exit code of a process that a plugin has ended.
pub const EXIT_CODE: i32 = 70;

/// Number of guards that are alive.
static GUARDS: AtomicUsize = AtomicUsize::new(0);

/// Whether this process is a fork of the watched one: its end is not watched.
static IS_FORK: AtomicBool = AtomicBool::new(false);

/// While a guard is alive, `exit` or `quick_exit` on any thread counts as not the engine's own: it is logged, and the process ends with
/// [`EXIT_CODE`].
///
/// Without a guard, that holds only for threads that run a plugin's code. The engine drops its guard before it ends.
#[derive(Debug)]
#[must_use = "it guards while it lives"]
pub struct ExitGuard(());

impl ExitGuard {
    /// From now on, no call of `exit` counts as the engine's own.
    pub fn hold() -> Self {
        watch();
        GUARDS.fetch_add(1, Ordering::Relaxed);
        Self(())
    }
}

impl Drop for ExitGuard {
    fn drop(&mut self) {
        GUARDS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Ends the process at once: runs no destructors and no handlers, and doesn't wait for hanging threads. `last_words` logs; it runs on a
/// thread of its own for at most a second.
pub fn exit_at_once(code: i32, last_words: impl FnOnce() + Send + 'static) -> ! {
    tell::briefly(last_words);
    end(code)
}

fn end(code: i32) -> ! {
    // SAFETY: ends the process; requires no state to be intact.
    unsafe { libc::_exit(code) }
}

/// Registers the handlers, once.
pub(crate) fn watch() {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        note_forks();
        // SAFETY: the handler is a function of this program, which stays mapped until the process ends.
        let is_taken = unsafe { libc::atexit(at_exit) } == 0;
        if !is_taken || !watch_quick_exit() {
            tracing::warn!(
                "cannot register an exit handler: if a plugin exits the process, it will look like the game's own exit"
            );
        }
    });
}

/// Registers a handler for `quick_exit`; returns whether the system accepts it. `exit` and `quick_exit` each run only their own handlers.
#[cfg(target_os = "linux")]
fn watch_quick_exit() -> bool {
    unsafe extern "C" {
        fn at_quick_exit(handler: extern "C" fn()) -> libc::c_int;
    }
    // SAFETY: C11's function; the handler is a function of this program, which stays mapped until the process ends.
    unsafe { at_quick_exit(at_quick_exit_called) == 0 }
}

#[cfg(not(target_os = "linux"))]
const fn watch_quick_exit() -> bool {
    true
}

#[cfg(target_os = "linux")]
extern "C" fn at_quick_exit_called() {
    tell_end_by("quick_exit");
}

/// Detects forks, but not by pid: a fork in another pid namespace may have the same one.
#[cfg(unix)]
fn note_forks() {
    unsafe extern "C" fn in_child() {
        IS_FORK.store(true, Ordering::Relaxed);
    }
    // SAFETY: the handler is a function of this program, and stores one word. Without it, a fork's exit in a call is reported, too.
    unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
}

#[cfg(not(unix))]
fn note_forks() {}

extern "C" fn at_exit() {
    tell_end_by("exit");
}

/// Ends the process as failed unless the engine itself called `function`.
fn tell_end_by(function: &str) {
    if IS_FORK.load(Ordering::Relaxed) {
        return;
    }
    let called = current();
    match called.or_else(stack::culprit) {
        Some(callee) => {
            let who = if called.is_some() { String::new() } else { "a thread of ".to_owned() };
            let during = called.map(|callee| format!(" {}", callee.display_call())).unwrap_or_default();
            let (plugin, generation) = (&callee.plugin, callee.generation());
            let text = format!(
                "{who}{plugin} has called {function}{during}: the process ends with code {EXIT_CODE}; a plugin must not end its host"
            );
            let line = text.clone();
            tell::surely(&text, move || {
                dispatcher::with_default(&callee.home.log, || tracing::error!(plugin, generation, "{line}"));
            });
        }
        None if GUARDS.load(Ordering::Relaxed) > 0 => {
            let text = format!(
                "unknown code has called {function} while the game runs: the process ends with code {EXIT_CODE}"
            );
            let line = text.clone();
            tell::surely(&text, move || tracing::error!("{line}"));
        }
        None => return,
    }
    end(EXIT_CODE)
}
