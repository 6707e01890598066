//! Wakes a worker that sleeps until there is work.
//!
//! A producer wakes one worker for each message. A worker that was rung and took a message wakes another one if more messages wait. So a
//! ring is never lost on a worker that did not need it.

use crate::bell;
use crate::membership::Shared;
use crate::sync::Ordering;
use crate::sys::{self, BellId};

/// Wakes one sleeping worker of the queue, if any. Call this after a message became free.
pub(super) fn wake_one(shared: &Shared, topic: usize) -> bool {
    signal(shared, topic, None)
}

/// Like [`wake_one`], after a message was sent in the lane at index `sent` of the lane table: signals observers, too.
pub(super) fn signal(shared: &Shared, topic: usize, sent: Option<usize>) -> bool {
    bell::fence_before_look();
    let control = &shared.control;
    // ORDERING: Relaxed, after the fence of [BELL]. A worker sets its bit before it arms its bell.
    let mut interested = control.interest(topic).load(Ordering::Relaxed);
    let mut woken = false;
    while interested != 0 {
        let index = interested.trailing_zeros() as usize;
        interested &= interested - 1;
        let doorbell = control.doorbell(index);
        let worker = control.is_worker(index);
        match sent {
            _ if worker && woken => continue,
            None if !worker => continue,
            Some(lane) if !worker => doorbell.raise(lane),
            _ => {}
        }
        if bell::ring(doorbell.bell()) {
            sys::wake(doorbell.bell(), BellId { folder: shared.store.path(), kind: "inbox", index });
            woken |= worker;
        }
    }
    woken
}
