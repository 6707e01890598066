//! Saves and restores states without a host: every kind of value in serde's data model is restored unchanged or refused on
//! saving.
//!
//! | module | shows |
//! |---|---|
//! | [`zoo`] | any value of a wide range of types is restored |
//! | [`shapes`] | the shapes in which formats lose values, one by one |
//! | [`depth`] | values are refused that are too deep to be read |
//! | [`refusals`] | values that can't be restored are refused, with the path |
//! | [`opaque`] | an opaque field is bound to its layout |
//! | [`layout`] | that layout covers every use of every type, on both sides |

mod depth;
mod layout;
mod opaque;
mod refusals;
mod shapes;
mod zoo;

use plugin_sdk::state::{PluginState, restore, save};

/// The saved `state`.
fn saved<S: PluginState>(state: &S) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    save(state, &mut bytes).map(|()| bytes)
}

/// `state`, saved and restored.
fn again<S: PluginState>(state: &S) -> S {
    restore(&saved(state).expect("it can be written")).expect("the written state can be read")
}

/// The error of saving `state` and restoring it as another type.
fn misread<S: PluginState, T: PluginState>(state: &S) -> String {
    restore::<T>(&saved(state).expect("it can be written")).err().expect("it does not fit")
}

/// Runs `body` on a stack of the host's size.
fn with_room(body: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new()
        .stack_size(plugin_sdk::abi::STATE_STACK_BYTES)
        .spawn(body)
        .expect("a thread with a large stack");
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}
