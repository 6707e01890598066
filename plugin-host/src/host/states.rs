//! Saves each plugin's state for an observer: a state that can't be saved affects no other.
//!
//! Each is saved on a thread of its own, as in a handover. A plugin that hangs there is abandoned together with its thread and its
//! gate. Thread-locals that it leaves in that thread delay nobody: the thread's end is not awaited.

use std::sync::Arc;
use std::thread::Builder;
use std::time::Duration;

use crossbeam_channel::RecvTimeoutError;
use tracing::dispatcher;

use crate::calls::ends::spawn;
use crate::fault::Fault;
use crate::instance::Instance;
use crate::slot::Slot;
use crate::stack::{STACK_BYTES, is_large};

/// Timeout for one plugin. The largest known states take some ten milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// The state of the instance in `slot`; `None` if there is none.
pub(super) fn save(slot: &Arc<Slot>) -> Option<Result<Vec<u8>, Fault>> {
    save_within(slot, PATIENCE)
}

fn save_within(slot: &Arc<Slot>, timeout: Duration) -> Option<Result<Vec<u8>, Fault>> {
    let (there, log) = (slot.clone(), dispatcher::get_default(Clone::clone));
    let save = move || {
        is_large();
        dispatcher::with_default(&log, || save_here(&there))
    };
    let Ok(saved) = spawn(Builder::new().name("saving".to_owned()).stack_size(STACK_BYTES), save) else {
        return save_here(slot);
    };
    let unsaved = |message: String| Some(Err(Fault { message, location: String::new() }));
    match saved.recv_timeout(timeout) {
        // The thread's share of the slot is gone.
        Ok(state) => state,
        Err(RecvTimeoutError::Timeout) => unsaved(format!("saving it has not returned within {timeout:?}")),
        Err(RecvTimeoutError::Disconnected) => unsaved("the thread that saves it has panicked".to_owned()),
    }
}

fn save_here(slot: &Slot) -> Option<Result<Vec<u8>, Fault>> {
    slot.lock().shared().instance.as_ref().map(Instance::save)
}
