//! Decides whether a participant lives. Only the table; the callers determine its columns.
//!
//! | its lock | and | then it |
//! |---|---|---|
//! | held | nothing else is proven | lives: a held lock takes precedence |
//! | held | its process has provably ended: a child that it forked still holds the lock | is dead |
//! | free | | is dead |
//! | missing | no entry, an invalid entry, or a copy of the registry | is nobody |
//! | missing | an entry that a participant wrote, and nothing else is proven | lives: a missing lock proves nothing |
//! | missing | it has marked that it left, or was proven dead before, or its process has provably ended | is dead |
//! | another participant's, held | an entry that a participant wrote | as if missing: a renamed lock proves nothing |
//! | another participant's, held | no entry, an invalid entry, or a copy of the registry | as if held |

use crate::runtime::LockState;

/// What is known of a slot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signs {
    pub(super) lock: LockState,
    /// The registry is no copy, and the slot's entry was written by a participant.
    pub(super) sealed: bool,
    /// The participant of this entry has marked that it left, or was proven dead before.
    pub(super) left: bool,
    /// The process of this entry has provably ended.
    pub(super) ended: bool,
}

impl Signs {
    /// Whether somebody lives in the slot.
    pub(super) const fn life(self) -> bool {
        match self.lock {
            LockState::Free => false,
            LockState::Held => !self.ended,
            // An invalid entry can't be told from the lock owner's.
            LockState::Foreign => !(self.ended || (self.sealed && self.left)),
            LockState::Missing => self.sealed && !self.left && !self.ended,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Signs;
    use crate::runtime::LockState::{self, Foreign, Free, Held, Missing};

    #[test]
    fn a_held_lock_wins_and_absence_proves_nothing() {
        const YES: bool = true;
        const NO: bool = false;
        let rows: [(LockState, bool, bool, bool, bool); 18] = [
            // lock, sealed, left, ended: lives
            (Held, YES, NO, NO, YES),
            (Held, YES, YES, NO, YES),
            (Held, YES, NO, YES, NO),
            (Held, NO, NO, NO, YES),
            (Held, NO, NO, YES, NO),
            (Free, YES, NO, NO, NO),
            (Free, YES, YES, YES, NO),
            (Free, NO, NO, NO, NO),
            (Missing, NO, NO, NO, NO),
            (Missing, NO, YES, YES, NO),
            (Missing, YES, NO, NO, YES),
            (Missing, YES, YES, NO, NO),
            (Missing, YES, NO, YES, NO),
            (Foreign, YES, NO, NO, YES),
            (Foreign, YES, YES, NO, NO),
            (Foreign, YES, NO, YES, NO),
            (Foreign, NO, YES, NO, YES),
            (Foreign, NO, NO, YES, NO),
        ];
        for (lock, sealed, left, ended, lives) in rows {
            let signs = Signs { lock, sealed, left, ended };
            assert_eq!(signs.life(), lives, "{signs:?}");
        }
    }
}
