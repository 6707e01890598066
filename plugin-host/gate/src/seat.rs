//! Which line belongs to which thread: one for each of the first 64 threads that are alive at a time, the common one for all others.
//!
//! # Invariants
//! 1. A line has at most one owner. A thread that is ending uses the common line, because its own may have another owner already.

use std::cell::Cell;

use crate::sync::{AtomicU32, AtomicU64, Ordering};

/// Lines that can have an owner.
pub(crate) const LINES: usize = 64;

/// Bit n: line n has an owner.
static TAKEN: AtomicU64 = AtomicU64::new(0);
/// One more than the highest line that ever had an owner.
static USED: AtomicU32 = AtomicU32::new(0);

thread_local! {
    /// This thread's line; `UNKNOWN` before its first use.
    static MINE: Cell<usize> = const { Cell::new(UNKNOWN) };
    /// Gives the line back when the thread ends.
    static RETURN: Cell<Option<Taken>> = const { Cell::new(None) };
}

const UNKNOWN: usize = usize::MAX;

struct Taken(usize);

impl Drop for Taken {
    fn drop(&mut self) {
        // Later code of this thread uses the common line.
        MINE.set(LINES);
        // ORDERING: [SEAT] Release, pairs with the exchange in `take`: the next owner goes on from this one's counts.
        TAKEN.fetch_and(!(1 << self.0), Ordering::Release);
    }
}

/// The line of this thread, in `0 ..= LINES`.
#[inline]
pub(crate) fn mine() -> usize {
    match MINE.get() {
        UNKNOWN => take(),
        line => line,
    }
}

/// Number of lines from 0 on that may have an owner.
pub(crate) fn used() -> usize {
    // ORDERING: [GATE] SeqCst, after the claim: who takes a line later than this load sees the claim when it enters.
    USED.load(Ordering::SeqCst) as usize
}

#[cold]
fn take() -> usize {
    let mut taken = TAKEN.load(Ordering::Relaxed);
    let line = loop {
        let line = taken.trailing_ones() as usize;
        if line == LINES {
            break LINES;
        }
        // ORDERING: [SEAT] Acquire, pairs with the Release in `Taken::drop`.
        match TAKEN.compare_exchange_weak(taken, taken | 1 << line, Ordering::Acquire, Ordering::Relaxed) {
            Ok(_) => break line,
            Err(found) => taken = found,
        }
    };
    // The thread may be ending already: then nothing would give the line back.
    if line < LINES && RETURN.try_with(|place| place.set(Some(Taken(line)))).is_err() {
        TAKEN.fetch_and(!(1 << line), Ordering::Release);
        return LINES;
    }
    // ORDERING: [GATE] SeqCst, before this thread's first entry; pairs with `used`.
    USED.fetch_max((line + 1).min(LINES) as u32, Ordering::SeqCst);
    MINE.set(line);
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_have_lines_of_their_own_while_they_live() {
        let mine = mine();
        assert_eq!(mine, super::mine());
        let other = std::thread::spawn(super::mine).join().expect("it panics nowhere");
        // Other tests may have taken all lines.
        assert!(mine != other || mine == LINES, "{mine}");
        assert!(used() > mine.max(other).min(LINES - 1));
    }

    #[test]
    fn more_threads_than_lines_use_the_common_one() {
        let barrier = std::sync::Barrier::new(LINES + 1);
        let lines: Vec<usize> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..=LINES)
                .map(|_| {
                    scope.spawn(|| {
                        let line = mine();
                        barrier.wait();
                        line
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().expect("it panics nowhere")).collect()
        });
        assert!(lines.contains(&LINES));
        let mut own: Vec<_> = lines.iter().filter(|line| **line < LINES).collect();
        own.sort_unstable();
        assert!(own.windows(2).all(|pair| pair[0] != pair[1]), "{own:?}");
    }
}
