//! The facade: opens, lists, probes and clears away buses.
//!
//! Does not know what a participant does on a bus. Its handles share what is in [`membership`](crate::membership). Each end of the bus
//! has a module of its own, which adds the methods of [`Bus`] that make it.
//!
//! # Failure
//! Each operation leaves the bus as it was when it returns an error. When everybody on a bus was killed, the next one who opens it or makes
//! another bus clears it away, and so does [`gc`].

mod builder;
mod gc;
mod list;
mod open;
mod probe;
mod remains;
mod wishes;

pub use builder::BusBuilder;
pub use gc::{gc, gc_in};
pub use list::{ListError, list, list_in, runtime_folder};
pub use probe::{probe, probe_in};
pub use remains::{LockLook, Remains, look_at_lock, remains};

use std::path::Path;

use crate::membership::{Bus, OpenError};

impl Bus {
    /// Opens the bus `name` in the runtime folder (`$HOTFRAME_DIR`, else the system's default), making it if need be.
    ///
    /// A bus whose participants were all killed is removed and made afresh.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(name: &str) -> Result<Self, OpenError> {
        Self::builder(name).open()
    }

    /// As [`Self::open`], in a runtime folder of the caller's choice.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open_in(folder: impl AsRef<Path>, name: &str) -> Result<Self, OpenError> {
        Self::builder(name).folder(folder).open()
    }

    /// Takes part in a bus that somebody else has opened.
    ///
    /// # Errors
    /// [`OpenError::NotFound`] when no live bus has this name; else see [`OpenError`].
    pub fn attach(name: &str) -> Result<Self, OpenError> {
        Self::builder(name).attach()
    }

    /// As [`Self::attach`], in a runtime folder of the caller's choice.
    ///
    /// # Errors
    /// As [`Self::attach`].
    pub fn attach_in(folder: impl AsRef<Path>, name: &str) -> Result<Self, OpenError> {
        Self::builder(name).folder(folder).attach()
    }

    /// A bus in this process's memory, without a file or a name that anybody could find. Everything else is as on a named one.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn anonymous() -> Result<Self, OpenError> {
        Self::builder("anonymous").open_anonymous()
    }

    /// Opens a bus with limits, a folder or a patience of the caller's choice.
    pub fn builder(name: &str) -> BusBuilder {
        BusBuilder::new(name)
    }

    /// Another participant of this bus, in this process.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn attach_again(&self) -> Result<Self, OpenError> {
        open::open_again(self.shared())
    }
}
