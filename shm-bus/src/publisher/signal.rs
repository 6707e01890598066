//! After a commit: telling those who asked to be told.
//!
//! A topic's attention word names the inboxes that sleep or keep ready bits; all others look by themselves and cost nothing here.

use crate::bell;
use crate::bus::Shared;
use crate::sync::Ordering;
use crate::sys::{self, BellId};

/// Tells the inboxes of `topic` that the lane at index `lane` holds something new. Gives how many were woken.
#[inline]
pub(super) fn signal(shared: &Shared, topic: usize, lane: usize) -> u64 {
    bell::fence_before_look();
    // ORDERING: Relaxed, after the fence of [BELL]. An inbox sets its bit before it arms its bell or keeps ready bits.
    match shared.control.attention(topic).load(Ordering::Relaxed) {
        0 => 0,
        attention => signal_each(shared, attention, lane),
    }
}

fn signal_each(shared: &Shared, mut attention: u64, lane: usize) -> u64 {
    let mut woken = 0;
    while attention != 0 {
        let inbox = attention.trailing_zeros() as usize;
        attention &= attention - 1;
        let doorbell = shared.control.doorbell(inbox);
        if doorbell.kept().load(Ordering::Relaxed) != 0 {
            let (ready, bit) = (&doorbell.ready()[lane / 64], 1 << (lane % 64));
            // ORDERING: [READY] Relaxed, after the fence of [BELL]: a bit seen set is cleared later, before the inbox's fence, and
            // then it looks at the lane. Release, so that who sees the bit sees the message.
            if ready.load(Ordering::Relaxed) & bit == 0 {
                ready.fetch_or(bit, Ordering::Release);
            }
        }
        if bell::ring(doorbell.bell()) {
            sys::wake(doorbell.bell(), BellId { folder: shared.store.path(), kind: "inbox", index: inbox });
            woken += 1;
        }
    }
    woken
}
