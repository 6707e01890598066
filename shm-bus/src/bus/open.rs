//! Opening, making, entering and leaving a bus.
//!
//! # Failure
//! Whatever a killed process left, the next opener finishes or clears under `bus.lock`. Retries are bounded.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::change::holder_text;
use super::{Bus, Change, Shared, sweep};
use crate::control::{Control, NAME_MAX, PARTICIPANTS_MAX};
use crate::runtime::{BusLock, CONTROL, CONTROL_NEW, LockError, ParticipantLock, Place, is_alive, is_bus_name};
use crate::sys::{Dir, DirError};

/// Why a bus could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Not a name for a bus.
    #[error("`{name}` is no bus name: 1 to 64 letters, digits, `-`, `_`, `.`, not beginning with a dot")]
    Name {
        /// The name.
        name: String,
    },
    /// Nobody has opened this bus, or all that had are gone.
    #[error("no live bus `{name}` in {}", folder.display())]
    NotFound {
        /// The name.
        name: String,
        /// Where it was looked for.
        folder: std::path::PathBuf,
    },
    /// The runtime folder or the bus's own is not safe to use.
    #[error(transparent)]
    Dir(#[from] DirError),
    /// Another participant held `bus.lock` for five seconds.
    #[error("bus `{name}` is being changed by {}, which does not let go of it", holder_text(*holder))]
    Busy {
        /// The bus.
        name: String,
        /// Process id of the holder, if it said so.
        holder: Option<u32>,
    },
    /// All slots are taken by live participants.
    #[error("bus `{name}` has {PARTICIPANTS_MAX} live participants, which is the most it holds")]
    Limit {
        /// The bus.
        name: String,
    },
    /// The bus went away each time it was about to be entered.
    #[error("bus `{name}` was removed and made anew again and again while it was being opened")]
    Unsettled {
        /// The bus.
        name: String,
    },
    /// The system refused, or the bus is of another version.
    #[error("can't {what} of bus `{name}`")]
    Io {
        /// The bus.
        name: String,
        /// What was tried.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

/// Attempts at a bus that is being removed meanwhile.
const ATTEMPTS_MAX: usize = 64;

pub(crate) fn open(place: Place, name: &str, create: bool) -> Result<Bus, OpenError> {
    if !is_bus_name(name) {
        return Err(OpenError::Name { name: name.to_owned() });
    }
    for _ in 0..ATTEMPTS_MAX {
        if let Some(bus) = attempt(&place, name, create)? {
            return Ok(bus);
        }
    }
    Err(OpenError::Unsettled { name: name.to_owned() })
}

/// One attempt; `None` when the bus's folder went away meanwhile.
fn attempt(place: &Place, name: &str, create: bool) -> Result<Option<Bus>, OpenError> {
    let not_found = |root: &Path| OpenError::NotFound { name: name.to_owned(), folder: root.to_owned() };
    let root = match place.open(create) {
        Err(DirError::Io { path, source }) if !create && source.kind() == io::ErrorKind::NotFound => {
            return Err(not_found(&path));
        }
        root => root?,
    };
    let dir = match root.subdir(name, create) {
        Err(DirError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            return if create { Ok(None) } else { Err(not_found(root.path())) };
        }
        dir => dir?,
    };
    let failed = |what| move |source| OpenError::Io { name: name.to_owned(), what, source };
    let lock = match BusLock::acquire(&dir, Change::PATIENCE) {
        Ok(lock) => lock,
        Err(LockError::Gone) => return Ok(None),
        Err(LockError::Io(source)) => return Err(failed("lock `bus.lock`")(source)),
        Err(LockError::Timeout) => {
            let holder = open_control(&dir).ok().flatten().and_then(|control| control.holder());
            return Err(OpenError::Busy { name: name.to_owned(), holder });
        }
    };
    // Locks tell who lives, whatever the register says: a spoilt one must neither end a live bus nor block a dead one's name.
    let alive = (0..PARTICIPANTS_MAX).any(|slot| is_alive(&dir, slot));
    let found = if alive { open_control(&dir).map_err(failed("map the register"))? } else { None };
    let control = match found {
        Some(control) => control,
        None if !create => {
            sweep::remove_bus(&root, &dir, name);
            return Err(not_found(root.path()));
        }
        None => {
            sweep::clear(&dir);
            make_control(&dir).map_err(failed("make the register"))?
        }
    };
    control.set_holder(std::process::id());
    sweep::sweep(&dir, &control);
    let entered = enter(&dir, &control).map_err(failed("enter"))?;
    control.set_holder(0);
    drop(lock);
    let (slot, id, lock) = entered.ok_or_else(|| OpenError::Limit { name: name.to_owned() })?;
    let (name, place, lock) = (name.to_owned(), place.clone(), Some(lock));
    Ok(Some(Bus { shared: Arc::new(Shared { name, place, root, dir, control, slot, id, lock }) }))
}

/// The register, if there is one.
fn open_control(dir: &Dir) -> io::Result<Option<Control>> {
    match dir.open_file(CONTROL, true) {
        Ok(file) => Control::open(&file).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn make_control(dir: &Dir) -> io::Result<Control> {
    let control = Control::create(&dir.create_file(CONTROL_NEW)?)?;
    dir.rename(CONTROL_NEW, CONTROL)?;
    Ok(control)
}

/// Takes a slot: its lock first, then its entry. `None` when all are taken.
fn enter(dir: &Dir, control: &Control) -> io::Result<Option<(usize, u64, ParticipantLock)>> {
    for slot in (0..PARTICIPANTS_MAX).filter(|slot| control.participant_is_free(*slot)) {
        // A slot whose lock is held though its entry is free is being looked at by somebody; the next one will do.
        if let Some(lock) = ParticipantLock::take(dir, slot)? {
            let id = control.add_participant(slot, std::process::id(), &process_name());
            control.bump_epoch();
            return Ok(Some((slot, id, lock)));
        }
    }
    Ok(None)
}

/// The program's file name, cut to fit.
fn process_name() -> String {
    let path = std::env::current_exe().unwrap_or_default();
    let mut name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let end = (0..=NAME_MAX.min(name.len())).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
    name.truncate(end);
    name
}

impl Drop for Shared {
    fn drop(&mut self) {
        // Publishers and inboxes hold `Shared`, so all of them are gone by now. Without the lock the rest is left to
        // whoever changes the bus next: letting go of the participant's lock says that this one is dead.
        let Ok(lock) = BusLock::acquire(&self.dir, Change::PATIENCE) else { return };
        self.control.set_holder(std::process::id());
        self.lock = None;
        sweep::release(&self.dir, &self.control, self.slot);
        sweep::sweep(&self.dir, &self.control);
        let last = self.control.participants().next().is_none();
        self.control.set_holder(0);
        if last {
            sweep::remove_bus(&self.root, &self.dir, &self.name);
        }
        drop(lock);
        if last {
            self.place.remove_if_default();
        }
    }
}
