//! loom models of the real claim protocol with the lane's real writer; for each step a mutant without it, which must fail.
//!
//! A worker's entry in the registry is a word, which its death sets to zero. When loom looks for orders to try, it remembers only the last
//! access to a word. So the thread that changes words comes first, and the threads that read them are spawned.

use std::ops::Range;
use std::sync::Arc;

use loom::cell::UnsafeCell;
use loom::thread;

use super::gates::{ClaimGates, Outstanding};
use super::record;
use super::table::{Claim, Claims, Table, Vacancy};
use super::word::{Event, Owner, State};
use crate::lane::{Envelope, Geometry, Memory, Payload, Stamp, Writer};
use crate::layout::claims::{CLAIM_WORDS, HEADER_WORDS_USED};
use crate::layout::lane::{self, HEAD};
use crate::sync::{AtomicU64, Mutation, Ordering, check, fails};
use crate::wire::Priority;

const RING_WORDS: usize = 32;
const DELIVERIES_MAX: u8 = 9;

/// A lane with its claims in loom's memory, with cells in which loom detects unordered access.
struct Queue {
    header: [AtomicU64; lane::HEADER_WORDS_USED],
    ring: Vec<AtomicU64>,
    ring_cells: Vec<UnsafeCell<()>>,
    table_header: Vec<AtomicU64>,
    claims: Vec<AtomicU64>,
    claim_cells: Vec<UnsafeCell<()>>,
    /// 1 for each live worker.
    register: Vec<AtomicU64>,
}

#[derive(Clone)]
struct Shared(Arc<Queue>);

impl Memory for Shared {
    fn header(&self) -> &[AtomicU64; lane::HEADER_WORDS_USED] {
        &self.0.header
    }

    fn ring(&self) -> &[AtomicU64] {
        &self.0.ring
    }

    fn trace_read(&self, words: Range<usize>) {
        self.0.ring_cells[words].iter().for_each(|cell| cell.with(|_| ()));
    }

    fn trace_write(&self, words: Range<usize>) {
        self.0.ring_cells[words].iter().for_each(|cell| cell.with_mut(|_| ()));
    }
}

impl Claims for Shared {
    fn header(&self) -> &[AtomicU64] {
        &self.0.table_header
    }

    fn claims(&self) -> &[AtomicU64] {
        &self.0.claims
    }

    fn trace_read(&self, index: usize) {
        self.0.claim_cells[index].with(|_| ());
    }

    fn trace_write(&self, index: usize) {
        self.0.claim_cells[index].with_mut(|_| ());
    }
}

struct Producer {
    writer: Writer<Shared>,
    table: Table<Shared>,
    outstanding: Outstanding,
}

impl Producer {
    /// Sends a message of `words` words that encode its sequence; `false` without room.
    fn send(&mut self, words: usize) -> bool {
        let Self { writer, table, outstanding } = self;
        let sequence = outstanding.next();
        let Vacancy::Vacant(vacant) = table.vacancy(sequence) else { return false };
        let Ok(first) = writer.begin(words * 8, &mut ClaimGates { table, outstanding }) else { return false };
        let memory = writer.memory().clone();
        for word in &memory.0.ring[first..first + words] {
            word.store(100 + sequence, Ordering::Relaxed);
        }
        let position = memory.0.header[HEAD].load(Ordering::Relaxed);
        assert!(writer.commit(words * 8, Envelope::MESSAGE));
        outstanding.push(position);
        assert!(table.publish(sequence, vacant, position));
        true
    }
}

fn queue(claims: usize) -> (Shared, Producer) {
    let words = |count: usize| (0..count).map(|_| AtomicU64::new(0)).collect();
    let cells = |count: usize| (0..count).map(|_| UnsafeCell::new(())).collect();
    let shared = Shared(Arc::new(Queue {
        header: std::array::from_fn(|_| AtomicU64::new(0)),
        ring: words(RING_WORDS),
        ring_cells: cells(RING_WORDS),
        table_header: words(HEADER_WORDS_USED),
        claims: words(claims * CLAIM_WORDS),
        claim_cells: cells(claims),
        register: words(3),
    }));
    let writer = Writer::new(shared.clone(), Stamp { priority: Priority::Normal, topic: 1, sender: 1 }, false);
    let (table, outstanding) = (Table::new(shared.clone()), Outstanding::new(claims as u64));
    (shared, Producer { writer, table, outstanding })
}

/// A worker, with what it would keep of a lane.
struct Worker {
    shared: Shared,
    table: Table<Shared>,
    index: usize,
    owner: Owner,
    returned: Option<u64>,
}

impl Worker {
    fn new(shared: &Shared, index: usize) -> Self {
        let owner = Owner::new(index, index as u64);
        Self { shared: shared.clone(), table: Table::new(shared.clone()), index, owner, returned: None }
    }

    /// Writes its entry in the registry: before the first claim.
    fn enter(&self) {
        self.shared.0.register[self.index].store(1, Ordering::Relaxed);
    }

    /// Dies; the kernel learns of it after everything that it did.
    fn die(&self) {
        self.shared.0.register[self.index].store(0, Ordering::Release);
    }

    /// Like a worker's lane.
    fn waits(&mut self) -> bool {
        self.table.has_fresh() || self.some_returned()
    }

    fn some_returned(&mut self) -> bool {
        let returned = self.table.returned();
        if self.returned != Some(returned) {
            self.returned = (!self.table.has_returned()).then_some(returned);
        }
        self.returned.is_none()
    }

    fn claim(&mut self) -> Option<Claim> {
        if self.some_returned()
            && let Some(claim) = self.table.claim_again(Event::Claim(self.owner))
        {
            return Some(claim);
        }
        self.table.claim_fresh(self.owner)
    }

    /// Checks that the record is the one that was sent.
    fn read(&self, claim: &Claim) {
        let mut payload = Payload::default();
        let what = (claim.sequence, claim.position);
        let header = record::read(&self.shared, Geometry::of(&self.shared), what, &mut payload).expect("what was sent");
        let words = header.length as usize / 8 - 4;
        assert!(payload[..words].iter().all(|word| *word == 100 + claim.sequence), "torn");
    }

    fn inspect(&self) {
        let register = &self.shared.0.register;
        self.table.inspect(DELIVERIES_MAX, |owner| register[usize::from(owner.index)].load(Ordering::Acquire) == 0);
    }

    fn end(&self, claim: &Claim, event: Event) -> Option<State> {
        self.table.release(claim, event)
    }
}

/// Two workers take messages while a producer sends them: each message goes whole to one of them.
fn each_message_has_one_worker() {
    let (shared, mut producer) = queue(4);
    let workers = [0, 1].map(|index| {
        let mut worker = Worker::new(&shared, index);
        worker.enter();
        move || {
            let mut taken = Vec::new();
            for _ in 0..2 {
                if let Some(claim) = worker.claim() {
                    worker.read(&claim);
                    taken.push(claim.sequence);
                    assert!(worker.end(&claim, Event::Finish(worker.owner)).is_some(), "taken away");
                }
            }
            taken
        }
    });
    let [first, mut second] = workers;
    assert!(producer.send(1));
    let first = thread::spawn(first);
    assert!(producer.send(1));
    let mut taken = second();
    taken.extend(first.join().expect("a worker"));
    taken.extend(second());
    taken.sort_unstable();
    assert_eq!(taken, [0, 1]);
}

/// The ring is full, and the producer wants to send while a worker ends the oldest messages.
fn nothing_is_overwritten_before_it_is_done() {
    let (shared, mut producer) = queue(8);
    while producer.send(0) {}
    let mut worker = Worker::new(&shared, 0);
    worker.enter();
    let claims = [0, 1].map(|_| worker.claim().expect("sent before"));
    let producer = thread::spawn(move || {
        let sent = producer.send(0) && producer.send(0);
        (producer, sent)
    });
    for claim in claims {
        worker.read(&claim);
        assert!(worker.end(&claim, Event::Finish(worker.owner)).is_some());
    }
    let (mut producer, sent) = producer.join().expect("a producer");
    assert!(sent || producer.send(0), "two are done");
}

/// There is one claim, which the producer wants to reuse.
fn a_claim_is_reused_after_it_was_read() {
    let (shared, mut producer) = queue(1);
    assert!(producer.send(0));
    let mut worker = Worker::new(&shared, 0);
    worker.enter();
    let producer = thread::spawn(move || {
        producer.send(1);
    });
    let claim = worker.claim().expect("sent before");
    worker.read(&claim);
    assert!(worker.end(&claim, Event::Finish(worker.owner)).is_some());
    producer.join().expect("a producer");
}

/// A message comes back while another worker checks for work: the worker then learns of it.
fn a_return_is_never_missed() {
    let (shared, mut producer) = queue(2);
    assert!(producer.send(0));
    let mut giver = Worker::new(&shared, 0);
    giver.enter();
    let claim = giver.claim().expect("sent before");
    let mut looker = Worker::new(&shared, 1);
    let giver = thread::spawn(move || {
        giver.end(&claim, Event::Return(giver.owner, DELIVERIES_MAX));
    });
    looker.waits();
    giver.join().expect("a worker");
    assert!(looker.waits(), "no worker would look any more");
    assert_eq!(looker.claim().map(|claim| claim.word.deliveries), Some(2));
}

/// A worker enters and takes a message while another one checks for dead holders: a live one keeps its message.
fn the_living_keep_what_they_have() {
    let (shared, mut producer) = queue(2);
    assert!(producer.send(1));
    let mut worker = Worker::new(&shared, 0);
    let other = Worker::new(&shared, 1);
    let other = thread::spawn(move || other.inspect());
    worker.enter();
    let claim = worker.claim().expect("nobody else takes");
    worker.read(&claim);
    assert!(worker.end(&claim, Event::Finish(worker.owner)).is_some(), "taken away");
    other.join().expect("a worker");
}

/// A worker dies at some point of its work while two others check for dead holders and take messages: one of them gets the message, once.
fn what_the_dead_held_goes_to_one_other() {
    let (shared, mut producer) = queue(2);
    assert!(producer.send(1));
    let mut dying = Worker::new(&shared, 0);
    dying.enter();
    dying.claim().expect("sent before");
    let heirs = [1, 2].map(|index| {
        let mut worker = Worker::new(&shared, index);
        worker.enter();
        move || {
            worker.inspect();
            worker.claim().map(|claim| {
                worker.read(&claim);
                assert_eq!((claim.sequence, claim.word.deliveries), (0, 2));
                assert!(worker.end(&claim, Event::Finish(worker.owner)).is_some(), "taken away");
            })
        }
    });
    let [first, mut second] = heirs;
    let first = {
        let mut first = first;
        thread::spawn(move || first().is_some())
    };
    dying.die();
    let got = [second().is_some(), first.join().expect("a worker"), second().is_some()];
    assert_eq!(got.into_iter().filter(|got| *got).count(), 1, "{got:?}");
}

#[test]
fn loom_each_message_has_one_worker() {
    check(Some(3), each_message_has_one_worker);
}

#[test]
fn loom_nothing_is_overwritten_before_it_is_done() {
    check(None, nothing_is_overwritten_before_it_is_done);
}

#[test]
fn loom_a_claim_is_reused_after_it_was_read() {
    check(None, a_claim_is_reused_after_it_was_read);
}

#[test]
fn loom_a_return_is_never_missed() {
    check(None, a_return_is_never_missed);
}

#[test]
fn loom_the_living_keep_what_they_have() {
    check(None, the_living_keep_what_they_have);
}

#[test]
fn loom_what_the_dead_held_goes_to_one_other() {
    check(Some(4), what_the_dead_held_goes_to_one_other);
}

#[test]
fn loom_claims_need_a_compare() {
    fails(Mutation::ClaimWithoutCompare, each_message_has_one_worker);
    fails(Mutation::ClaimWithoutCompare, what_the_dead_held_goes_to_one_other);
}

#[test]
fn loom_release_of_a_free_message_is_needed() {
    fails(Mutation::RelaxedPublish, each_message_has_one_worker);
}

#[test]
fn loom_release_of_a_claim_is_needed() {
    fails(Mutation::RelaxedClaim, the_living_keep_what_they_have);
}

#[test]
fn loom_acquire_of_a_look_is_needed() {
    fails(Mutation::RelaxedLook, the_living_keep_what_they_have);
}

#[test]
fn loom_release_of_a_done_message_is_needed() {
    fails(Mutation::RelaxedDone, nothing_is_overwritten_before_it_is_done);
}

#[test]
fn loom_acquire_of_a_vacant_claim_is_needed() {
    fails(Mutation::RelaxedVacancy, a_claim_is_reused_after_it_was_read);
}

#[test]
fn loom_release_of_a_noted_return_is_needed() {
    fails(Mutation::RelaxedReturn, a_return_is_never_missed);
}

#[test]
fn loom_acquire_of_the_noted_returns_is_needed() {
    fails(Mutation::RelaxedReturned, a_return_is_never_missed);
}

#[test]
fn loom_a_return_is_noted_after_the_message_is_free() {
    fails(Mutation::ReturnNotedFirst, a_return_is_never_missed);
}
