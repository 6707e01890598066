//! Opening a bus with more to say than its name.

use std::path::Path;
use std::time::Duration;

use super::Bus;
use super::open::{self, OpenError};
use crate::control::Limits;
use crate::membership::Change;
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

/// What a participant asks for.
#[derive(Clone, Debug)]
pub(super) struct Wishes {
    /// In the order of [`Limits::words`].
    asked: [Option<u64>; 5],
    /// How long to wait for `bus.lock`.
    pub(super) patience: Duration,
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

impl Default for Wishes {
    fn default() -> Self {
        Self::patient(Change::PATIENCE)
    }
}

impl Wishes {
    /// Any limits.
    pub(super) const fn patient(patience: Duration) -> Self {
        Self { asked: [None; 5], patience }
    }

    /// Refuses what no bus can have.
    pub(super) fn check(&self) -> Result<(), OpenError> {
        let ranges = Limits::MIN.words().into_iter().zip(Limits::MAX.words());
        for (asked, ((what, min), (_, max))) in self.asked.iter().zip(ranges) {
            if let Some(asked) = asked.filter(|asked| !(min..=max).contains(asked)) {
                return Err(OpenError::Range { what, asked, min, max });
            }
        }
        Ok(())
    }

    /// The limits of a new bus. After [`Self::check`].
    pub(super) fn limits(&self) -> Limits {
        let max = Limits::MAX;
        let entries = |index: usize, max: usize| self.asked[index].map_or(max, |asked| asked as usize);
        Limits {
            participants: entries(0, max.participants),
            topics: entries(1, max.topics),
            lanes: entries(2, max.lanes),
            inboxes: entries(3, max.inboxes),
            bytes: self.asked[4].unwrap_or(max.bytes),
        }
    }

    /// Refuses a bus with other limits.
    pub(super) fn compare(&self, name: &str, limits: &Limits) -> Result<(), OpenError> {
        for (asked, (what, on_the_bus)) in self.asked.iter().zip(limits.words()) {
            if let Some(here) = asked.filter(|asked| *asked != on_the_bus) {
                return Err(OpenError::LimitsDiffer { name: name.to_owned(), what, on_the_bus, here });
            }
        }
        Ok(())
    }
}
