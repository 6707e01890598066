//! A thread pool: the caller and its helper threads share the work of a frame.
//!
//! Helpers live as long as the crew. Items are owned values: a free thread takes the next one, works on it and puts it back, so a helper
//! that the system does not schedule in time delays nobody. This module knows nothing of pictures.
//!
//! # Invariants
//! 1. An item that was taken is put back even if the job panics: [`Crew::work`] returns all of them, in order.
//! 2. Between two calls of [`Crew::work`] the helpers sleep and hold nothing.
//! 3. The lock is held only to take and to put back; no code that can panic runs under it.
//!
//! # Failure
//! A panic of the job on any thread becomes the caller's panic as soon as the other items are done. If no thread can be started, the caller
//! works alone.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};

/// Threads that run a job on items of type `T`.
pub(super) struct Crew<T> {
    shared: Arc<Shared<T>>,
    helpers: Vec<JoinHandle<()>>,
}

struct Shared<T> {
    job: Box<dyn Fn(&mut T) + Send + Sync>,
    board: Mutex<Board<T>>,
    /// Signals that there is an item to take, or that the crew is dismissed.
    posted: Condvar,
    /// Signals that the last item was put back.
    finished: Condvar,
}

/// The work to be done.
struct Board<T> {
    /// `None` while a thread works on it.
    items: Vec<Option<T>>,
    /// Index of the next item to take, in `0 ..= items.len()`.
    next: usize,
    /// Number of items that are not yet put back.
    pending: usize,
    panic: Option<Box<dyn Any + Send>>,
    dismissed: bool,
}

impl<T: Send + 'static> Crew<T> {
    /// A crew of the caller and up to `helpers` threads that runs `job`.
    pub(super) fn new(helpers: usize, job: impl Fn(&mut T) + Send + Sync + 'static) -> Self {
        let board = Board { items: Vec::new(), next: 0, pending: 0, panic: None, dismissed: false };
        let shared = Arc::new(Shared {
            job: Box::new(job),
            board: Mutex::new(board),
            posted: Condvar::new(),
            finished: Condvar::new(),
        });
        let hire = |_| {
            let shared = Arc::clone(&shared);
            Builder::new().name("presenter".into()).spawn(move || shared.serve()).ok()
        };
        let helpers = (0..helpers).map_while(hire).collect();
        Self { shared, helpers }
    }

    /// Runs the job on every item. Allocates only if there are more items than ever before.
    ///
    /// # Panics
    /// If the job panics; all other items are done then.
    pub(super) fn work(&mut self, items: &mut Vec<T>) {
        let mut board = self.shared.board();
        board.next = 0;
        board.pending = items.len();
        board.items.extend(items.drain(..).map(Some));
        drop(board);
        self.shared.posted.notify_all();
        let mut board = self.shared.take_turns(self.shared.board());
        while board.pending > 0 {
            board = self.shared.finished.wait(board).unwrap_or_else(PoisonError::into_inner);
        }
        items.extend(board.items.drain(..).flatten());
        let panic = board.panic.take();
        drop(board);
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }
}

impl<T> Shared<T> {
    fn board(&self) -> MutexGuard<'_, Board<T>> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A helper thread's main loop.
    fn serve(&self) {
        let mut board = self.board();
        while !board.dismissed {
            board = self.take_turns(board);
            if !board.dismissed {
                board = self.posted.wait(board).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    /// Works until there is nothing left to take.
    fn take_turns<'a>(&'a self, mut board: MutexGuard<'a, Board<T>>) -> MutexGuard<'a, Board<T>> {
        while let Some((place, mut item)) = board.take() {
            drop(board);
            let done = catch_unwind(AssertUnwindSafe(|| (self.job)(&mut item)));
            board = self.board();
            board.items[place] = Some(item);
            board.pending -= 1;
            if let Err(panic) = done {
                board.panic = Some(panic);
            }
            if board.pending == 0 {
                self.finished.notify_one();
            }
        }
        board
    }
}

impl<T> Board<T> {
    fn take(&mut self) -> Option<(usize, T)> {
        let place = self.next;
        let item = self.items.get_mut(place)?.take()?;
        self.next += 1;
        Some((place, item))
    }
}

impl<T> Drop for Crew<T> {
    fn drop(&mut self) {
        self.shared.board().dismissed = true;
        self.shared.posted.notify_all();
        for helper in self.helpers.drain(..) {
            // A helper catches the job's panics and never panics itself.
            let _ = helper.join();
        }
    }
}

impl<T> fmt::Debug for Crew<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crew").field("helpers", &self.helpers.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn every_item_is_done_once_and_comes_back_in_order() {
        for helpers in 0..4 {
            let mut crew = Crew::new(helpers, |item: &mut usize| *item += 1);
            let mut items: Vec<usize> = (0..100).collect();
            for _ in 0..200 {
                crew.work(&mut items);
            }
            assert_eq!(items, (200..300).collect::<Vec<_>>(), "{helpers} helpers");
            crew.work(&mut Vec::new());
        }
    }

    #[test]
    fn a_helper_helps() {
        // Neither item is done before both have begun, which requires two threads.
        let both = Barrier::new(2);
        let mut crew = Crew::new(1, move |by: &mut Option<thread::ThreadId>| {
            both.wait();
            *by = Some(thread::current().id());
        });
        let mut items = vec![None; 2];
        crew.work(&mut items);
        let own = items.iter().filter(|by| **by == Some(thread::current().id())).count();
        assert_eq!(own, 1, "of 2 on the caller's thread");
    }

    #[test]
    fn a_panic_is_the_callers_and_costs_no_item() {
        for helpers in 0..3 {
            let mut crew = Crew::new(helpers, |item: &mut i32| {
                assert!(*item >= 0, "negative");
                *item += 1;
            });
            let mut items = vec![0, 1, -1, 3, 4, -1, 6];
            let panic = catch_unwind(AssertUnwindSafe(|| crew.work(&mut items)));
            assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"negative"));
            assert_eq!(items, [1, 2, -1, 4, 5, -1, 7]);
            items.retain(|item| *item >= 0);
            crew.work(&mut items);
            assert_eq!(items, [2, 3, 5, 6, 8]);
        }
    }

    #[test]
    fn dropping_ends_the_helpers() {
        struct Alive(Arc<AtomicUsize>);
        impl Drop for Alive {
            fn drop(&mut self) {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
        let ended = Arc::new(AtomicUsize::new(0));
        let alive = Alive(Arc::clone(&ended));
        let mut crew = Crew::new(3, move |_: &mut u8| {
            let _ = &alive;
        });
        crew.work(&mut vec![1, 2, 3]);
        drop(crew);
        // The last thread that holds the job drops it.
        assert_eq!(ended.load(Ordering::Relaxed), 1);
    }
}
