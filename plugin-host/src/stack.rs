//! Large stacks for saving and restoring states, which recurse as deep as the state is nested.
//!
//! A handover's thread has such a stack. When a state is needed elsewhere (a swap at the edge, a report), it is saved or restored on such a
//! thread. Dropping a state recurses too, on whichever thread drops it; but each level takes far less stack than saving it, and the depth
//! of a state that can be saved is limited.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, scope};

use crossbeam_channel::bounded;
use plugin_sdk::abi::STATE_STACK_BYTES;
use tracing::dispatcher;

use crate::calls::ends::watched;

/// Reserved, but used only as far as a state is deep: the deepest that may be saved needs a few MiB in debug builds. The C library keeps
/// stacks of up to 40 MiB for the next thread; a larger one would be mapped and unmapped for each handover, in parallel with the frame.
pub(crate) const STACK_BYTES: usize = STATE_STACK_BYTES;
const _: () = assert!(STACK_BYTES <= 40 << 20);

thread_local! {
    static HAS_ROOM: Cell<bool> = const { Cell::new(false) };
}

/// Records that this thread was created with [`STACK_BYTES`].
pub(crate) fn is_large() {
    HAS_ROOM.set(true);
}

/// Runs `work` on a thread with [`STACK_BYTES`]: this one, or a new one while this one waits for the work, but not for the thread's end. If
/// no thread can be started, it runs here.
pub(crate) fn with_room<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    if HAS_ROOM.get() {
        return work();
    }
    let work = Mutex::new(Some(work));
    let take = || work.lock().unwrap_or_else(PoisonError::into_inner).take();
    let log = dispatcher::get_default(Clone::clone);
    let (sender, made) = bounded(1);
    let on_another = || {
        let Some(work) = take() else { return };
        let done = catch_unwind(AssertUnwindSafe(|| dispatcher::with_default(&log, work)));
        // The receiver outlives this thread.
        let _ = sender.send(done);
    };
    // The scope ends with the work, not with its thread, which nobody joins.
    let is_done = scope(|scope| {
        let worker = Builder::new().name("state".to_owned()).stack_size(STACK_BYTES);
        let worker = worker.spawn_scoped(scope, || {
            is_large();
            watched(on_another);
        });
        worker.is_ok()
    });
    if !is_done {
        return take().expect("it was not done on another thread")();
    }
    made.recv().expect("a thread that was started sends what it made").unwrap_or_else(|panic| resume_unwind(panic))
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
