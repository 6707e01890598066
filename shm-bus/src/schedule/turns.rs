//! Chooses the lane of a level that is served next: its lanes take turns (round robin).
//!
//! A turn is a **place**: the place behind the lane that was served last. A reader that looks at each lane counts places from the level's
//! first lane. A reader that follows ready bits counts them as the bits are counted. It may change from one to the other at any time.
//!
//! # Invariants
//! 1. A lane that keeps holding messages is served before any other lane of its level is served twice.
//! 2. A turn may lie past the last place, since a level may have shrunk. Then the first place is next.

use super::Schedule;
use crate::wire::Priority;

impl Schedule {
    /// Offers the positions of `level` to `take`, from the one whose turn it is, until it returns something. Returns that with its
    /// position; the turn then passes.
    #[inline]
    pub(crate) fn in_turn<T>(
        &mut self,
        level: Priority,
        mut take: impl FnMut(usize) -> Option<T>,
    ) -> Option<(usize, T)> {
        let range = self.lanes(level);
        let mut next = range.start + self.turns[level as usize];
        for _ in range.clone() {
            let position = if next < range.end { next } else { range.start };
            next = position + 1;
            if let Some(taken) = take(position) {
                self.turns[level as usize] = next - range.start;
                return Some((position, taken));
            }
        }
        None
    }

    /// The set bit of `level` whose turn it is, among `words` words of bits (at least one), which `set` returns. The turn passes with
    /// [`Self::pass`].
    #[inline]
    pub(crate) fn next_bit(&self, level: Priority, words: usize, set: impl Fn(usize) -> u64) -> Option<usize> {
        let (turn, from_turn) = match self.turns[level as usize] {
            turn if turn / 64 < words => (turn / 64, u64::MAX << (turn % 64)),
            _ => (0, u64::MAX),
        };
        let of_turn = set(turn);
        // The word with the turn is checked first for bits from the turn on, and last for bits before it.
        let (word, set) = if of_turn & from_turn != 0 {
            (turn, of_turn & from_turn)
        } else {
            let others = (turn + 1..words).chain(0..turn);
            others.map(|word| (word, set(word))).find(|(_, set)| *set != 0).unwrap_or((turn, of_turn))
        };
        (set != 0).then(|| word * 64 + set.trailing_zeros() as usize)
    }

    /// Records that the lane at `bit` of `level` was served.
    #[inline]
    pub(crate) const fn pass(&mut self, level: Priority, bit: usize) {
        self.turns[level as usize] = bit + 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Schedule;
    use crate::wire::Priority::{self, High, Normal};

    /// A schedule with `count` lanes of [`Normal`] behind one of [`High`].
    fn normals(count: usize) -> Schedule {
        let mut schedule = Schedule::default();
        shrink_to(&mut schedule, count);
        schedule
    }

    fn shrink_to(schedule: &mut Schedule, count: usize) {
        let lanes: Vec<Priority> = std::iter::once(High).chain(std::iter::repeat_n(Normal, count)).collect();
        schedule.arrange(&lanes, |priority| *priority);
    }

    fn served(schedule: &mut Schedule, holds: impl Fn(usize) -> bool) -> Option<usize> {
        schedule.in_turn(Normal, |position| holds(position).then_some(())).map(|(position, ())| position)
    }

    #[test]
    fn lanes_that_keep_messages_are_served_one_after_the_other() {
        let mut schedule = normals(3);
        let order: Vec<_> = (0..7).filter_map(|_| served(&mut schedule, |_| true)).collect();
        assert_eq!(order, [1, 2, 3, 1, 2, 3, 1]);
    }

    #[test]
    fn a_lane_without_a_message_is_passed_over() {
        let mut schedule = normals(3);
        let order: Vec<_> = (0..4).filter_map(|_| served(&mut schedule, |position| position != 2)).collect();
        assert_eq!(order, [1, 3, 1, 3]);
    }

    #[test]
    fn a_turn_passes_only_when_something_is_taken() {
        let mut schedule = normals(3);
        assert_eq!(served(&mut schedule, |_| true), Some(1));
        let before = schedule.clone();
        assert_eq!(served(&mut schedule, |_| false), None);
        assert_eq!(schedule, before);
    }

    #[test]
    fn a_turn_past_the_end_of_a_level_that_has_shrunk_is_the_first_lanes() {
        for left in 1..4 {
            let mut schedule = normals(4);
            let all: Vec<_> = (0..4).filter_map(|_| served(&mut schedule, |_| true)).collect();
            assert_eq!(all, [1, 2, 3, 4]);
            shrink_to(&mut schedule, left);
            assert_eq!(served(&mut schedule, |_| true), Some(1));
        }
    }

    #[test]
    fn each_level_has_its_own_turns() {
        let mut schedule = normals(2);
        assert_eq!(served(&mut schedule, |_| true), Some(1));
        assert_eq!(schedule.in_turn(High, Some), Some((0, 0)));
        assert_eq!(served(&mut schedule, |_| true), Some(2));
    }

    proptest! {
        #[test]
        fn the_next_bit_is_the_first_one_from_the_turn_on(
            bits in proptest::collection::vec(prop_oneof![Just(0), Just(u64::MAX), any::<u64>(), (0..64_u32).prop_map(|bit| 1 << bit)], 1..5),
            turn in 0..300_usize,
        ) {
            let mut schedule = Schedule::default();
            if let Some(before) = turn.checked_sub(1) {
                schedule.pass(Normal, before);
            }
            let places = bits.len() * 64;
            let start = if turn < places { turn } else { 0 };
            let is_set = |place: &usize| bits[place / 64] >> (place % 64) & 1 == 1;
            let expected = (start..places).chain(0..start).find(is_set);
            prop_assert_eq!(schedule.next_bit(Normal, bits.len(), |word| bits[word]), expected);
        }
    }
}
