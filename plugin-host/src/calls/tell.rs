//! Says something when the log may hang, or can't be used on this thread.

use std::thread::Builder;
use std::time::Duration;

/// How long a line may take.
const PATIENCE: Duration = Duration::from_secs(1);
const STEP: Duration = Duration::from_millis(1);

/// Runs `log` on a thread of its own, for at most a second; gives whether it is done.
///
/// Not on this one: when the process ends, its thread-locals, which subscribers use, are gone. And neither is waited for by
/// parking, nor through a channel, which would need them, too.
pub(super) fn briefly(log: impl FnOnce() + Send + 'static) -> bool {
    let Ok(thread) = Builder::new().name("hotframe-tells".to_owned()).spawn(log) else { return false };
    let mut waited = Duration::ZERO;
    while !thread.is_finished() && waited < PATIENCE {
        std::thread::sleep(STEP);
        waited += STEP;
    }
    thread.is_finished()
}

/// As [`briefly`], and writes `text` to stderr if that doesn't help: while a library is loaded, no other thread can have new
/// thread-locals, which most subscribers need (glibc).
pub(super) fn surely(text: &str, log: impl FnOnce() + Send + 'static) {
    if !briefly(log) {
        eprintln!("{text}");
    }
}
