//! loom models of bell, ready bits and interest mask; for each fence a mutant without it, which must fail.
//!
//! The interest mask is modelled with publishers that fence themselves; loom does not know the system's fence for others.

use std::sync::Arc;

use loom::thread;

use super::{Doorbell, arm, disarm, fence_before_look, interested, register, ring};
use crate::sync::{AtomicU64, Mutation, Ordering, check, check_at_length, fails};

fn words<const N: usize>() -> Arc<[AtomicU64; N]> {
    Arc::new(std::array::from_fn(|_| AtomicU64::new(0)))
}

/// Two wakers and a sleeper that would sleep twice: it never stays asleep while something is there that it has not seen.
fn nobody_sleeps_through_a_message() {
    let words = words::<3>();
    let wakers = [0, 1].map(|lane| {
        let words = words.clone();
        thread::spawn(move || {
            let [bell, lanes @ ..] = &*words;
            lanes[lane].store(1, Ordering::Release);
            fence_before_look();
            ring(bell);
        })
    });
    let [bell, lanes @ ..] = &*words;
    let look = || lanes.iter().map(|lane| lane.load(Ordering::Relaxed)).sum::<u64>();
    let mut seen = 0;
    let mut asleep = None;
    for _ in 0..2 {
        let armed = arm(bell);
        let now = look();
        if now == seen && bell.load(Ordering::Relaxed) == armed {
            asleep = Some(armed);
            break;
        }
        disarm(bell, armed);
        seen = seen.max(look());
    }
    for waker in wakers {
        waker.join().expect("a waker");
    }
    if let Some(armed) = asleep {
        let rung = bell.load(Ordering::Relaxed) != armed;
        assert!(rung || look() == seen, "asleep, and nobody rang");
    }
}

/// A lane is a word that counts its messages. Models what a publisher does after a commit, and an inbox with many lanes.
struct Stage {
    doorbell: [AtomicU64; 6],
    interest: AtomicU64,
    lanes: [AtomicU64; 2],
}

impl Stage {
    fn set(registered: bool) -> Arc<Self> {
        let new = |_| AtomicU64::new(0);
        let stage =
            Self { doorbell: std::array::from_fn(new), interest: AtomicU64::new(0), lanes: std::array::from_fn(new) };
        if registered {
            stage.doorbell().keep();
            register([&stage.interest].into_iter(), 0);
            stage.doorbell().raise_all([0b11, 0, 0, 0]);
        }
        Arc::new(stage)
    }

    fn doorbell(&self) -> Doorbell<'_> {
        Doorbell::of(&self.doorbell)
    }

    fn send(&self, lane: usize, message: u64) {
        self.lanes[lane].store(message, Ordering::Release);
        if interested(&self.interest, false) != 0 {
            fence_before_look();
            self.doorbell().signal(lane);
        }
    }

    /// Checks the lane if its bit is set, as an inbox does at every receive; `seen` is the inbox's position.
    fn receive(&self, lane: usize, seen: &mut u64) {
        if !self.is_set(lane) {
            return;
        }
        let holds = |seen: u64| self.lanes[lane].load(Ordering::Relaxed) > seen;
        if holds(*seen) || self.doorbell().lower(lane, || holds(*seen)) {
            *seen = self.lanes[lane].load(Ordering::Relaxed);
        }
    }

    fn is_set(&self, lane: usize) -> bool {
        self.doorbell().ready()[0].load(Ordering::Relaxed) >> lane & 1 == 1
    }

    /// After all have ended: every lane with an unseen message has its bit set.
    fn nothing_is_missed(&self, seen: [u64; 2]) {
        for (lane, seen) in seen.into_iter().enumerate() {
            let holds = self.lanes[lane].load(Ordering::Relaxed) > seen;
            assert!(!holds || self.is_set(lane), "a message in lane {lane} that nobody tells of");
        }
    }
}

/// One publisher sends twice; meanwhile the inbox may find its lane dry.
fn no_message_is_missed_by_ready_bits() {
    let stage = Stage::set(true);
    let publisher = {
        let stage = stage.clone();
        thread::spawn(move || {
            stage.send(0, 1);
            stage.send(0, 2);
        })
    };
    let mut seen = [0; 2];
    for _ in 0..2 {
        stage.receive(0, &mut seen[0]);
    }
    publisher.join().expect("a publisher");
    stage.nothing_is_missed(seen);
}

/// Two publishers share the word of bits.
fn neighbours_keep_their_bits() {
    let stage = Stage::set(true);
    let publishers = [0, 1].map(|lane| {
        let stage = stage.clone();
        thread::spawn(move || stage.send(lane, 1))
    });
    let mut seen = [0; 2];
    for (lane, seen) in seen.iter_mut().enumerate() {
        stage.receive(lane, seen);
    }
    for publisher in publishers {
        publisher.join().expect("a publisher");
    }
    stage.nothing_is_missed(seen);
}

/// The inbox registers its interest and has ready bits kept while the publisher sends; then it sleeps unless it sees a message.
fn no_message_is_missed_while_registering() {
    let stage = Stage::set(false);
    let publisher = {
        let stage = stage.clone();
        thread::spawn(move || stage.send(0, 1))
    };
    let mut seen = [0; 2];
    stage.doorbell().keep();
    register([&stage.interest].into_iter(), 0);
    stage.doorbell().raise_all([1, 0, 0, 0]);
    stage.receive(0, &mut seen[0]);
    publisher.join().expect("a publisher");
    stage.nothing_is_missed(seen);
}

/// After registering, an inbox sees what a publisher committed without seeing its bit.
fn registering_shows_earlier_commits() {
    let stage = Stage::set(false);
    let publisher = {
        let stage = stage.clone();
        thread::spawn(move || {
            stage.lanes[0].store(1, Ordering::Release);
            interested(&stage.interest, false) != 0
        })
    };
    register([&stage.interest].into_iter(), 0);
    let seen = stage.lanes[0].load(Ordering::Relaxed) == 1;
    let noticed = publisher.join().expect("a publisher");
    assert!(seen || noticed, "neither side saw the other");
}

/// The inbox registers its interest and goes to sleep, with no ready bits.
fn nobody_registered_sleeps_through_a_message() {
    let stage = Stage::set(false);
    let publisher = {
        let stage = stage.clone();
        thread::spawn(move || stage.send(0, 1))
    };
    register([&stage.interest].into_iter(), 0);
    let bell = stage.doorbell().bell();
    let armed = arm(bell);
    let seen = stage.lanes[0].load(Ordering::Relaxed);
    publisher.join().expect("a publisher");
    assert!(seen == 1 || bell.load(Ordering::Relaxed) != armed, "asleep, and nobody rang");
}

#[test]
fn loom_nobody_sleeps_through_a_message() {
    check_at_length(None, nobody_sleeps_through_a_message);
}

#[test]
fn loom_no_message_is_missed_by_ready_bits() {
    check(None, no_message_is_missed_by_ready_bits);
}

#[test]
fn loom_publishers_keep_each_others_ready_bits() {
    check(Some(3), neighbours_keep_their_bits);
}

#[test]
fn loom_no_message_is_missed_while_an_inbox_registers() {
    check(None, no_message_is_missed_while_registering);
}

#[test]
fn loom_an_inbox_that_registers_sees_earlier_commits() {
    check(None, registering_shows_earlier_commits);
}

#[test]
fn loom_an_inbox_that_registered_sleeps_through_no_message() {
    check(None, nobody_registered_sleeps_through_a_message);
}

#[test]
fn loom_fails_without_the_sleepers_fence() {
    fails(Mutation::NoSleeperFence, nobody_sleeps_through_a_message);
}

#[test]
fn loom_fails_without_the_wakers_fence() {
    fails(Mutation::NoWakerFence, nobody_sleeps_through_a_message);
}

#[test]
fn loom_ready_bits_need_the_fence_after_clearing() {
    fails(Mutation::NoClearFence, no_message_is_missed_by_ready_bits);
}

#[test]
fn loom_ready_bits_need_the_second_look() {
    fails(Mutation::NoSecondLook, no_message_is_missed_by_ready_bits);
}

#[test]
fn loom_ready_bits_need_the_publishers_fence() {
    fails(Mutation::NoWakerFence, no_message_is_missed_by_ready_bits);
}

#[test]
fn loom_interest_needs_the_publishers_fence() {
    fails(Mutation::NoWakerFence, registering_shows_earlier_commits);
}

#[test]
fn loom_interest_needs_the_inboxs_fence() {
    fails(Mutation::NoInterestFence, registering_shows_earlier_commits);
}
