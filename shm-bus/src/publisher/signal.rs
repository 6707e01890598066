//! After a commit: telling those who asked to be told.
//!
//! A topic's attention word names the inboxes that sleep or keep ready bits; all others look by themselves and cost nothing here.
//!
//! # The fence that mostly is not there `[ATTENTION]`
//! Between its commit and its look at the attention word a publisher would need a full fence, which costs as much as the rest of a
//! send. An inbox asks for attention once in its life, so it pays for both: it sets its bit and then has the system fence every
//! publisher's thread ([`sys::barrier`]). Each publisher's send either came before that fence, and the inbox's next look sees the
//! message, or comes after it and sees the bit; then it fences and looks at the inbox's doorbell as `[BELL]` says. A publisher whose
//! process the system can't fence for fences by itself.
//!
//! Where an inbox can't ask the system, publishers may pass it by with what they send while it asks. Asleep it finds that at its next
//! look of its own, after 10 ms at most (a second with `arm` or `wait_async`); so does one that keeps ready bits, as before and after
//! sleeping it looks at every lane. Awake, one with ready bits finds it when the lane's next message sets the bit, or at the latest
//! when it has found nothing 64 times.

use std::sync::LazyLock;

use super::OutLane;
use crate::bell;
use crate::lane::Tally;
use crate::membership::Shared;
use crate::sys::{self, BellId};

/// Whether this process's threads are fenced by others when that is needed.
pub(super) fn fenced_by_others() -> bool {
    static JOINED: LazyLock<bool> = LazyLock::new(sys::barrier::join);
    *JOINED
}

/// Tells the inboxes of `topic` that `lane` holds something new. `fenced` is what [`fenced_by_others`] said.
#[inline(always)]
pub(super) fn signal(shared: &Shared, topic: usize, lane: &OutLane, fenced: bool) {
    let attention = bell::who_asked(shared.control.attention(topic), fenced);
    if attention != 0 {
        signal_each(shared, attention, lane);
    }
}

#[inline(never)]
fn signal_each(shared: &Shared, mut attention: u64, lane: &OutLane) {
    bell::fence_before_look();
    while attention != 0 {
        let inbox = attention.trailing_zeros() as usize;
        attention &= attention - 1;
        let doorbell = shared.control.doorbell(inbox);
        if doorbell.signal(lane.index) {
            sys::wake(doorbell.bell(), BellId { folder: shared.store.path(), kind: "inbox", index: inbox });
            lane.writer.tally(Tally::Wakes, 1);
        }
    }
}
