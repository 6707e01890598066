//! Chooses the lane that a reader serves next. Inboxes and workers of a queue share it.
//!
//! | module | rule |
//! |---|---|
//! | `levels` | the set of levels (priorities) that hold a message |
//! | `aging` | which level is next: the most urgent one, unless another one has waited too long |
//! | `turns` | which lane of that level is next: they take turns |
//!
//! Pure: knows positions in the reader's list of lanes, and neither lanes nor messages.
//!
//! # Invariants
//! 1. The reader's lanes are sorted by priority. It calls [`Schedule::arrange`] whenever they have changed.

mod aging;
mod levels;
mod turns;

pub(crate) use levels::Levels;

use std::ops::Range;

use crate::wire::Priority;

/// The order in which one reader serves its lanes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Schedule {
    /// For each level, the positions of its lanes.
    lanes: [Range<usize>; 4],
    /// For each level, the place whose turn it is; see `turns`.
    turns: [usize; 4],
    /// For each level, the number of other levels' messages that were served while it waited.
    passed_over: [u32; 4],
}

impl Schedule {
    /// Adopts the reader's present `lanes`, which are sorted by priority.
    pub(crate) fn arrange<L>(&mut self, lanes: &[L], priority: impl Fn(&L) -> Priority) {
        for level in Priority::ALL {
            let start = lanes.partition_point(|lane| priority(lane) < level);
            let end = lanes.partition_point(|lane| priority(lane) <= level);
            self.lanes[level as usize] = start..end;
        }
    }

    /// Positions of the lanes of `level`.
    #[inline]
    pub(crate) fn lanes(&self, level: Priority) -> Range<usize> {
        self.lanes[level as usize].clone()
    }
}

#[cfg(test)]
mod tests {
    use super::Schedule;
    use crate::wire::Priority::{self, Critical, High, Low, Normal};

    #[test]
    fn each_level_has_its_range_of_the_sorted_lanes() {
        let rows: [(&[Priority], [_; 4]); 4] = [
            (&[], [0..0, 0..0, 0..0, 0..0]),
            (&[Normal], [0..0, 0..0, 0..1, 1..1]),
            (&[Critical, Critical, Low], [0..2, 2..2, 2..2, 2..3]),
            (&[Critical, High, High, Normal, Low], [0..1, 1..3, 3..4, 4..5]),
        ];
        for (lanes, expected) in rows {
            let mut schedule = Schedule::default();
            schedule.arrange(lanes, |priority| *priority);
            assert_eq!(Priority::ALL.map(|level| schedule.lanes(level)), expected, "{lanes:?}");
        }
    }
}
