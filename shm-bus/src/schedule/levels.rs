//! The set of levels (the priorities that a reader serves) that hold a message.

use crate::wire::Priority;

/// See the module. A bit for each priority, at its wire number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Levels(u8);

impl Levels {
    /// The levels for which `holds` is true.
    #[inline]
    pub(crate) fn those(mut holds: impl FnMut(Priority) -> bool) -> Self {
        Self(Priority::ALL.into_iter().fold(0, |levels, level| levels | u8::from(holds(level)) << level as u8))
    }

    /// Adds `level` if `holds`.
    #[inline]
    pub(crate) const fn add_if(&mut self, holds: bool, level: Priority) {
        self.0 |= (holds as u8) << level as u8;
    }

    #[inline]
    pub(crate) const fn contains(self, level: Priority) -> bool {
        self.0 >> level as u8 & 1 == 1
    }

    /// The most urgent level in the set.
    #[inline]
    pub(crate) const fn first(self) -> Option<Priority> {
        Priority::from_wire(self.0.trailing_zeros() as u8)
    }

    /// The only level in the set, if it has exactly one.
    #[inline]
    pub(crate) const fn sole(self) -> Option<Priority> {
        if self.0.is_power_of_two() { self.first() } else { None }
    }

    /// Whether the set contains a level more urgent than `level`.
    #[inline]
    pub(crate) const fn any_above(self, level: Priority) -> bool {
        self.0 & ((1 << level as u8) - 1) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::Levels;
    use crate::wire::Priority;

    #[test]
    fn a_set_tells_its_members_its_first_and_its_only_one() {
        for bits in 0..16_u8 {
            let holds = |level: Priority| bits >> level as u8 & 1 == 1;
            let levels = Levels::those(holds);
            let members: Vec<_> = Priority::ALL.into_iter().filter(|level| holds(*level)).collect();
            assert_eq!(levels.first(), members.first().copied());
            assert_eq!(levels.sole(), if let [sole] = members[..] { Some(sole) } else { None });
            for level in Priority::ALL {
                assert_eq!(levels.contains(level), members.contains(&level));
                assert_eq!(levels.any_above(level), members.iter().any(|member| *member < level));
            }
        }
    }
}
