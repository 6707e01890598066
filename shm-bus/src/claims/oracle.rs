//! Model test of the claim protocol: its executable specification is a list of messages, each with its state.
//!
//! Random sends, takes, ends, deaths and inspections by three workers. A take returns the first returned message that was noted, otherwise
//! the first one that nobody has had. In the end every message is done, a dead letter, or was dropped as one.

use proptest::prelude::*;

use super::gates::{ClaimGates, Outstanding};
use super::record;
use super::table::{Claim, Claims, Table, Vacancy};
use super::word::{Event, Owner, State};
use crate::lane::{Envelope, Geometry, Memory, Payload, Refusal, Stamp, Writer};
use crate::layout::claims::{self, CLAIM_WORDS};
use crate::layout::lane::{self, HEAD};
use crate::sync::{AtomicU64, Ordering};
use crate::wire::Priority;

const CAPACITY: usize = 1024;
const CLAIMS: usize = 8;
const WORKERS: usize = 3;
const DELIVERIES_MAX: u8 = 3;

struct Heap {
    lane_header: [AtomicU64; lane::HEADER_WORDS_USED],
    ring: Vec<AtomicU64>,
    table_header: Vec<AtomicU64>,
    claims: Vec<AtomicU64>,
}

impl Memory for &Heap {
    fn header(&self) -> &[AtomicU64; lane::HEADER_WORDS_USED] {
        &self.lane_header
    }

    fn ring(&self) -> &[AtomicU64] {
        &self.ring
    }
}

impl Claims for &Heap {
    fn header(&self) -> &[AtomicU64] {
        &self.table_header
    }

    fn claims(&self) -> &[AtomicU64] {
        &self.claims
    }
}

fn heap() -> Heap {
    let words = |count: usize| (0..count).map(|_| AtomicU64::new(0)).collect();
    Heap {
        lane_header: std::array::from_fn(|_| AtomicU64::new(0)),
        ring: words(CAPACITY / 8),
        table_header: words(claims::HEADER_WORDS_USED),
        claims: words(CLAIMS * CLAIM_WORDS),
    }
}

#[derive(Clone, Debug)]
enum Step {
    Send(usize),
    Take(usize),
    Done(usize),
    GiveBack(usize),
    Kill(usize),
    Inspect,
    TakeDead(usize),
    Renew(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let worker = 0..WORKERS;
    let step = prop_oneof![
        6 => (0..=CAPACITY / 4).prop_map(Step::Send),
        6 => worker.clone().prop_map(Step::Take),
        4 => worker.clone().prop_map(Step::Done),
        2 => worker.clone().prop_map(Step::GiveBack),
        1 => worker.clone().prop_map(Step::Kill),
        1 => Just(Step::Inspect),
        1 => worker.clone().prop_map(Step::TakeDead),
        1 => worker.prop_map(Step::Renew),
    ];
    proptest::collection::vec(step, 1..400)
}

/// State of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Fresh,
    Returned,
    Held(Owner),
    Done,
    Dead,
}

/// The specification.
#[derive(Default)]
struct Model {
    /// State and deliveries, by sequence.
    messages: Vec<(Fate, u8)>,
}

impl Model {
    fn first(&self, fate: Fate) -> Option<usize> {
        self.messages.iter().position(|(found, _)| *found == fate)
    }

    fn give_back(&mut self, sequence: usize) {
        let (fate, deliveries) = &mut self.messages[sequence];
        *fate = if *deliveries < DELIVERIES_MAX { Fate::Returned } else { Fate::Dead };
    }
}

struct Bench<'a> {
    heap: &'a Heap,
    writer: Writer<&'a Heap>,
    table: Table<&'a Heap>,
    outstanding: Outstanding,
    owners: [Owner; WORKERS],
    held: [Option<Claim>; WORKERS],
    next_owner: u64,
    model: Model,
}

impl Bench<'_> {
    fn send(&mut self, len: usize) -> Result<(), Refusal> {
        let Self { heap, writer, table, outstanding, model, .. } = self;
        let sequence = outstanding.next();
        let first = loop {
            let vacant = match table.vacancy(sequence) {
                Vacancy::Vacant(vacant) => vacant,
                Vacancy::Dead => {
                    let expired = sequence - CLAIMS as u64;
                    assert!(table.expire(expired));
                    assert_eq!(model.messages[expired as usize].0, Fate::Dead);
                    model.messages[expired as usize].0 = Fate::Done;
                    continue;
                }
                Vacancy::Taken => return Err(Refusal::Full),
            };
            match writer.begin(len, &mut ClaimGates { table, outstanding }) {
                Ok(first) => break (first, vacant),
                Err(Refusal::Full) if table.expire(outstanding.tail()) => {
                    let tail = outstanding.tail() as usize;
                    assert_eq!(model.messages[tail].0, Fate::Dead);
                    model.messages[tail].0 = Fate::Done;
                }
                Err(refusal) => return Err(refusal),
            }
        };
        for word in &heap.ring[first.0..first.0 + len.div_ceil(8)] {
            word.store(sequence << 16 | len as u64, Ordering::Relaxed);
        }
        let position = heap.lane_header[HEAD].load(Ordering::Relaxed);
        assert!(writer.commit(len, Envelope::MESSAGE));
        outstanding.push(position);
        assert!(table.publish(sequence, first.1, position));
        model.messages.push((Fate::Fresh, 0));
        Ok(())
    }

    fn take(&mut self, worker: usize) {
        if self.held[worker].is_some() {
            return;
        }
        let owner = self.owners[worker];
        let event = Event::Claim(owner);
        let claim = self.table.claim_again(event).or_else(|| self.table.claim_fresh(owner));
        let expected = self.model.first(Fate::Returned).or_else(|| self.model.first(Fate::Fresh));
        assert_eq!(claim.map(|claim| claim.sequence as usize), expected);
        if let Some(claim) = claim {
            let message = &mut self.model.messages[claim.sequence as usize];
            *message = (Fate::Held(owner), message.1 + 1);
            assert_eq!(claim.word.deliveries, message.1);
            self.check(&claim);
            self.held[worker] = Some(claim);
        }
    }

    fn take_dead(&mut self, worker: usize) {
        if self.held[worker].is_some() {
            return;
        }
        let owner = self.owners[worker];
        let claim = self.table.claim_again(Event::ClaimDead(owner));
        assert_eq!(claim.map(|claim| claim.sequence as usize), self.model.first(Fate::Dead));
        if let Some(claim) = claim {
            self.model.messages[claim.sequence as usize].0 = Fate::Held(owner);
            self.check(&claim);
            self.held[worker] = Some(claim);
        }
    }

    /// Checks that the record is the one that was sent, and that nobody else holds it.
    fn check(&self, claim: &Claim) {
        let mut payload = Payload::default();
        let what = (claim.sequence, claim.position);
        let header = record::read(&self.heap, Geometry::of(&self.heap), what, &mut payload).expect("what was sent");
        let len = header.length as usize - 32;
        assert!(payload[..len.div_ceil(8)].iter().all(|word| *word == claim.sequence << 16 | len as u64));
        assert!(self.table.still_holds(claim));
    }

    fn end(&mut self, worker: usize, event: Event) {
        let Some(claim) = self.held[worker].take() else { return };
        let sequence = claim.sequence as usize;
        let became = self.table.release(&claim, event).expect("nobody takes it away");
        match event {
            Event::Finish(_) => self.model.messages[sequence].0 = Fate::Done,
            Event::Renew(_) => self.model.messages[sequence] = (Fate::Returned, 0),
            _ => self.model.give_back(sequence),
        }
        let expected = match self.model.messages[sequence].0 {
            Fate::Done => State::Done,
            Fate::Dead => State::Dead,
            _ => State::Free,
        };
        assert_eq!(became, expected);
    }

    /// Ends the worker without notice; a new one takes its place.
    fn kill(&mut self, worker: usize) {
        self.held[worker] = None;
        self.next_owner += 1;
        self.owners[worker] = Owner::new(worker, self.next_owner);
    }

    fn inspect(&mut self) {
        let owners = self.owners;
        self.table.inspect(DELIVERIES_MAX, |owner| !owners.contains(&owner));
        for sequence in 0..self.model.messages.len() {
            if let Fate::Held(owner) = self.model.messages[sequence].0
                && !owners.contains(&owner)
            {
                self.model.give_back(sequence);
            }
        }
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Send(len) => {
                let _ = self.send(len.min(CAPACITY / 4 - 32));
            }
            Step::Take(worker) => self.take(worker),
            Step::Done(worker) => self.end(worker, Event::Finish(self.owners[worker])),
            Step::GiveBack(worker) => self.end(worker, Event::Return(self.owners[worker], DELIVERIES_MAX)),
            Step::Kill(worker) => self.kill(worker),
            Step::Inspect => self.inspect(),
            Step::TakeDead(worker) => self.take_dead(worker),
            Step::Renew(worker) => self.end(worker, Event::Renew(self.owners[worker])),
        }
    }

    /// Processes everything that is left; then there is room again.
    fn finish(&mut self) {
        for worker in 0..WORKERS {
            self.kill(worker);
        }
        self.inspect();
        loop {
            self.take(0);
            if self.held[0].is_none() {
                self.take_dead(0);
            }
            if self.held[0].is_none() {
                break;
            }
            self.end(0, Event::Finish(self.owners[0]));
        }
        assert!(self.model.messages.iter().all(|(fate, _)| *fate == Fate::Done), "{:?}", self.model.messages);
        assert!(self.table.is_drained());
        for _ in 0..2 * CLAIMS {
            assert_eq!(self.send(CAPACITY / 4 - 32), Ok(()), "all is done");
            self.take(0);
            self.end(0, Event::Finish(self.owners[0]));
        }
    }
}

proptest! {
    #[test]
    fn a_queue_loses_and_doubles_nothing(steps in steps()) {
        let heap = heap();
        let writer = Writer::new(&heap, Stamp { priority: Priority::Normal, topic: 1, sender: 1 }, false);
        let mut bench = Bench {
            heap: &heap,
            writer,
            table: Table::new(&heap),
            outstanding: Outstanding::new(CLAIMS as u64),
            owners: std::array::from_fn(|worker| Owner::new(worker, 1 + worker as u64)),
            held: [None; WORKERS],
            next_owner: WORKERS as u64,
            model: Model::default(),
        };
        for step in &steps {
            bench.step(step);
        }
        bench.finish();
    }
}
