//! Detects whether a worker is gone for good.

use super::word::Owner;
use crate::control::Control;
use crate::layout::control::PARTICIPANTS_MAX;

/// Caches the answers for one inspection of a table; asks the kernel once for each participant.
#[derive(Debug)]
pub(crate) struct Register<'a, F> {
    control: &'a Control,
    /// Whether the participant in this slot lives.
    is_alive: F,
    /// By slot.
    known: [Option<bool>; PARTICIPANTS_MAX],
}

impl<'a, F: Fn(usize) -> bool> Register<'a, F> {
    pub(crate) const fn new(control: &'a Control, is_alive: F) -> Self {
        Self { control, is_alive, known: [None; PARTICIPANTS_MAX] }
    }

    /// Whether `owner` has left or is proven dead. A worker's entry is written before its first claim, and removed after its last one or
    /// after the proof of its death. A load that sees a claim also sees its owner's entry: `[OWNER]`. So a missing entry means that the
    /// owner is gone.
    pub(crate) fn is_gone(&mut self, owner: Owner) -> bool {
        let entry = self.control.inbox(owner.index.into());
        let Some(entry) = entry.filter(|entry| entry.worker && Owner::new(entry.index, entry.id) == owner) else {
            return true;
        };
        let slot = entry.participant;
        !*self.known[slot].get_or_insert_with(|| (self.is_alive)(slot))
    }
}
