//! Ends of the host's own threads. A plugin's thread-locals are dropped there, outside of any call, and may hang.
//!
//! Nobody waits for a thread's end: its result is sent as soon as it is made. The [`watchdog`](super::watchdog) reports ends that take
//! long.
//!
//! # Invariants
//! 1. A thread that has called a plugin is listed in [`ENDING`] from the end of its work until its thread-locals are dropped.
//!
//! # Failure
//! This module's thread-local is dropped last because it is created first; that holds on glibc. On a system with another order of
//! destruction, an end that hangs is not reported.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::Builder;

use crossbeam_channel::{Receiver, bounded};

use super::callee::Callee;

/// Images that one thread has called.
type Images = Vec<&'static Callee>;

/// Threads that are ending.
static ENDING: Mutex<BTreeMap<u64, Images>> = Mutex::new(BTreeMap::new());

thread_local! {
    static CALLED: Called = const { Called { images: RefCell::new(None), number: Cell::new(0) } };
}

/// The images that this thread has called.
struct Called {
    /// `None` on a thread that is not [`watched`].
    images: RefCell<Option<Images>>,
    /// Key of the entry in [`ENDING`]; 0 before there is one.
    number: Cell<u64>,
}

impl Drop for Called {
    fn drop(&mut self) {
        ending().remove(&self.number.get());
    }
}

fn ending() -> MutexGuard<'static, BTreeMap<u64, Images>> {
    ENDING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts a thread that calls plugins. The receiver gets the result of `work` as soon as it is made, or nothing if it panics.
pub(crate) fn spawn<T: Send + 'static>(
    thread: Builder,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<Receiver<T>> {
    let (sender, made) = bounded(1);
    thread.spawn(move || {
        watched(|| {
            // The receiver is gone if the work was abandoned.
            let _ = sender.send(work());
        });
    })?;
    Ok(made)
}

/// Runs `work` as the last thing that this thread does.
pub(crate) fn watched(work: impl FnOnce()) {
    static NUMBERS: AtomicU64 = AtomicU64::new(1);

    CALLED.with(|called| called.images.replace(Some(Vec::new())));
    work();
    CALLED.with(|called| {
        let images = called.images.take().unwrap_or_default();
        if !images.is_empty() {
            let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
            called.number.set(number);
            ending().insert(number, images);
        }
    });
}

/// Records that this thread calls `image`.
pub(crate) fn note(image: &'static Callee) {
    // A thread that is ending calls no images.
    let _ = CALLED.try_with(|called| {
        if let Some(images) = called.images.borrow_mut().as_mut()
            && !images.iter().any(|known| std::ptr::eq(*known, image))
        {
            images.push(image);
        }
    });
}

/// Ending threads that have called images of `host`, by a number that is unique to the thread.
pub(super) fn of_host(host: u64) -> BTreeMap<u64, Images> {
    let mut ending = ending().clone();
    ending.retain(|_, images| {
        images.retain(|image| image.home.host == host);
        !images.is_empty()
    });
    ending
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use super::super::home::Home;
    use super::*;

    /// Its drop blocks until a message is sent or all senders are gone.
    struct Hangs(Receiver<()>);

    impl Drop for Hangs {
        fn drop(&mut self) {
            while self.0.try_recv() == Err(crossbeam_channel::TryRecvError::Empty) {
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
        }
    }

    thread_local! {
        static LOCAL: RefCell<Option<Hangs>> = const { RefCell::new(None) };
    }

    fn await_that(done: impl Fn() -> bool) {
        while !done() {
            std::thread::yield_now();
        }
    }

    #[test]
    fn what_a_thread_makes_comes_before_its_end_which_is_known_while_it_lasts() {
        let home = Arc::new(Home::new());
        let callee = Callee::new("ai", PathBuf::from("ai.so"), home.clone());
        let (go_on, hangs) = bounded(0);
        let made = spawn(Builder::new(), move || {
            note(callee);
            LOCAL.replace(Some(Hangs(hangs)));
            5
        });
        assert_eq!(made.expect("a thread").recv(), Ok(5));
        await_that(|| !of_host(home.host).is_empty());
        assert!(of_host(home.host + 1_000_000).is_empty());
        assert!(of_host(home.host).values().all(|images| images.len() == 1 && std::ptr::eq(images[0], callee)));
        drop(go_on);
        await_that(|| of_host(home.host).is_empty());
    }

    #[test]
    fn a_thread_that_panics_makes_nothing_and_one_that_is_not_watched_notes_nothing() {
        let made = spawn(Builder::new(), || std::panic::resume_unwind(Box::new(())));
        assert!(made.expect("a thread").recv().is_err());
        let home = Arc::new(Home::new());
        note(Callee::new("ai", PathBuf::from("ai.so"), home.clone()));
        assert!(of_host(home.host).is_empty());
    }
}
