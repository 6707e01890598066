//! Opening a bus with more to say than its name.

use std::path::Path;
use std::time::Duration;

use super::open;
use super::wishes::Wishes;
use crate::membership::{Bus, OpenError};
use crate::runtime::Place;

/// Says how much a bus shall hold, where it lies and how long to wait for it. Made by [`Bus::builder`].
///
/// Who makes the bus sets the limits that were not told to the most that the layout holds. Who attaches is refused unless the
/// bus has the limits that were told.
#[derive(Clone, Debug)]
#[must_use = "nothing is opened before `open` or `attach`"]
pub struct BusBuilder {
    name: String,
    place: Option<Place>,
    wishes: Wishes,
}

impl BusBuilder {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), place: None, wishes: Wishes::default() }
    }

    /// Looks in this runtime folder instead of `$HOTFRAME_DIR` or the system's default.
    pub fn folder(mut self, folder: impl AsRef<Path>) -> Self {
        self.place = Some(Place::at(folder.as_ref()));
        self
    }

    /// At most so many participants, 1 to 64.
    pub fn participants(self, limit: usize) -> Self {
        self.ask(0, limit as u64)
    }

    /// At most so many topics, 1 to 128.
    pub fn topics(self, limit: usize) -> Self {
        self.ask(1, limit as u64)
    }

    /// At most so many lanes, 1 to 256. A publisher has one for each priority; a closed one counts until it has been read.
    pub fn lanes(self, limit: usize) -> Self {
        self.ask(2, limit as u64)
    }

    /// At most so many inboxes, 1 to 64.
    pub fn inboxes(self, limit: usize) -> Self {
        self.ask(3, limit as u64)
    }

    /// At most so many bytes in all segments together, at least the register's 245 760. A lane takes 4096 bytes more than its
    /// capacity, an inbox 20 480.
    pub fn bytes(self, limit: u64) -> Self {
        self.ask(4, limit)
    }

    /// How long this participant waits while another one changes the bus, instead of five seconds.
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.wishes.patience = patience;
        self
    }

    /// Opens the bus, making it if need be.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(&self) -> Result<Bus, OpenError> {
        open::open(&self.place(), &self.name, true, &self.wishes)
    }

    /// Takes part in a bus that somebody else has opened.
    ///
    /// # Errors
    /// [`OpenError::NotFound`] when no live bus has this name; else see [`OpenError`].
    pub fn attach(&self) -> Result<Bus, OpenError> {
        open::open(&self.place(), &self.name, false, &self.wishes)
    }

    /// Makes a bus in this process's memory that nobody else can find; the name is for people only.
    /// [`Bus::attach_again`] gives it more participants.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open_anonymous(&self) -> Result<Bus, OpenError> {
        open::open_in_memory(&self.name, &self.wishes)
    }

    const fn ask(mut self, index: usize, limit: u64) -> Self {
        self.wishes.asked[index] = Some(limit);
        self
    }

    fn place(&self) -> Place {
        self.place.clone().unwrap_or_else(Place::from_environment)
    }
}
