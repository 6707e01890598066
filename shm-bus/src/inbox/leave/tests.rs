//! Tests that a leaving inbox rings the publisher that waits for it to make room. The test sleeps without slices, so a missing ring hangs
//! it.

use std::time::Duration;

use crate::bell::arm;
use crate::sync::Ordering;
use crate::sys::{BellId, Sleeper};
use crate::wire::{Policy, Priority};
use crate::{Attachment, Bus, Inbox, Publisher, Start, TopicSpec};

const NUMBERS: TopicSpec<'_> = TopicSpec::of_numbers("numbers", Policy::Block { timeout_ms: 0 });
/// Longer than any test runs.
const FOREVER: Duration = Duration::from_secs(1 << 20);

/// A publisher without room, and the inbox that it would wait for.
fn full_lane(bus: &Bus) -> (Publisher, Inbox) {
    let mut inbox = bus.inbox("reader", Attachment::Gating).expect("made");
    inbox.subscribe(&NUMBERS, Start::Now).expect("subscribed");
    let mut publisher = bus.publisher(&NUMBERS, "writer", &[(Priority::Normal, 4096)]).expect("made");
    while publisher.send(Priority::Normal, &[0; 8]).is_ok() {}
    assert!(inbox.receive().expect("mapped").is_some(), "it has seen the lane");
    (publisher, inbox)
}

/// Sleeps on the room bell as a publisher does, while `leave` makes the inbox go.
fn rings_who_sleeps(leave: impl FnOnce(Inbox)) {
    let bus = Bus::anonymous().expect("opens");
    let (mut publisher, inbox) = full_lane(&bus);
    let shared = bus.shared();
    let index = shared.control.lanes().next().expect("one").index;
    let bell = shared.control.room_bell(index);
    std::thread::scope(|scope| {
        let armed = arm(bell);
        let sleeping = scope.spawn(move || {
            let sleeper = Sleeper::new(BellId { folder: shared.store.path(), kind: "room", index }).expect("can sleep");
            // A sleep may end spuriously.
            while bell.load(Ordering::Acquire) == armed {
                sleeper.sleep(bell, armed, FOREVER);
            }
        });
        leave(inbox);
        sleeping.join().expect("woken");
    });
    publisher.send(Priority::Normal, &[0; 8]).expect("nobody is waited for any more");
}

#[test]
fn a_dropped_inbox_rings_the_publisher_that_waits_for_it() {
    rings_who_sleeps(drop);
}

#[test]
fn an_inbox_that_unsubscribes_rings_the_publisher_that_waits_for_it() {
    rings_who_sleeps(|mut inbox| inbox.unsubscribe("numbers").expect("left"));
}
