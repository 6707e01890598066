//! After a commit: telling those who asked to be told.
//!
//! A topic's attention word names the inboxes that sleep or keep ready bits; all others look by themselves and cost nothing here.

use super::OutLane;
use crate::bell;
use crate::bus::Shared;
use crate::lane::Tally;
use crate::sync::Ordering;
use crate::sys::{self, BellId};

/// Tells the inboxes of `topic` that `lane` holds something new.
#[inline(always)]
pub(super) fn signal(shared: &Shared, topic: usize, lane: &OutLane) {
    bell::fence_before_look();
    // ORDERING: Relaxed, after the fence of [BELL]. An inbox sets its bit before it arms its bell or keeps ready bits.
    let attention = shared.control.attention(topic).load(Ordering::Relaxed);
    if attention != 0 {
        signal_each(shared, attention, lane);
    }
}

#[inline(never)]
fn signal_each(shared: &Shared, mut attention: u64, lane: &OutLane) {
    while attention != 0 {
        let inbox = attention.trailing_zeros() as usize;
        attention &= attention - 1;
        let doorbell = shared.control.doorbell(inbox);
        if doorbell.kept().load(Ordering::Relaxed) != 0 {
            let (ready, bit) = (&doorbell.ready()[lane.index / 64], 1 << (lane.index % 64));
            // ORDERING: [READY] Relaxed, after the fence of [BELL]: a bit seen set is cleared later, before the inbox's fence, and
            // then it looks at the lane. Release, so that who sees the bit sees the message.
            if ready.load(Ordering::Relaxed) & bit == 0 {
                ready.fetch_or(bit, Ordering::Release);
            }
        }
        if bell::ring(doorbell.bell()) {
            sys::wake(doorbell.bell(), BellId { folder: shared.store.path(), kind: "inbox", index: inbox });
            lane.writer.tally(Tally::Wakes, 1);
        }
    }
}
