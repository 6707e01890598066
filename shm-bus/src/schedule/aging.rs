//! Chooses the level that is served next: the most urgent one, unless a less urgent one has been passed over too often (priority aging).
//!
//! # Invariants
//! 1. A level that keeps waiting is served within `K + 3` choices: `K` of others, then at most two more overdue ones.
//! 2. At most three other messages come between two Critical ones, as every `K` is at least 4.

use super::{Levels, Schedule};
use crate::wire::Priority;

/// Number of messages of other levels after which a waiting level is served. Critical needs none.
const K: [u32; 4] = [u32::MAX, 8, 32, 128];

const _: () = assert!(K[1] >= 4 && K[2] >= 4 && K[3] >= 4, "with less, Critical starves");

impl Schedule {
    /// The level to serve, or `None` if none waits.
    #[inline]
    pub(crate) fn choose(&self, waiting: Levels) -> Option<Priority> {
        match waiting.sole() {
            Some(level) => Some(level),
            None if self.passed_over.iter().zip(K).all(|(passed_over, k)| *passed_over < k) => waiting.first(),
            None => self.choose_overdue(waiting),
        }
    }

    #[cold]
    fn choose_overdue(&self, waiting: Levels) -> Option<Priority> {
        let mut chosen: Option<(Priority, u32)> = None;
        for level in Priority::ALL.into_iter().filter(|level| waiting.contains(*level)) {
            let index = level as usize;
            // 0 if not overdue; only a larger value takes precedence over a more urgent level.
            let overdue = (self.passed_over[index] + 1).saturating_sub(K[index]);
            if chosen.is_none_or(|(_, most)| overdue > most) {
                chosen = Some((level, overdue));
            }
        }
        chosen.map(|(level, _)| level)
    }

    /// Records that `level` was served while no other one waited.
    #[inline]
    pub(crate) const fn served_alone(&mut self, level: Priority) {
        self.passed_over[level as usize] = 0;
    }

    /// Records that `level` was served while the levels in `waiting` waited. Returns whether it was served because it was overdue.
    #[inline]
    pub(crate) fn served(&mut self, level: Priority, waiting: Levels) -> bool {
        if waiting.sole().is_none() {
            for other in [Priority::High, Priority::Normal, Priority::Low] {
                self.passed_over[other as usize] += u32::from(waiting.contains(other));
            }
        }
        self.passed_over[level as usize] = 0;
        waiting.any_above(level)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{K, Levels, Schedule};
    use crate::wire::Priority;

    proptest! {
        #[test]
        fn no_level_waits_longer_than_its_bound(arrivals in proptest::collection::vec(any::<[bool; 4]>(), 1..2000)) {
            let mut schedule = Schedule::default();
            let mut queued = [0_u32; 4];
            let mut waited = [0_u32; 4];
            let mut since_critical = 0;
            for arrival in arrivals {
                for (queue, arrives) in queued.iter_mut().zip(arrival) {
                    *queue += u32::from(arrives);
                }
                let waiting = queued.map(|queue| queue > 0);
                let levels = Levels::those(|level| waiting[level as usize]);
                let Some(level) = schedule.choose(levels) else { continue };
                prop_assert!(waiting[level as usize], "an empty level was chosen");
                schedule.served(level, levels);
                queued[level as usize] -= 1;
                for index in 0..4 {
                    waited[index] = if index == level as usize || !waiting[index] { 0 } else { waited[index] + 1 };
                    if index > 0 {
                        prop_assert!(waited[index] <= K[index] + 2, "level {index} waited {}", waited[index]);
                    }
                }
                since_critical = if level == Priority::Critical || !waiting[0] { 0 } else { since_critical + 1 };
                prop_assert!(since_critical <= 3, "critical was passed over {since_critical} times in a row");
            }
        }

        #[test]
        fn without_overdue_levels_the_most_urgent_is_chosen(waiting in any::<[bool; 4]>()) {
            let expected = Priority::ALL.into_iter().find(|level| waiting[*level as usize]);
            let levels = Levels::those(|level| waiting[level as usize]);
            prop_assert_eq!(Schedule::default().choose(levels), expected);
        }
    }

    #[test]
    fn the_level_that_is_overdue_the_most_is_chosen() {
        use Priority::{Critical, High, Low, Normal};
        let all = Priority::ALL.as_slice();
        let rows: [([u32; 4], &[Priority], Option<Priority>); 9] = [
            ([0, 0, 0, 0], &[], None),
            ([0, 7, 31, 127], all, Some(Critical)),
            ([0, 8, 0, 0], all, Some(High)),
            ([0, 0, 32, 0], all, Some(Normal)),
            ([0, 0, 0, 128], all, Some(Low)),
            // As long as two levels are overdue by the same, the more urgent one goes first.
            ([0, 8, 32, 0], all, Some(High)),
            ([0, 8, 33, 0], all, Some(Normal)),
            // An overdue level that holds nothing is not chosen.
            ([0, 8, 0, 0], &[Critical, Low], Some(Critical)),
            ([0, 8, 0, 0], &[Normal], Some(Normal)),
        ];
        for (passed_over, waiting, expected) in rows {
            let schedule = Schedule { passed_over, ..Schedule::default() };
            let levels = Levels::those(|level| waiting.contains(&level));
            assert_eq!(schedule.choose(levels), expected, "{passed_over:?} {waiting:?}");
        }
    }

    #[test]
    fn a_served_message_passes_over_the_other_levels_that_wait() {
        use Priority::{Critical, High, Low, Normal};
        let all = Priority::ALL.as_slice();
        let rows: [(Priority, &[Priority], [u32; 4], bool); 4] = [
            (Critical, all, [0, 4, 4, 4], false),
            (Low, all, [0, 4, 4, 0], true),
            (Normal, &[Normal, Low], [0, 3, 0, 4], false),
            (High, &[High], [0, 0, 3, 3], false),
        ];
        for (level, waiting, passed_over, was_overdue) in rows {
            let mut schedule = Schedule { passed_over: [0, 3, 3, 3], ..Schedule::default() };
            let levels = Levels::those(|level| waiting.contains(&level));
            assert_eq!(schedule.served(level, levels), was_overdue, "{level:?} {waiting:?}");
            assert_eq!(schedule.passed_over, passed_over, "{level:?} {waiting:?}");
        }
    }

    #[test]
    fn a_flood_of_critical_lets_each_level_through_at_its_own_rate() {
        let mut schedule = Schedule::default();
        let mut served = [0_u32; 4];
        let all = Levels::those(|_| true);
        for _ in 0..10_000 {
            let level = schedule.choose(all).expect("all wait");
            schedule.served(level, all);
            served[level as usize] += 1;
        }
        for index in 1..4 {
            let share = 10_000 / (K[index] + 3)..=10_000 / K[index];
            assert!(share.contains(&served[index]), "level {index} was served {} times of {share:?}", served[index]);
        }
    }
}
