//! Somebody asks the game to end: Ctrl-C, or a signal that asks for it.
//!
//! | asked | the game |
//! |---|---|
//! | once | ends with its frame and reports as always; while its plugins are built, ends at once |
//! | twice | ends within a second with [`INTERRUPTED`], whatever hangs; the kernel lets go of its bus |
//!
//! Asking runs on a thread of its own and waits for nothing but, the second time and for a second at most, the log: that may be what
//! hangs.

use std::sync::atomic::{AtomicU32, Ordering};

use plugin_host::exit_at_once;

/// The exit code of a game that was ended before its time: as a shell has it for Ctrl-C.
pub(crate) const INTERRUPTED: u8 = 130;

static ASKED: AtomicU32 = AtomicU32::new(0);

/// Whether the game is to end.
pub(crate) fn is_asked() -> bool {
    // ORDERING: Relaxed, the count says all that there is.
    ASKED.load(Ordering::Relaxed) > 0
}

/// From now on, asks are heard.
pub(crate) fn listen() -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(|| match ASKED.fetch_add(1, Ordering::Relaxed) {
        0 => {
            let log = || tracing::info!("the game is asked to end; asked once more, it ends within a second");
            // Without a thread there is no line.
            drop(std::thread::Builder::new().spawn(log));
        }
        _ => exit_at_once(INTERRUPTED.into(), || tracing::warn!("the game is asked a second time, and ends now")),
    })
}
