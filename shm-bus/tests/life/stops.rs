//! A child is stopped at its n-th write: it counts as alive, and no other participant waits for it longer than its own timeout.

use std::time::Duration;

use shm_bus::{Attachment, Bus, OpenError, Start, peek_in};

use super::support::{LANE, NUMBERS, Other, folder, is_empty};

/// A timeout that never passes.
const FOREVER: Duration = Duration::from_secs(1 << 30);

#[test]
fn who_is_stopped_while_changing_the_bus_is_named_and_holds_up_no_drop() {
    let (mut n, mut last) = (0, 1);
    let mut busy = 0;
    while n <= last {
        let folder = folder();
        let patient = Bus::builder("game").folder(&folder).lock_timeout(FOREVER).open().expect("opens");
        let leaver = Bus::builder("game").folder(&folder).lock_timeout(FOREVER).attach().expect("attaches");
        let publisher = patient.publisher(&NUMBERS, "patient", LANE).expect("made");
        let mut inbox = patient.inbox("patient", Attachment::Gating).expect("made");
        inbox.subscribe(&NUMBERS, Start::Now).expect("subscribed");
        let mut child = Other::start(folder.path());
        child.ask("open");
        child.ask(&format!("stop at {n}"));
        child.tell("publisher");
        if n == 0 {
            child.hear();
            last = child.ask("points").parse().expect("a number");
        } else {
            child.await_stop();
            let changing = peek_in(folder.path(), "game").expect("needs no lock").changing;
            let is_the_child = |process: shm_bus::Process| process.local_pid() == Some(child.pid().as_raw_pid() as u32);
            assert!(changing.is_none_or(is_the_child), "{changing:?}");
            match Bus::builder("game").folder(&folder).lock_timeout(Duration::from_millis(1)).attach() {
                Ok(bus) => drop(bus),
                Err(OpenError::Busy { holder, .. }) => {
                    assert!(holder.is_none_or(is_the_child), "{holder:?}");
                    busy += u64::from(holder.is_some());
                }
                Err(other) => panic!("{other}"),
            }
        }
        // None of these calls waits.
        drop((publisher, inbox, leaver));
        if n > 0 {
            child.go_on();
            child.hear();
        }
        child.ask("leave");
        let snapshot = patient.snapshot();
        assert_eq!(
            (snapshot.participants.len(), snapshot.inboxes.len(), snapshot.topics.len()),
            (1, 0, 0),
            "point {n}"
        );
        drop(patient);
        assert!(is_empty(folder.path()));
        n += 1;
    }
    assert!(busy > 0, "the lock's holder was stopped, too");
}
