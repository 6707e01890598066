//! Who lives.

use crate::control::Control;
use crate::runtime::Store;
use crate::sys::{Birth, has_ended};

/// Whether the participant in `slot` lives; `here` is this process's own birth.
///
/// Its lock tells. A lock may outlive its holder in a child that the holder forked: then the system's word that no process
/// of this number and birth is there, if this process can ask for it, is as good.
pub(crate) fn is_alive(store: &Store, control: &Control, slot: usize, here: Birth) -> bool {
    let ended = || {
        let entry = control.participant(slot)?;
        Some(entry.pid != std::process::id() && has_ended(entry.pid, entry.birth, here))
    };
    store.slot_is_held(slot) && !ended().unwrap_or(false)
}
