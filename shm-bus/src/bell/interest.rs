//! The attention mask: a word with a bit for each inbox that wants a signal at every message of a topic.
//!
//! An inbox sets its bit, fences, and looks at its lanes; a publisher commits, fences, and loads the word: `[ATTENTION]`. The publisher's
//! fence is one that its own processor executes, or one that the system executes for it when an inbox asks.

use std::sync::atomic::compiler_fence;

use super::fence_before_look;
use crate::sync::{AtomicU64, Mutation, Ordering, fence_unless};

/// Asks for the attention of the publishers of these topics. After this returns, the caller sees every earlier commit of publishers that
/// fence themselves; the caller has to fence the others.
pub(crate) fn ask<'a>(topics: impl Iterator<Item = &'a AtomicU64>, inbox: usize) {
    for attention in topics {
        // ORDERING: [ATTENTION] Relaxed, ordered by the fence below.
        attention.fetch_or(1 << inbox, Ordering::Relaxed);
    }
    // ORDERING: [ATTENTION] SeqCst, pairs with the fences of publishers that fence by themselves.
    fence_unless(Mutation::NoAskerFence, Ordering::SeqCst);
}

/// The inboxes that asked for the attention of the caller, which has just committed; `fenced_by_others` if those inboxes fence the caller.
#[inline(always)]
pub(crate) fn who_asked(attention: &AtomicU64, fenced_by_others: bool) -> u64 {
    if fenced_by_others {
        // ORDERING: [ATTENTION] the compiler keeps the commit before the load; the inbox that sets the bit makes the processor do so.
        compiler_fence(Ordering::SeqCst);
    } else {
        fence_before_look();
    }
    // ORDERING: [ATTENTION] Relaxed, after the fence.
    attention.load(Ordering::Relaxed)
}
