//! Finds a bus's registry in its folder, and tells whether anybody lives on that bus.
//!
//! # Failure
//! A registry that this build can't read does not tell who lives. The locks do; buses of all versions have them.

use std::io;

use super::view::View;
use crate::control::{Control, RegistryError};
use crate::layout::control::{BYTES, PARTICIPANTS_MAX};
use crate::runtime::{Access, CONTROL, Store};

/// The registry, if it exists.
pub(crate) fn open_control(store: &Store, access: Access) -> Result<Option<Control>, RegistryError> {
    let page = match store.open_first_page(CONTROL) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        page => page?,
    };
    Control::fits(&page)?;
    match store.open(CONTROL, BYTES, access) {
        // The bus was removed since its first page was mapped.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        register => Ok(Some(Control::of(register?))),
    }
}

/// Whether any participant lives.
pub(crate) fn has_life(store: &Store) -> bool {
    match open_control(store, Access::Look) {
        Ok(Some(control)) => View { name: "", store, control: &control }.has_life(),
        // A bus of another version has locks, too.
        _ => has_held_locks(store),
    }
}

/// Whether any participant's lock is held. This shows life even if there is no registry.
pub(crate) fn has_held_locks(store: &Store) -> bool {
    (0..PARTICIPANTS_MAX).any(|slot| store.slot_is_held(slot))
}
