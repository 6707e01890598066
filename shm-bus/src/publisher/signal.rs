//! After a commit: signals the inboxes that are interested.
//!
//! A topic's interest mask names the inboxes that sleep or keep ready bits; all others poll and cost nothing here.
//!
//! # Asymmetric fence (membarrier) `[INTEREST]`
//! Between its commit and its load of the interest mask a publisher would need a full fence, which costs as much as the rest of a send. An
//! inbox registers its interest once in its life, so it pays for both sides: it sets its bit and then makes the system fence every
//! publisher's thread ([`sys::barrier`]). If a publisher's send came before that fence, the inbox's next look sees the message. If it comes
//! after, the publisher sees the bit; then it fences and checks the inbox's doorbell as in `[BELL]`. A publisher whose process the system
//! can't fence uses its own fences.
//!
//! If the inbox can't request that fence, publishers may miss its bit for messages that they send while it registers. A sleeping inbox finds
//! these messages at its next look of its own, after 10 ms at most (a second with `arm` or `wait_async`). So does a sleeping one with ready
//! bits, because it checks every lane before and after sleeping. An inbox with ready bits that is awake finds them when the lane's next
//! message sets the bit, or at the latest when it has found nothing 64 times.

use std::sync::LazyLock;

use super::Lane;
use crate::bell;
use crate::layout::lane::Tally;
use crate::membership::Shared;
use crate::sys::{self, BellId};

/// Whether other processes can fence this process's threads when needed.
pub(super) fn fenced_by_others() -> bool {
    static JOINED: LazyLock<bool> = LazyLock::new(sys::barrier::join);
    *JOINED
}

/// Signals the inboxes of `topic` that `lane` holds a new message. `fenced` is the result of [`fenced_by_others`].
#[inline(always)]
pub(super) fn signal(shared: &Shared, topic: usize, lane: &Lane, fenced: bool) {
    let interested = bell::interested(shared.control.interest(topic), fenced);
    if interested != 0 {
        signal_each(shared, interested, lane);
    }
}

#[inline(never)]
fn signal_each(shared: &Shared, mut interested: u64, lane: &Lane) {
    bell::fence_before_look();
    while interested != 0 {
        let inbox = interested.trailing_zeros() as usize;
        interested &= interested - 1;
        let doorbell = shared.control.doorbell(inbox);
        if doorbell.signal(lane.index) {
            sys::wake(doorbell.bell(), BellId { folder: shared.store.path(), kind: "inbox", index: inbox });
            lane.writer.tally(Tally::Wakes, 1);
        }
    }
}
