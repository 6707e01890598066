//! Requests to end the game: Ctrl-C, or a signal with that meaning.
//!
//! | requested | the game |
//! |---|---|
//! | once | ends with its frame and reports as always; while its plugins are built, ends at once |
//! | twice | ends within a second with [`INTERRUPTED`], whatever hangs; the kernel releases its bus |
//!
//! A request is handled on a thread of its own, which waits for nothing. Only the second time it waits, for a second at most, for the log,
//! which may be what hangs.

use std::sync::atomic::{AtomicU32, Ordering};

use plugin_host::exit_at_once;

/// Exit code of an interrupted game; shells use it for Ctrl-C.
pub(crate) const INTERRUPTED: u8 = 130;

static ASKED: AtomicU32 = AtomicU32::new(0);

/// Whether the game was asked to end.
pub(crate) fn is_asked() -> bool {
    // ORDERING: Relaxed; the count is all that is communicated.
    ASKED.load(Ordering::Relaxed) > 0
}

/// From now on, requests are handled.
pub(crate) fn listen() -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(|| match ASKED.fetch_add(1, Ordering::Relaxed) {
        0 => {
            let log = || tracing::info!("ending the game; a second request ends it within a second");
            // If no thread can be started, no line is logged.
            drop(std::thread::Builder::new().spawn(log));
        }
        _ => exit_at_once(INTERRUPTED.into(), || tracing::warn!("second request to end: ending now")),
    })
}
