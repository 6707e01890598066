//! Loom models of the lock, each with the steps without which it fails.

#![expect(unsafe_code, reason = "uses a value that the lock protects")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use loom::cell::UnsafeCell;

use loom::thread;

use crate::lock::Lock;
use crate::patience::Patience;
use crate::sync::Step;
use crate::sync::model::without;

/// Number of preemptions that finds every mutant.
const PREEMPTIONS: usize = 3;
/// Lines of the models' threads; the common line comes after them.
const LINES: usize = 2;

/// A value that loom watches, behind the lock.
struct Guarded {
    lock: Lock,
    value: UnsafeCell<u32>,
}

impl Guarded {
    fn new() -> Arc<Self> {
        Arc::new(Self { lock: Lock::new(LINES), value: UnsafeCell::new(0) })
    }

    fn read(&self, line: usize) -> u32 {
        assert!(self.lock.enter(line, Patience::Forever));
        // SAFETY: loom reports a race.
        let value = self.value.with(|value| unsafe { *value });
        self.lock.leave(line);
        value
    }

    fn add(&self) {
        // SAFETY: loom reports a race.
        self.value.with_mut(|value| unsafe { *value += 1 });
    }

    fn write(&self) {
        assert!(self.lock.claim(|| LINES, Patience::Forever));
        self.add();
        self.lock.open();
    }

    fn write_urgently(&self) {
        assert!(self.lock.claim_urgently(|| LINES, Patience::Forever));
        self.add();
        self.lock.open();
    }
}

fn check(model: fn()) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(PREEMPTIONS);
    builder.check(model);
}

fn fails(step: Step, model: fn()) {
    let outcome = catch_unwind(AssertUnwindSafe(|| without(step, || check(model))));
    assert!(outcome.is_err(), "the model holds without {step:?}");
}

fn two_readers_and_a_writer() {
    let guarded = Guarded::new();
    let other = guarded.clone();
    let reader = thread::spawn(move || other.read(0));
    let other = guarded.clone();
    let common_reader = thread::spawn(move || other.read(LINES));
    guarded.write();
    assert!(reader.join().is_ok_and(|seen| seen <= 1));
    assert!(common_reader.join().is_ok_and(|seen| seen <= 1));
}

fn a_reader_and_a_writer() {
    let guarded = Guarded::new();
    let other = guarded.clone();
    let reader = thread::spawn(move || other.read(0));
    guarded.write();
    assert!(reader.join().is_ok_and(|seen| seen <= 1));
}

fn an_urgent_and_an_ordinary_writer() {
    let guarded = Guarded::new();
    let other = guarded.clone();
    let writer = thread::spawn(move || other.write());
    guarded.write_urgently();
    assert!(writer.join().is_ok());
    assert_eq!(guarded.read(1), 2);
}

fn writers_and_a_reader() {
    let guarded = Guarded::new();
    let other = guarded.clone();
    let writer = thread::spawn(move || other.write());
    let other = guarded.clone();
    let reader = thread::spawn(move || other.read(0));
    guarded.write_urgently();
    assert!(writer.join().is_ok());
    assert!(reader.join().is_ok_and(|seen| seen <= 2));
}

/// A use that is given up leaves everything as it was.
fn a_reader_and_an_impatient_writer() {
    let guarded = Guarded::new();
    let other = guarded.clone();
    let reader = thread::spawn(move || other.read(0));
    if guarded.lock.claim_urgently(|| LINES, Patience::Until(Instant::now())) {
        guarded.add();
        guarded.lock.open();
    }
    assert!(reader.join().is_ok());
    guarded.write();
}

/// The same for ordinary uses of both kinds.
fn a_writer_and_impatient_users() {
    let guarded = Guarded::new();
    let other = guarded.clone();
    let writer = thread::spawn(move || other.write());
    let other = guarded.clone();
    let reader = thread::spawn(move || {
        if other.lock.enter(0, Patience::Until(Instant::now())) {
            // SAFETY: loom reports a race.
            other.value.with(|value| unsafe { *value });
            other.lock.leave(0);
        }
    });
    if guarded.lock.claim(|| LINES, Patience::Until(Instant::now())) {
        guarded.add();
        guarded.lock.open();
    }
    assert!(writer.join().is_ok() && reader.join().is_ok());
    guarded.write();
}

#[test]
fn loom_readers_share_and_a_writer_is_alone() {
    check(two_readers_and_a_writer);
}

#[test]
fn loom_each_step_of_reader_and_writer_is_needed() {
    for step in [Step::Look, Step::EntryFence, Step::Leave, Step::Drain, Step::Open, Step::Wake] {
        fails(step, a_reader_and_a_writer);
    }
}

#[test]
fn loom_writers_take_turns() {
    check(an_urgent_and_an_ordinary_writer);
    fails(Step::Wake, an_urgent_and_an_ordinary_writer);
}

#[test]
fn loom_an_urgent_and_an_ordinary_writer_and_a_reader() {
    check(writers_and_a_reader);
}

#[test]
fn loom_a_use_that_is_given_up_disturbs_nobody() {
    check(a_reader_and_an_impatient_writer);
    check(a_writer_and_impatient_users);
}
