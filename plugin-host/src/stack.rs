//! Stack for writing and reading a state, which recurse as deep as the state is nested.
//!
//! A handover's thread has it. Whoever is asked for a state elsewhere (a swap at the edge, a report) has it made on such a thread.
//! Dropping a state recurses too, on whichever thread drops it: each level takes far less stack than writing it, and how deep a state
//! that can be saved may be is limited.

use std::cell::Cell;
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, scope};

use tracing::dispatcher;

/// Reserved, and used only as far as a state is deep: the deepest that may be saved needs a few MiB, in debug builds. The C library
/// keeps stacks of up to 40 MiB for the next thread; a larger one would be unmapped by whoever joins its thread, at the frame edge.
pub(crate) const STACK_BYTES: usize = 32 << 20;

thread_local! {
    static HAS_ROOM: Cell<bool> = const { Cell::new(false) };
}

/// Says that this thread was made with [`STACK_BYTES`].
pub(crate) fn is_large() {
    HAS_ROOM.set(true);
}

/// Does `work` on a thread with [`STACK_BYTES`]: this one, or another while this one waits. Without a thread it is done here.
pub(crate) fn with_room<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    if HAS_ROOM.get() {
        return work();
    }
    let work = Mutex::new(Some(work));
    let take = || work.lock().unwrap_or_else(PoisonError::into_inner).take();
    let log = dispatcher::get_default(Clone::clone);
    let made = scope(|scope| {
        let worker = Builder::new().name("state".to_owned()).stack_size(STACK_BYTES);
        let worker = worker.spawn_scoped(scope, || {
            is_large();
            take().map(|work| dispatcher::with_default(&log, work))
        });
        worker.ok().and_then(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    made.unwrap_or_else(|| take().expect("it was not done on another thread")())
}

#[cfg(test)]
mod tests {
    use super::with_room;

    #[test]
    fn work_is_done_once_on_a_thread_with_room() {
        let here = std::thread::current().id();
        let (outer, inner) = with_room(|| {
            let outer = std::thread::current().id();
            (outer, with_room(|| std::thread::current().id()))
        });
        assert_ne!(outer, here);
        assert_eq!(inner, outer);
    }
}
