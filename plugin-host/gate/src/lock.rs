//! Shared and exclusive use, as counters and one word.
//!
//! ```text
//! shared      entered += 1 │ is the word zero? use it, left += 1 │ otherwise left += 1, wait for zero, begin again
//! exclusive   word: 0 → HELD; urgent: word += URGENT, later URGENT → HELD │ wait until entered = left in each line │ use it │ HELD → 0
//! ```
//! Each thread counts in a line of its own, so that shared users write nothing that others read. The sum of all entries also tells whether
//! anybody has entered since a moment ago.
//!
//! # Invariants
//! 1. `left` is at most `entered` in each line.
//! 2. Only the thread that owns a line writes to it; several threads may use the last line, which they change by read-modify-write
//!    operations.
//! 3. An ordinary user, shared or exclusive, begins only while the word is zero: the holder and urgent users come first.

use crate::patience::Patience;
use crate::sync::{
    AtomicU32, AtomicU64, Backoff, Condvar, Mutex, Ordering, Step, entry_fence, left_out, order_unless, wait,
};

/// Somebody uses the gate exclusively, or waits for the end of shared uses to do so.
const HELD: u32 = 1;
/// One urgent user that waits for the holder.
const URGENT: u32 = 2;

/// Uses of one thread. A pair of cache lines, because processors fetch pairs.
#[derive(Debug)]
#[repr(align(128))]
struct Line {
    entered: AtomicU64,
    left: AtomicU64,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Lock {
    lines: Box<[Line]>,
    word: AtomicU32,
    /// Threads that sleep until the word changes.
    sleeping: AtomicU32,
    sleepers: Mutex<()>,
    changed: Condvar,
}

impl Lock {
    /// A lock with this number of lines of threads, and one more for all other threads.
    pub(crate) fn new(own_lines: usize) -> Self {
        let line = || Line { entered: AtomicU64::new(0), left: AtomicU64::new(0) };
        Self {
            lines: (0..=own_lines).map(|_| line()).collect(),
            word: AtomicU32::new(0),
            sleeping: AtomicU32::new(0),
            sleepers: Mutex::new(()),
            changed: Condvar::new(),
        }
    }

    /// Number of the line that threads share.
    const fn common(&self) -> usize {
        self.lines.len() - 1
    }

    /// Begins a shared use by the owner of `line`; `false` if somebody uses it exclusively for longer than the caller waits.
    #[inline]
    pub(crate) fn enter(&self, line: usize, patience: Patience) -> bool {
        // ORDERING: [GATE] SeqCst, pairs with the accesses in `claim` and `drain`: either this thread sees the claim, or the claimant sees this
        // entry.
        self.lines[line].entered.fetch_add(1, Ordering::SeqCst);
        entry_fence();
        // ORDERING: [GATE] as above. It is also the Acquire side of [OPEN].
        self.word.load(Ordering::SeqCst) == 0 || left_out(Step::Look) || self.enter_later(line, patience.begin())
    }

    /// Begins a shared use of a thread that is in a shared use already: it must not wait for somebody who waits for it.
    /// Always `true`.
    pub(crate) fn enter_again(&self, line: usize) -> bool {
        // ORDERING: Relaxed, an entry of this thread stands in the line, so that no claimant gets past it.
        self.lines[line].entered.fetch_add(1, Ordering::Relaxed);
        true
    }

    #[cold]
    fn enter_later(&self, line: usize, patience: Patience) -> bool {
        loop {
            self.leave(line);
            if !self.sleep_until(|word| word == 0, patience) {
                return false;
            }
            // ORDERING: [GATE] as in `enter`.
            self.lines[line].entered.fetch_add(1, Ordering::SeqCst);
            entry_fence();
            // ORDERING: [GATE] as in `enter`.
            if self.word.load(Ordering::SeqCst) == 0 {
                return true;
            }
        }
    }

    /// Ends a shared use.
    #[inline]
    pub(crate) fn leave(&self, line: usize) {
        // ORDERING: [LEAVE] Release, pairs with the load in `drain`: what the use did is seen by who sees it ended.
        let order = order_unless(Step::Leave, Ordering::Release);
        let left = &self.lines[line].left;
        if line == self.common() {
            left.fetch_add(1, order);
        } else {
            // Only this thread writes it.
            left.store(left.load(Ordering::Relaxed).wrapping_add(1), order);
        }
    }

    /// Begins an exclusive use, after the holder and all urgent users; `false` if that lasts longer than the caller waits. `lines`: those
    /// with a larger number have no owner yet.
    pub(crate) fn claim(&self, lines: impl Fn() -> usize, mut patience: Patience) -> bool {
        // ORDERING: [GATE] SeqCst on success, pairs with `enter`. It is also the Acquire side of [OPEN].
        while self.word.compare_exchange(0, HELD, Ordering::SeqCst, Ordering::Relaxed).is_err() {
            patience = patience.begin();
            if !self.sleep_until(|word| word == 0, patience) {
                return false;
            }
        }
        self.finish_claim(lines, patience)
    }

    /// Begins an exclusive use as soon as the present uses have ended; `false` if that lasts longer than the caller waits.
    pub(crate) fn claim_urgently(&self, lines: impl Fn() -> usize, mut patience: Patience) -> bool {
        // ORDERING: Relaxed, it only keeps others from beginning.
        let mut word = self.word.fetch_add(URGENT, Ordering::Relaxed) + URGENT;
        let mut backoff = Backoff::default();
        loop {
            if word & HELD == 0 {
                // ORDERING: [GATE] as in `claim`.
                let claimed =
                    self.word.compare_exchange(word, (word - URGENT) | HELD, Ordering::SeqCst, Ordering::Relaxed);
                let Err(found) = claimed else { break };
                word = found;
                continue;
            }
            patience = patience.begin();
            if patience.is_over() {
                self.change(|word| word.fetch_sub(URGENT, Ordering::SeqCst));
                return false;
            }
            if patience == Patience::Forever && backoff.is_long() {
                self.sleep_until(|word| word & HELD == 0, patience);
            } else {
                backoff.wait();
            }
            word = self.word.load(Ordering::Relaxed);
        }
        self.finish_claim(lines, patience)
    }

    /// After a claim: waits for the shared uses to end, or gives the claim up.
    fn finish_claim(&self, lines: impl Fn() -> usize, patience: Patience) -> bool {
        entry_fence();
        let is_drained = self.drain(lines(), patience);
        if !is_drained {
            self.open();
        }
        is_drained
    }

    /// Waits until nobody is in a shared use; `false` if that lasts longer than the caller waits.
    fn drain(&self, lines: usize, mut patience: Patience) -> bool {
        if left_out(Step::Drain) {
            return true;
        }
        for line in self.in_use(lines) {
            let mut backoff = Backoff::default();
            while !self.is_empty(line) {
                patience = patience.begin();
                if backoff.is_long() && patience.is_over() {
                    return false;
                }
                backoff.wait();
            }
        }
        true
    }

    fn is_empty(&self, line: usize) -> bool {
        let Line { entered, left } = &self.lines[line];
        // `left` first: it never exceeds `entered`, so if both are equal in this order, nobody was in it at the second load.
        // ORDERING: [LEAVE] Acquire, pairs with the store in `leave`.
        let left = left.load(Ordering::Acquire);
        // ORDERING: [GATE] SeqCst, after the claim; pairs with the entry in `enter`.
        entered.load(Ordering::SeqCst) == left
    }

    /// Whether somebody uses the gate exclusively, or waits for shared uses to end.
    #[cfg(all(test, not(loom)))]
    pub(crate) fn is_claimed(&self) -> bool {
        self.word.load(Ordering::Relaxed) & HELD != 0
    }

    /// Ends the exclusive use.
    pub(crate) fn open(&self) {
        // ORDERING: [OPEN] Release (as a part of SeqCst), pairs with the loads of the word by those that enter or claim.
        self.change(|word| word.fetch_and(!HELD, order_unless(Step::Open, Ordering::SeqCst)));
    }

    /// Changes the word, and wakes those that sleep until it changes.
    fn change(&self, change: impl FnOnce(&AtomicU32) -> u32) {
        change(&self.word);
        entry_fence();
        // ORDERING: [SLEEP] SeqCst, after the change; pairs with the accesses in `sleep_until`: either the sleeper sees the change, or it is
        // seen here.
        if self.sleeping.load(Ordering::SeqCst) != 0 && !left_out(Step::Wake) {
            // The sleeper holds this lock from its look at the word until it sleeps.
            drop(self.sleepers.lock());
            self.changed.notify_all();
        }
    }

    /// Sleeps until the word is as `wanted`; `false` if it isn't for longer than the caller waits.
    #[cold]
    fn sleep_until(&self, wanted: impl Fn(u32) -> bool, patience: Patience) -> bool {
        let mut backoff = Backoff::default();
        while !backoff.is_long() {
            if wanted(self.word.load(Ordering::Relaxed)) {
                return true;
            }
            backoff.wait();
        }
        // ORDERING: [SLEEP] SeqCst, before the look at the word; pairs with `change`.
        self.sleeping.fetch_add(1, Ordering::SeqCst);
        entry_fence();
        let mut sleepers = self.sleepers.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let is_wanted = loop {
            // ORDERING: [SLEEP] as above.
            if wanted(self.word.load(Ordering::SeqCst)) {
                break true;
            }
            if patience.is_over() {
                break false;
            }
            sleepers = wait(&self.changed, sleepers, patience);
        };
        drop(sleepers);
        self.sleeping.fetch_sub(1, Ordering::Relaxed);
        is_wanted
    }

    /// Number of entries so far. Exact in an exclusive use; entries that had to wait count more than once.
    pub(crate) fn entries(&self, lines: usize) -> u64 {
        // ORDERING: Relaxed, the exclusive use has seen all of them.
        let entered = |line: usize| self.lines[line].entered.load(Ordering::Relaxed);
        self.in_use(lines).fold(0, |sum, line| sum.wrapping_add(entered(line)))
    }

    /// The numbers of the first `lines` lines and of the common one.
    fn in_use(&self, lines: usize) -> impl Iterator<Item = usize> + use<> {
        (0..lines.min(self.common())).chain([self.common()])
    }
}
