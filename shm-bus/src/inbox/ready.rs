//! Finding a lane that holds something: a few are looked at one by one, of many only those whose ready bit is set.
//!
//! # Ready bits `[READY]`
//! A publisher commits, fences, and sets its lane's bit unless it is set. The inbox that finds a lane dry clears the bit, fences,
//! and looks once more: either it sees the message, or the publisher saw the bit cleared and sets it again.
//!
//! # Invariants
//! 1. The bit of a lane with an unread message is set, or its publisher is about to set it.
//! 2. Bits of lanes that are not attached are never looked at.

use super::Inbox;
use crate::control::LANES_MAX;
use crate::lane::Look;
use crate::sync::{AtomicU64, Ordering, fence};
use crate::sys;
use crate::wire::Priority;

/// Lanes that are looked at one by one.
const POLLED_MAX: usize = 8;
const WORDS: usize = LANES_MAX / 64;

/// Which bits are whose.
#[derive(Debug)]
pub(super) struct ReadyBits {
    /// For each level, the bits of its lanes.
    levels: [[u64; WORDS]; 4],
    /// Words in which any lane has its bit.
    words: usize,
    /// Position among the inbox's lanes, by index in the directory; only those in `levels` mean anything.
    positions: [u16; LANES_MAX],
}

impl Inbox {
    /// Has publishers keep ready bits if there are many lanes. To be called when the lanes have changed.
    pub(super) fn keep_ready_bits(&mut self) {
        let doorbell = self.shared.control.doorbell(self.index);
        if self.lanes.len() <= POLLED_MAX {
            if self.ready.take().is_some() {
                doorbell.kept().fetch_and(0, Ordering::Relaxed);
            }
            return;
        }
        let mut bits = ReadyBits { levels: [[0; WORDS]; 4], words: 0, positions: [0; LANES_MAX] };
        for (position, lane) in self.lanes.iter().enumerate() {
            bits.levels[lane.priority as usize][lane.index / 64] |= 1 << (lane.index % 64);
            bits.words = bits.words.max(lane.index / 64 + 1);
            bits.positions[lane.index] = position as u16;
        }
        let all = |word: usize| bits.levels.iter().fold(0, |all, level| all | level[word]);
        doorbell.kept().fetch_or(1, Ordering::Relaxed);
        self.ask_for_signals();
        let doorbell = self.shared.control.doorbell(self.index);
        // [READY] Publishers that do not see this yet committed before it: every lane is looked at once.
        for (word, ready) in doorbell.ready().iter().enumerate() {
            ready.fetch_or(all(word), Ordering::Relaxed);
        }
        self.ready = Some(bits);
    }

    /// Has the publishers of all subscribed topics look at this inbox's doorbell. What they committed without looking is seen by
    /// who looks afterwards: `[ATTENTION]`.
    pub(super) fn ask_for_signals(&mut self) {
        self.rings = true;
        for subscription in &self.subscriptions {
            // ORDERING: [ATTENTION] Relaxed, ordered by the barrier below.
            self.shared.control.attention(subscription.topic).fetch_or(1 << self.index, Ordering::Relaxed);
        }
        // ORDERING: [ATTENTION] SeqCst, pairs with the fences of publishers that fence by themselves.
        fence(Ordering::SeqCst);
        if !sys::barrier::heavy() {
            tracing::debug!("the system does not fence for others: the first message to a sleeper may come 10 ms late");
        }
    }

    /// Which levels hold something.
    #[inline]
    pub(super) fn waiting(&mut self) -> [bool; 4] {
        if self.ready.is_some() {
            return Priority::ALL.map(|level| self.level_is_ready(level));
        }
        let mut waiting = [false; 4];
        for (waits, level) in waiting.iter_mut().zip(&self.levels) {
            for lane in &mut self.lanes[level.clone()] {
                *waits |= lane.is_ready(&self.shared, &self.file);
            }
        }
        waiting
    }

    /// Whether any lane holds something, or has to be told of: looks at every lane itself.
    pub(super) fn any_lane_is_ready(&mut self) -> bool {
        let (shared, file) = (&self.shared, &self.file);
        self.lanes.iter_mut().fold(false, |any, lane| any | lane.is_ready(shared, file))
    }

    /// The next message of `level`, whose lanes take turns.
    #[inline]
    pub(super) fn serve(&mut self, level: Priority) -> Option<usize> {
        if self.ready.is_some() {
            return self.serve_ready(level);
        }
        let range = self.levels[level as usize].clone();
        // A turn may lie past a level that has shrunk.
        let mut next = range.start + self.turns[level as usize];
        for _ in range.clone() {
            let lane = if next < range.end { next } else { range.start };
            next = lane + 1;
            match self.read(lane) {
                Look::Message => {
                    self.turns[level as usize] = next - range.start;
                    return Some(lane);
                }
                Look::Dry => {}
                look => {
                    self.end(lane, look);
                    return None;
                }
            }
        }
        None
    }

    fn serve_ready(&mut self, level: Priority) -> Option<usize> {
        let start = self.levels[level as usize].start;
        // Each turn takes a bit away, or ends.
        for _ in 0..=self.lanes.len() {
            let lane = self.next_ready(level)?;
            match self.read(lane) {
                Look::Message => {
                    self.turns[level as usize] = lane + 1 - start;
                    return Some(lane);
                }
                Look::Dry => {
                    self.is_ready(lane);
                }
                look => {
                    self.end(lane, look);
                    return None;
                }
            }
        }
        None
    }

    fn level_is_ready(&mut self, level: Priority) -> bool {
        for _ in 0..=self.lanes.len() {
            match self.next_ready(level) {
                None => return false,
                Some(lane) if self.is_ready(lane) => return true,
                Some(_) => {}
            }
        }
        false
    }

    /// The lane of `level` whose bit is set and whose turn comes first.
    #[inline]
    fn next_ready(&self, level: Priority) -> Option<usize> {
        let bits = self.ready.as_ref()?;
        let turn = self.levels[level as usize].start + self.turns[level as usize];
        let (mut first, mut first_from_turn) = (usize::MAX, usize::MAX);
        let doorbell = self.shared.control.doorbell(self.index);
        let words = doorbell.ready().iter().zip(&bits.levels[level as usize]).take(bits.words);
        for (word, (ready, mask)) in words.enumerate() {
            // ORDERING: [READY] Relaxed, a hint; the lane is looked at with its own fence.
            let mut set = ready.load(Ordering::Relaxed) & mask;
            while set != 0 {
                let lane = usize::from(bits.positions[word * 64 + set.trailing_zeros() as usize]);
                set &= set - 1;
                first = first.min(lane);
                first_from_turn = first_from_turn.min(if lane >= turn { lane } else { usize::MAX });
            }
        }
        // Behind the last one it is the first one's turn again.
        let next = if first_from_turn == usize::MAX { first } else { first_from_turn };
        (next != usize::MAX).then_some(next)
    }

    /// Whether a lane holds something; a dry one's bit is taken away.
    fn is_ready(&mut self, lane: usize) -> bool {
        let lane = &mut self.lanes[lane];
        if lane.is_ready(&self.shared, &self.file) {
            return true;
        }
        let doorbell = self.shared.control.doorbell(self.index);
        let (ready, bit): (&AtomicU64, u64) = (&doorbell.ready()[lane.index / 64], 1 << (lane.index % 64));
        ready.fetch_and(!bit, Ordering::Relaxed);
        // ORDERING: [READY] SeqCst, pairs with the publisher's fence of [BELL].
        fence(Ordering::SeqCst);
        let holds = lane.is_ready(&self.shared, &self.file);
        if holds {
            ready.fetch_or(bit, Ordering::Relaxed);
        }
        holds
    }
}
