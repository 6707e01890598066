//! State, written and read without a host: every kind of value that serde knows comes back as it was, or is refused when it is
//! written.
//!
//! | module | shows |
//! |---|---|
//! | [`zoo`] | any value of a wide zoo of types comes back |
//! | [`shapes`] | the shapes in which formats lose values, one by one |
//! | [`refusals`] | what can't come back is refused, with its path |
//! | [`opaque`] | an opaque field is bound to its layout |
//! | [`layout`] | and that layout is the one of every use of every type, written and read alike |

mod layout;
mod opaque;
mod refusals;
mod shapes;
mod zoo;

use plugin_sdk::state::{PluginState, restore, save};

/// `state`, written.
fn saved<S: PluginState>(state: &S) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    save(state, &mut bytes).map(|()| bytes)
}

/// `state`, written and read again.
fn again<S: PluginState>(state: &S) -> S {
    restore(&saved(state).expect("it can be written")).expect("what was written can be read")
}

/// What is said when `state`, written, is read as another type.
fn misread<S: PluginState, T: PluginState>(state: &S) -> String {
    restore::<T>(&saved(state).expect("it can be written")).err().expect("it doesn't fit")
}
