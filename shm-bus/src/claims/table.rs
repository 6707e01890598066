//! The claims of one lane: which worker processes which message.
//!
//! The message with sequence `s` has the claim `s mod claims`; the words are in [`layout`](crate::layout::claims). Contains no payload;
//! knows neither lanes' rings, nor files, nor how an owner's death is proven.
//!
//! # Invariants
//! 1. A claim's word changes only by compare-exchange along [`ClaimWord::on`], so it has at most one owner: `[CLAIM]`.
//! 2. Its position is written by the producer while the claim is vacant, and read only by owners.
//! 3. Every message below `next` was taken at least once. Every message below `tail` is done.
//! 4. `returned` grows after a message became free again. A worker that has checked all messages since it had this value, and found none
//!    free below `next`, need not check again: `[RETURN]`.
//! 5. Each call looks at each claim a bounded number of times.
//!
//! # Failure
//! A worker that dies between two of these steps leaves a claim in its name, which [`Table::inspect`] gives back, or a free message that
//! `returned` does not count, which it finds. Words of a hostile peer can lose or duplicate messages, nothing more.

use super::word::{ClaimWord, Event, Owner, State, lap_before, lap_of};
use crate::layout::claims::{CLAIM, CLAIM_WORDS, NEXT, POSITION, RETURNED, TAIL};
use crate::sync::{AtomicU64, Mutation, Ordering, fence, mutated, order_unless};

/// The memory of a table.
pub(crate) trait Claims {
    /// The header page, of at least [`HEADER_WORDS_USED`](crate::layout::claims::HEADER_WORDS_USED) words.
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
    /// The position where its record should be; unchecked.
    pub(crate) position: u64,
}

/// Whether the claim for a new message is available.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vacancy {
    /// Yes; it contains this word.
    Vacant(ClaimWord),
    /// No, it belongs to a dead letter.
    Dead,
    Taken,
}

/// Result of [`Table::inspect`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Inspection {
    /// Some message below `next` is free.
    pub(crate) free: bool,
    /// Messages taken from dead holders.
    pub(crate) reclaimed: u64,
    /// The part of `reclaimed` that became dead letters.
    pub(crate) dead: u64,
}

/// A claim at the time of one look.
#[derive(Clone, Copy, Debug)]
enum Look {
    /// Its message has not been sent.
    NotYet,
    Here(ClaimWord),
    /// The message is done and its claim belongs to a later one; or the word is invalid.
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

    /// Maximum number of outstanding messages.
    #[inline]
    pub(crate) const fn len(&self) -> u64 {
        1 << self.log2
    }

    /// Whether the producer can use `sequence`'s claim.
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

    /// Makes the message at `position` free for workers. `false` if somebody else changed the `vacant` claim.
    #[inline]
    pub(crate) fn publish(&self, sequence: u64, vacant: ClaimWord, position: u64) -> bool {
        let index = self.index(sequence);
        self.claims.trace_write(index);
        // ORDERING: Relaxed, published by [CLAIM].
        self.claims.claims()[index * CLAIM_WORDS + POSITION].store(position, Ordering::Relaxed);
        let Some(free) = vacant.on(Event::Publish(lap_of(sequence, self.log2))) else { return false };
        // ORDERING: [CLAIM] Release, pairs with the Acquire of `exchange` by the worker that takes it: record and position are seen.
        let order = order_unless(Mutation::RelaxedPublish, Ordering::Release);
        let word = self.word(sequence);
        word.compare_exchange(vacant.encode(), free.encode(), order, Ordering::Relaxed).is_ok()
    }

    /// Whether the message is done.
    #[inline]
    pub(crate) fn is_done(&self, sequence: u64) -> bool {
        // ORDERING: [DONE] Relaxed, as for cursors: the lane's writer fences between this look and its next write.
        let word = ClaimWord::decode(self.word(sequence).load(Ordering::Relaxed));
        word.is_some_and(|word| word.state == State::Done && word.lap == lap_of(sequence, self.log2))
    }

    /// Records that all messages below `sequence` are done.
    pub(crate) fn raise_tail(&self, sequence: u64) {
        let tail = &self.claims.header()[TAIL];
        // ORDERING: Relaxed, a hint where to start.
        if tail.load(Ordering::Relaxed) < sequence {
            tail.fetch_max(sequence, Ordering::Relaxed);
        }
    }

    /// Whether there is a message that nobody has taken yet.
    #[inline]
    pub(crate) fn has_fresh(&self) -> bool {
        self.first_fresh().is_some()
    }

    /// Takes the first message that nobody has taken yet.
    pub(crate) fn claim_fresh(&self, owner: Owner) -> Option<Claim> {
        // Another worker won each round that fails.
        for _ in 0..=self.len() {
            let (sequence, free) = self.first_fresh()?;
            if let Some(claim) = self.take(sequence, free, Event::Claim(owner)) {
                // ORDERING: Relaxed, a hint; a worker that is too early sees the claim taken and skips it.
                self.claims.header()[NEXT].fetch_max(sequence.wrapping_add(1), Ordering::Relaxed);
                return Some(claim);
            }
        }
        None
    }

    /// Number of times that a message became free again. Load this before looking for one.
    #[inline]
    pub(crate) fn returned(&self) -> u64 {
        // ORDERING: [RETURN] Acquire, pairs with `note_return`: the message that was given back is seen free.
        self.claims.header()[RETURNED].load(order_unless(Mutation::RelaxedReturned, Ordering::Acquire))
    }

    /// Whether a returned message is free.
    pub(crate) fn has_returned(&self) -> bool {
        self.taken().any(|(_, word)| word.state == State::Free)
    }

    /// Takes the first returned message ([`Event::Claim`]) or dead letter ([`Event::ClaimDead`]).
    pub(crate) fn claim_again(&self, event: Event) -> Option<Claim> {
        let mut able = self.taken().filter(|(_, word)| word.on(event).is_some());
        able.find_map(|(sequence, word)| self.take(sequence, word, event))
    }

    /// The dead letters, without taking them. [`Self::still_holds`] tells whether data read from one are valid.
    pub(crate) fn dead(&self) -> impl Iterator<Item = Claim> {
        self.taken().filter(|(_, word)| word.state == State::Dead).map(|(sequence, word)| {
            // ORDERING: Relaxed, after the Acquire of the look; a later message's position leads to a record of another sequence.
            let position = self.claims.claims()[self.index(sequence) * CLAIM_WORDS + POSITION].load(Ordering::Relaxed);
            Claim { sequence, word, position }
        })
    }

    /// Whether the claim is unchanged. Call this after copying its record.
    #[inline]
    pub(crate) fn still_holds(&self, claim: &Claim) -> bool {
        // ORDERING: pairs with the fence with which the lane's writer announces `oldest`: if any copied word belongs to a later lap, the
        // change that allowed it is seen now. An owner's claim is changed only by peers that break the protocol.
        fence(Ordering::Acquire);
        self.word(claim.sequence).load(Ordering::Relaxed) == claim.word.encode()
    }

    /// Ends a claim with `event`; returns its new state, or `None` if the claim was no longer the owner's.
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

    /// Gives back messages of dead holders, and looks for free messages below `next`. `gone` is called for every owner; it returns `true`
    /// only with proof.
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

    /// Drops a dead letter to make room: the message is then done. `false` if it is no dead letter, or no longer one.
    pub(crate) fn expire(&self, sequence: u64) -> bool {
        let Look::Here(word) = self.look(sequence) else { return false };
        word.on(Event::Expire).is_some_and(|done| self.exchange(sequence, word, done))
    }

    /// The first free message at or past `next`. Raises `next` to it.
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

    /// The messages from `tail` to `next`, except those whose claim belongs to a later one.
    fn taken(&self) -> impl Iterator<Item = (u64, ClaimWord)> {
        // ORDERING: Relaxed, a hint: a worker that raised it higher checks those messages itself.
        let end = self.claims.header()[NEXT].load(Ordering::Relaxed);
        let start = self.first_taken(end);
        (start..end).filter_map(|sequence| match self.look(sequence) {
            Look::Here(word) => Some((sequence, word)),
            Look::NotYet | Look::Past => None,
        })
    }

    /// The first message below `next` that may not be done. If a claim belongs to a later message, the earlier one is done.
    fn first_taken(&self, next: u64) -> u64 {
        // ORDERING: Relaxed, a hint where to start.
        self.claims.header()[TAIL].load(Ordering::Relaxed).max(next.saturating_sub(self.len()))
    }

    #[inline]
    fn look(&self, sequence: u64) -> Look {
        // ORDERING: [OWNER] Acquire, pairs with the Release of the owner's `exchange`: a load that sees an owner's claim also sees that
        // owner's entry in the registry.
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
        let position = self.claims.claims()[index * CLAIM_WORDS + POSITION].load(Ordering::Relaxed);
        self.claims.trace_read(index);
        Some(Claim { sequence, word, position })
    }

    /// Changes a claim that still has the word `seen`.
    #[inline]
    fn exchange(&self, sequence: u64, seen: ClaimWord, word: ClaimWord) -> bool {
        let claim = self.word(sequence);
        if mutated(Mutation::ClaimWithoutCompare) {
            claim.store(word.encode(), Ordering::Release);
            return true;
        }
        // ORDERING: [CLAIM] Acquire, pairs with the Release of `publish`, and with that of an earlier owner's return, so that its reads
        // come before the next owner's end. [OWNER] Release, pairs with the Acquire of `look`. [DONE] Release, pairs with the Acquire of
        // `vacancy` and with the fence that the lane's writer executes after `is_done`: the owner has read the record before it is
        // overwritten.
        let order = match word.state {
            State::Claimed => order_unless(Mutation::RelaxedClaim, Ordering::AcqRel),
            _ => order_unless(Mutation::RelaxedDone, Ordering::AcqRel),
        };
        claim.compare_exchange(seen.encode(), word.encode(), order, Ordering::Relaxed).is_ok()
    }

    fn note_return(&self) {
        // ORDERING: [RETURN] Release, pairs with the Acquire of `returned`.
        let order = order_unless(Mutation::RelaxedReturn, Ordering::Release);
        self.claims.header()[RETURNED].fetch_add(1, order);
    }

    /// Index of `sequence`'s claim.
    #[inline]
    pub(super) const fn index(&self, sequence: u64) -> usize {
        (sequence & (self.len() - 1)) as usize
    }

    #[inline]
    fn word(&self, sequence: u64) -> &AtomicU64 {
        &self.claims.claims()[self.index(sequence) * CLAIM_WORDS + CLAIM]
    }
}
