//! The interest mask: a word with a bit for each inbox that wants a signal at every message of a topic.
//!
//! An inbox sets its bit, fences, and looks at its lanes; a publisher commits, fences, and loads the word: `[INTEREST]`. The publisher's
//! fence is one that its own processor executes, or one that the system executes for it when an inbox registers.

use std::sync::atomic::compiler_fence;

use super::fence_before_look;
use crate::sync::{AtomicU64, Mutation, Ordering, fence_unless};

/// Registers the interest of `inbox` in these topics. After this returns, the caller sees every earlier commit of publishers that
/// fence themselves; the caller has to fence the others.
pub(crate) fn register<'a>(topics: impl Iterator<Item = &'a AtomicU64>, inbox: usize) {
    for mask in topics {
        // ORDERING: [INTEREST] Relaxed, ordered by the fence below.
        mask.fetch_or(1 << inbox, Ordering::Relaxed);
    }
    // ORDERING: [INTEREST] SeqCst, pairs with the fences of publishers that fence by themselves.
    fence_unless(Mutation::NoInterestFence, Ordering::SeqCst);
}

/// The inboxes that are interested in a topic whose publisher, the caller, has just committed; `fenced_by_others` if they fence the caller.
#[inline(always)]
pub(crate) fn interested(mask: &AtomicU64, fenced_by_others: bool) -> u64 {
    if fenced_by_others {
        // ORDERING: [INTEREST] the compiler keeps the commit before the load; the inbox that sets the bit makes the processor do so.
        compiler_fence(Ordering::SeqCst);
    } else {
        fence_before_look();
    }
    // ORDERING: [INTEREST] Relaxed, after the fence.
    mask.load(Ordering::Relaxed)
}
