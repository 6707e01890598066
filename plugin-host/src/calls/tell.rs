//! Logging where the log may hang or can't be used on this thread.

use std::thread::Builder;
use std::time::Duration;

/// Timeout for one line.
const PATIENCE: Duration = Duration::from_secs(1);
const STEP: Duration = Duration::from_millis(1);

/// Runs `log` on a new thread for at most a second; returns whether it has finished.
///
/// It can't run on this thread: when the process ends, this thread's thread-locals, which subscribers use, are gone. Parking and channels
/// would need them, too, so neither is used to wait.
pub(super) fn briefly(log: impl FnOnce() + Send + 'static) -> bool {
    let Ok(thread) = Builder::new().name("hotframe-tells".to_owned()).spawn(log) else { return false };
    let mut waited = Duration::ZERO;
    while !thread.is_finished() && waited < PATIENCE {
        std::thread::sleep(STEP);
        waited += STEP;
    }
    thread.is_finished()
}

/// Like [`briefly`], but writes `text` to stderr if that fails: while a library is loaded, no other thread can create thread-locals, which
/// most subscribers need (glibc).
pub(super) fn surely(text: &str, log: impl FnOnce() + Send + 'static) {
    if !briefly(log) {
        eprintln!("{text}");
    }
}
