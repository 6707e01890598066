//! Opens a bus with options beyond its name.

use std::path::Path;
use std::time::Duration;

use super::open;
use super::options::Options;
use crate::membership::{Bus, OpenError};
use crate::runtime::RuntimeFolder;

/// Options for opening a bus: its limits, its folder and the lock timeout. Made by [`Bus::builder`].
///
/// When the bus is created, limits that were not set default to the layout's maximum. Attaching to an existing bus fails unless the bus has
/// the limits that were set.
#[derive(Clone, Debug)]
#[must_use = "nothing is opened before `open` or `attach`"]
pub struct BusBuilder {
    name: String,
    runtime: Option<RuntimeFolder>,
    options: Options,
}

impl BusBuilder {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), runtime: None, options: Options::default() }
    }

    /// Uses this runtime folder instead of `$HOTFRAME_DIR` or the system's default.
    pub fn folder(mut self, folder: impl AsRef<Path>) -> Self {
        self.runtime = Some(RuntimeFolder::at(folder.as_ref()));
        self
    }

    /// Maximum number of participants, 1 to 64.
    pub fn participants(self, limit: usize) -> Self {
        self.ask(0, limit as u64)
    }

    /// Maximum number of topics, 1 to 128.
    pub fn topics(self, limit: usize) -> Self {
        self.ask(1, limit as u64)
    }

    /// Maximum number of lanes, 1 to 256. A publisher has one for each priority; a closed one counts until it has been read.
    pub fn lanes(self, limit: usize) -> Self {
        self.ask(2, limit as u64)
    }

    /// Maximum number of inboxes, 1 to 64.
    pub fn inboxes(self, limit: usize) -> Self {
        self.ask(3, limit as u64)
    }

    /// Maximum number of bytes in all segments together, at least the registry's 245 760. A lane takes 4096 bytes more than its capacity,
    /// an inbox 20 480.
    pub fn bytes(self, limit: u64) -> Self {
        self.ask(4, limit)
    }

    /// Lock timeout: how long this participant waits while another one changes the bus. The default is five seconds.
    pub const fn lock_timeout(mut self, lock_timeout: Duration) -> Self {
        self.options.lock_timeout = lock_timeout;
        self
    }

    /// Opens the bus, and creates it if it doesn't exist.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(&self) -> Result<Bus, OpenError> {
        open::open(&self.runtime(), &self.name, true, &self.options)
    }

    /// Attaches to an existing bus.
    ///
    /// # Errors
    /// [`OpenError::NotFound`] if no live bus has this name; otherwise see [`OpenError`].
    pub fn attach(&self) -> Result<Bus, OpenError> {
        open::open(&self.runtime(), &self.name, false, &self.options)
    }

    /// Creates a bus in this process's memory that nobody else can find; the name is only for display. [`Bus::attach_again`] adds
    /// participants to it.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open_anonymous(&self) -> Result<Bus, OpenError> {
        open::open_in_memory(&self.name, &self.options)
    }

    const fn ask(mut self, index: usize, limit: u64) -> Self {
        self.options.asked[index] = Some(limit);
        self
    }

    fn runtime(&self) -> RuntimeFolder {
        self.runtime.clone().unwrap_or_else(RuntimeFolder::from_environment)
    }
}
