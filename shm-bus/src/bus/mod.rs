//! The facade: opens, lists, probes and removes buses.
//!
//! Does not know what a participant does on a bus. A participant's handles share the state in [`membership`](crate::membership). Each kind
//! of handle has a module of its own, which adds the methods of [`Bus`] that create it.
//!
//! # Failure
//! An operation that returns an error leaves the bus unchanged. A bus whose participants were all killed is removed by the next process
//! that opens it or creates another bus, and by [`gc`].

mod builder;
mod gc;
mod list;
mod open;
mod options;
mod probe;
mod remains;

pub use builder::BusBuilder;
pub use gc::{gc, gc_in};
pub use list::{ListError, list, list_in, runtime_folder};
pub use probe::{probe, probe_in};
pub use remains::{LockLook, Remains, look_at_lock, remains};

use std::path::Path;

use crate::membership::{Bus, OpenError};

impl Bus {
    /// Opens the bus `name` in the runtime folder (`$HOTFRAME_DIR`, otherwise the system's default), and creates it if it doesn't exist.
    ///
    /// A bus whose participants were all killed is removed and created anew.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(name: &str) -> Result<Self, OpenError> {
        Self::builder(name).open()
    }

    /// Like [`Self::open`], in the given runtime folder.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open_in(folder: impl AsRef<Path>, name: &str) -> Result<Self, OpenError> {
        Self::builder(name).folder(folder).open()
    }

    /// Attaches to an existing bus.
    ///
    /// # Errors
    /// [`OpenError::NotFound`] if no live bus has this name; otherwise see [`OpenError`].
    pub fn attach(name: &str) -> Result<Self, OpenError> {
        Self::builder(name).attach()
    }

    /// Like [`Self::attach`], in the given runtime folder.
    ///
    /// # Errors
    /// As for [`Self::attach`].
    pub fn attach_in(folder: impl AsRef<Path>, name: &str) -> Result<Self, OpenError> {
        Self::builder(name).folder(folder).attach()
    }

    /// Creates a bus in this process's memory, without files and without a name that others could find. Otherwise it works like a named
    /// one.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn anonymous() -> Result<Self, OpenError> {
        Self::builder("anonymous").open_anonymous()
    }

    /// Options for opening a bus: limits, folder, lock timeout.
    pub fn builder(name: &str) -> BusBuilder {
        BusBuilder::new(name)
    }

    /// Adds another participant of this bus, in this process.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn attach_again(&self) -> Result<Self, OpenError> {
        open::open_again(self.shared())
    }
}
