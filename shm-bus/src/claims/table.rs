//! The claims of one lane: who works on which message.
//!
//! ```text
//! word 0                       8     16         24     32          512
//!      | magic | lane | claims | next | returned | tail | counts ... | claim 0 | claim 1 | ... four words each
//!
//! claim: word (see `word`) | position in the lane | since when it is held (monotonic clock, ns) | 0
//! ```
//! The message with sequence `s` has the claim `s mod claims`. Carries no payload; knows nothing of lanes' rings, of files, or of
//! how an owner's death is proven.
//!
//! # Invariants
//! 1. A claim's word changes by compare-exchange along [`ClaimWord::on`] only, so it has at most one owner: `[CLAIM]`.
//! 2. Its position is written by the producer while the claim is vacant, and read by owners only.
//! 3. Every message below `next` was taken at least once. Every message below `tail` is done.
//! 4. `returned` grows after a message became free again: who has looked at all messages since it had this value, and found none
//!    free below `next`, need not look again: `[RETURN]`.
//! 5. Each call looks at each claim a bounded number of times.
//!
//! # Failure
//! A worker that dies between two of these steps leaves a claim in its name, which [`Table::inspect`] gives back, or a free message
//! that `returned` does not tell of, which it finds. Words of a hostile peer can lose or double messages, not more.

use super::word::{ClaimWord, Event, Owner, State, lap_before, lap_of};
use crate::sync::{AtomicU64, Mutation, Ordering, fence, mutated, order_unless};

/// Words of one claim.
pub(crate) const CLAIM_WORDS: usize = 4;
/// Word of the header page: the first message that nobody has taken yet.
const NEXT: usize = 8;
/// Word of the header page: times that a message became free again.
const RETURNED: usize = 16;
/// Word of the header page: the first message that may not be done.
pub(super) const TAIL: usize = 24;

/// Words of the header page that are in use.
pub(crate) const HEADER_WORDS_USED: usize = Count::Corrupt as usize + 1;

const _: () = {
    assert!(NEXT * 8 == 64 && RETURNED * 8 == 128 && TAIL * 8 == 192 && CLAIM_WORDS * 8 == 32);
    assert!(Count::Redelivered as usize * 8 == 256 && Count::Corrupt as usize * 8 == 288);
};

/// What is counted, as the word of the header page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    /// Messages that were given to a worker not for the first time.
    Redelivered = 32,
    /// Messages taken from workers that had died.
    Reclaimed = 33,
    /// Messages that became dead letters.
    DeadLetters = 34,
    /// Dead letters that went because their producer needed the place.
    DeadDropped = 35,
    /// Messages that could not be read.
    Corrupt = 36,
}

/// Where a table lies.
pub(crate) trait Claims {
    /// The header page, of at least [`HEADER_WORDS_USED`] words.
    fn header(&self) -> &[AtomicU64];
    /// The claims: a power of two, of [`CLAIM_WORDS`] each.
    fn claims(&self) -> &[AtomicU64];
    /// Called after an owner has read this claim's position; models check that the producer is done with it.
    #[inline]
    fn trace_read(&self, _: usize) {}
    /// Called before the producer writes this claim's position; models check that owners are done with it.
    #[inline]
    fn trace_write(&self, _: usize) {}
}

/// A message that the caller holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) sequence: u64,
    pub(crate) word: ClaimWord,
    /// Where its record should be; unchecked.
    pub(crate) position: u64,
}

/// Whether the claim for a new message can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vacancy {
    /// With this word in it.
    Vacant(ClaimWord),
    /// A dead letter lies there.
    Dead,
    Taken,
}

/// What [`Table::inspect`] found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Inspection {
    /// Some message below `next` is free.
    pub(crate) free: bool,
    /// Messages that were taken from the dead.
    pub(crate) reclaimed: u64,
    /// Of those, messages that became dead letters.
    pub(crate) dead: u64,
}

/// A claim as one look found it.
#[derive(Clone, Copy, Debug)]
enum Look {
    /// Its message has not been sent.
    NotYet,
    Here(ClaimWord),
    /// The message is done and its claim has gone to a later one; or the word makes no sense.
    Past,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Table<C> {
    pub(super) claims: C,
    pub(super) log2: u32,
}

impl<C: Claims> Table<C> {
    pub(crate) fn new(claims: C) -> Self {
        let count = claims.claims().len() / CLAIM_WORDS;
        assert!(count.is_power_of_two(), "checked where a table is made or mapped");
        Self { claims, log2: count.ilog2() }
    }

    /// Messages that can be under way.
    #[inline]
    pub(crate) const fn len(&self) -> u64 {
        1 << self.log2
    }

    /// Whether `sequence`'s claim can be had by its producer.
    #[inline]
    pub(crate) fn vacancy(&self, sequence: u64) -> Vacancy {
        // ORDERING: [DONE] Acquire, pairs with the Release of `finish`: the owner has read the position that is now replaced.
        let word = self.word(sequence).load(order_unless(Mutation::RelaxedVacancy, Ordering::Acquire));
        let lap = lap_of(sequence, self.log2);
        match ClaimWord::decode(word) {
            Some(word) if word.on(Event::Publish(lap)).is_some() => Vacancy::Vacant(word),
            Some(ClaimWord { state: State::Dead, lap: earlier, .. }) if earlier == lap_before(lap) => Vacancy::Dead,
            _ => Vacancy::Taken,
        }
    }

    /// Makes the message at `position` free for workers. `false` when somebody else changed the `vacant` claim.
    #[inline]
    pub(crate) fn publish(&self, sequence: u64, vacant: ClaimWord, position: u64) -> bool {
        let index = self.index(sequence);
        self.claims.trace_write(index);
        // ORDERING: Relaxed, published by [CLAIM].
        self.claims.claims()[index * CLAIM_WORDS + 1].store(position, Ordering::Relaxed);
        let Some(free) = vacant.on(Event::Publish(lap_of(sequence, self.log2))) else { return false };
        // ORDERING: [CLAIM] Release, pairs with the Acquire of `exchange` by the worker that takes it: record and position are seen.
        let order = order_unless(Mutation::RelaxedPublish, Ordering::Release);
        let word = self.word(sequence);
        word.compare_exchange(vacant.encode(), free.encode(), order, Ordering::Relaxed).is_ok()
    }

    /// Whether the message is done with.
    #[inline]
    pub(crate) fn is_done(&self, sequence: u64) -> bool {
        // ORDERING: [DONE] Relaxed, as for cursors: the lane's writer fences between this look and its next write.
        let word = ClaimWord::decode(self.word(sequence).load(Ordering::Relaxed));
        word.is_some_and(|word| word.state == State::Done && word.lap == lap_of(sequence, self.log2))
    }

    /// Says that all messages below `sequence` are done.
    pub(crate) fn raise_tail(&self, sequence: u64) {
        let tail = &self.claims.header()[TAIL];
        // ORDERING: Relaxed, a hint where to begin looking.
        if tail.load(Ordering::Relaxed) < sequence {
            tail.fetch_max(sequence, Ordering::Relaxed);
        }
    }

    /// Whether a message waits that nobody has taken yet.
    #[inline]
    pub(crate) fn has_fresh(&self) -> bool {
        self.first_fresh().is_some()
    }

    /// Takes the first message that nobody has taken yet.
    pub(crate) fn claim_fresh(&self, owner: Owner) -> Option<Claim> {
        // Each round that fails was won by another worker.
        for _ in 0..=self.len() {
            let (sequence, free) = self.first_fresh()?;
            if let Some(claim) = self.take(sequence, free, Event::Claim(owner)) {
                // ORDERING: Relaxed, a hint; who comes too early sees the claim taken and steps over it.
                self.claims.header()[NEXT].fetch_max(sequence.wrapping_add(1), Ordering::Relaxed);
                return Some(claim);
            }
        }
        None
    }

    /// Times that a message became free again. Read before looking for one.
    #[inline]
    pub(crate) fn returned(&self) -> u64 {
        // ORDERING: [RETURN] Acquire, pairs with `note_return`: the message that was given back is seen free.
        self.claims.header()[RETURNED].load(order_unless(Mutation::RelaxedReturned, Ordering::Acquire))
    }

    /// Whether a message is free that was taken before.
    pub(crate) fn has_returned(&self) -> bool {
        self.taken().any(|(_, word)| word.state == State::Free)
    }

    /// Takes the first message that is free again ([`Event::Claim`]) or a dead letter ([`Event::ClaimDead`]).
    pub(crate) fn claim_again(&self, event: Event) -> Option<Claim> {
        let mut able = self.taken().filter(|(_, word)| word.on(event).is_some());
        able.find_map(|(sequence, word)| self.take(sequence, word, event))
    }

    /// The dead letters, without taking them. [`Self::still_holds`] tells whether what was read of one is to be trusted.
    pub(crate) fn dead(&self) -> impl Iterator<Item = Claim> {
        self.taken().filter(|(_, word)| word.state == State::Dead).map(|(sequence, word)| {
            // ORDERING: Relaxed, after the Acquire of the look; a later message's position leads to a record of another sequence.
            let position = self.claims.claims()[self.index(sequence) * CLAIM_WORDS + 1].load(Ordering::Relaxed);
            Claim { sequence, word, position }
        })
    }

    /// Whether the claim has not changed. After its record was copied.
    #[inline]
    pub(crate) fn still_holds(&self, claim: &Claim) -> bool {
        // ORDERING: pairs with the fence with which the lane's writer announces `oldest`: if any word that was copied is of a later
        // lap, the change that allowed it is seen now. An owner's claim is changed only by peers that break the rules.
        fence(Ordering::Acquire);
        self.word(claim.sequence).load(Ordering::Relaxed) == claim.word.encode()
    }

    /// Ends a claim as `event` says; what it became, or `None` when it was no longer the owner's.
    pub(crate) fn release(&self, claim: &Claim, event: Event) -> Option<State> {
        let word = claim.word.on(event)?;
        if mutated(Mutation::ReturnNotedFirst) && word.state == State::Free {
            self.note_return();
        }
        if !self.exchange(claim.sequence, claim.word, word) {
            return None;
        }
        if word.state == State::Free && !mutated(Mutation::ReturnNotedFirst) {
            self.note_return();
        }
        Some(word.state)
    }

    /// Gives back what the dead hold, and looks for free messages below `next`. `gone` is asked of every owner; `true` only
    /// with proof.
    pub(crate) fn inspect(&self, deliveries_max: u8, mut gone: impl FnMut(Owner) -> bool) -> Inspection {
        let mut found = Inspection::default();
        // A worker may have died before it raised `next`.
        self.first_fresh();
        let next = self.claims.header()[NEXT].load(Ordering::Relaxed);
        let mut done_to = self.first_taken(next);
        for (sequence, word) in self.taken() {
            match word.state {
                State::Done if done_to == sequence => done_to += 1,
                State::Free => found.free = true,
                State::Claimed if gone(word.owner) => {
                    let claim = Claim { sequence, word, position: 0 };
                    match self.release(&claim, Event::Return(word.owner, deliveries_max)) {
                        Some(State::Free) => (found.free, found.reclaimed) = (true, found.reclaimed + 1),
                        Some(_) => (found.dead, found.reclaimed) = (found.dead + 1, found.reclaimed + 1),
                        None => {}
                    }
                }
                _ => {}
            }
        }
        self.raise_tail(done_to);
        found
    }

    /// Makes room of a dead letter: the message is done. `false` when it is none, or no longer.
    pub(crate) fn expire(&self, sequence: u64) -> bool {
        let Look::Here(word) = self.look(sequence) else { return false };
        word.on(Event::Expire).is_some_and(|done| self.exchange(sequence, word, done))
    }

    /// The first message at or behind `next` that is free. Raises `next` to it.
    fn first_fresh(&self) -> Option<(u64, ClaimWord)> {
        let next = &self.claims.header()[NEXT];
        // ORDERING: Relaxed, a hint.
        let start = next.load(Ordering::Relaxed);
        let mut sequence = start;
        let mut fresh = None;
        for _ in 0..self.len() {
            match self.look(sequence) {
                Look::NotYet => break,
                Look::Here(word) if word.state == State::Free => {
                    fresh = Some((sequence, word));
                    break;
                }
                Look::Here(_) | Look::Past => sequence = sequence.wrapping_add(1),
            }
        }
        if sequence > start {
            next.fetch_max(sequence, Ordering::Relaxed);
        }
        fresh
    }

    /// The messages from `tail` to `next`, except those whose claim has gone to a later one.
    fn taken(&self) -> impl Iterator<Item = (u64, ClaimWord)> {
        // ORDERING: Relaxed, a hint: who raised it higher looks by itself.
        let end = self.claims.header()[NEXT].load(Ordering::Relaxed);
        let start = self.first_taken(end);
        (start..end).filter_map(|sequence| match self.look(sequence) {
            Look::Here(word) => Some((sequence, word)),
            Look::NotYet | Look::Past => None,
        })
    }

    /// The first message below `next` that may not be done. A claim that went to a later message was done with.
    fn first_taken(&self, next: u64) -> u64 {
        // ORDERING: Relaxed, a hint where to begin looking.
        self.claims.header()[TAIL].load(Ordering::Relaxed).max(next.saturating_sub(self.len()))
    }

    #[inline]
    fn look(&self, sequence: u64) -> Look {
        // ORDERING: [OWNER] Acquire, pairs with the Release of `exchange` by the owner that is seen: its entry is seen too.
        let word = self.word(sequence).load(order_unless(Mutation::RelaxedLook, Ordering::Acquire));
        let lap = lap_of(sequence, self.log2);
        match ClaimWord::decode(word) {
            Some(ClaimWord { state: State::Empty, .. }) => Look::NotYet,
            Some(word) if word.lap == lap => Look::Here(word),
            Some(word) if word.lap == lap_before(lap) => Look::NotYet,
            _ => Look::Past,
        }
    }

    fn take(&self, sequence: u64, seen: ClaimWord, event: Event) -> Option<Claim> {
        let word = seen.on(event)?;
        if !self.exchange(sequence, seen, word) {
            return None;
        }
        let index = self.index(sequence);
        // ORDERING: Relaxed, after the Acquire of [CLAIM].
        let position = self.claims.claims()[index * CLAIM_WORDS + 1].load(Ordering::Relaxed);
        self.claims.trace_read(index);
        Some(Claim { sequence, word, position })
    }

    /// Changes a claim that still has the word `seen`.
    #[inline]
    fn exchange(&self, sequence: u64, seen: ClaimWord, word: ClaimWord) -> bool {
        let place = self.word(sequence);
        if mutated(Mutation::ClaimWithoutCompare) {
            place.store(word.encode(), Ordering::Release);
            return true;
        }
        // ORDERING: [CLAIM] Acquire, pairs with the Release of `publish`; and of an earlier owner's return, whose reads so come before
        // the next owner's end. [OWNER] Release, pairs with the Acquire of `look`. [DONE] Release, pairs with the Acquire of `vacancy` and
        // with the fence that the lane's writer puts behind `is_done`: the owner has read the record before it is overwritten.
        let order = match word.state {
            State::Claimed => order_unless(Mutation::RelaxedClaim, Ordering::AcqRel),
            _ => order_unless(Mutation::RelaxedDone, Ordering::AcqRel),
        };
        place.compare_exchange(seen.encode(), word.encode(), order, Ordering::Relaxed).is_ok()
    }

    fn note_return(&self) {
        // ORDERING: [RETURN] Release, pairs with the Acquire of `returned`.
        let order = order_unless(Mutation::RelaxedReturn, Ordering::Release);
        self.claims.header()[RETURNED].fetch_add(1, order);
    }

    /// Index of the claim that `sequence` has.
    #[inline]
    pub(super) const fn index(&self, sequence: u64) -> usize {
        (sequence & (self.len() - 1)) as usize
    }

    #[inline]
    fn word(&self, sequence: u64) -> &AtomicU64 {
        &self.claims.claims()[self.index(sequence) * CLAIM_WORDS]
    }
}
