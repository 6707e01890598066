//! Opening, making, entering and leaving a bus.
//!
//! # Failure
//! Whatever a killed process left, the next opener finishes or clears under `bus.lock`. A bus that could not be made leaves
//! nothing. Retries are bounded.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::builder::Wishes;
use super::{Bus, gc};
use crate::control::{self, Build, Control, GivenUp, Limits, NewParticipant, Process, RegisterError};
use crate::membership::{self, Change, Removal, Shared, View, holder_text};
use crate::runtime::{
    Access, CONTROL, CONTROL_NEW, Folder, LockError, LockOwner, Memory, ParticipantLock, Place, Store, is_bus_name,
};
use crate::sys::{Birth, Dir, DirError, Origin};

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
    /// A limit that no bus can have.
    #[error("a bus can't have a limit of {asked} {what}: allowed are {min} to {max}")]
    Range {
        /// Which limit.
        what: &'static str,
        /// What was asked for.
        asked: u64,
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// The bus was made with another limit than this participant asks for.
    #[error("bus `{name}` was made for at most {on_the_bus} {what}, here it is {here}")]
    LimitsDiffer {
        /// The bus.
        name: String,
        /// Which limit.
        what: &'static str,
        /// The bus's.
        on_the_bus: u64,
        /// What was asked for.
        here: u64,
    },
    /// The bus is of a format, or uses features, that this build does not know.
    #[error("bus `{name}` was made by {made_by}, which does not fit {here}")]
    Incompatible {
        /// The bus.
        name: String,
        /// Who made it, with the features in use.
        made_by: Box<Build>,
        /// This process, with the features it knows.
        here: Box<Build>,
    },
    /// Nobody has opened this bus, or all that had are gone.
    #[error("no live bus `{name}` in {}", folder.display())]
    NotFound {
        /// The name.
        name: String,
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// The runtime folder or the bus's own is not safe to use.
    #[error(transparent)]
    Dir(#[from] DirError),
    /// Another participant held `bus.lock` for too long, five seconds unless told otherwise.
    #[error("bus `{name}` is being changed by {}, which does not let go of it", holder_text(*holder))]
    Busy {
        /// The bus.
        name: String,
        /// The holder, if it said so.
        holder: Option<Process>,
    },
    /// All slots are taken by live participants.
    #[error("bus `{name}` has {max} live participants, which is the most it holds")]
    Limit {
        /// The bus.
        name: String,
        /// The bus's limit.
        max: usize,
    },
    /// The bus went away each time it was about to be entered.
    #[error("bus `{name}` was removed and made anew again and again while it was being opened")]
    Unsettled {
        /// The bus.
        name: String,
    },
    /// Others no longer find the bus of this handle: its folder, the runtime folder or the register was deleted, moved or replaced.
    #[error("bus `{name}` was removed: its folder was deleted, moved or replaced; open it by its name")]
    Removed {
        /// The bus.
        name: String,
    },
    /// This process was forked from the participant; only that may use its handles.
    #[error("bus `{name}` was opened before this process was forked; open it by its name")]
    Forked {
        /// The bus.
        name: String,
    },
    /// The system refused, or the bus is spoilt.
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

/// Opens the bus `name`, with `create` making it if need be.
pub(super) fn open(place: &Place, name: &str, create: bool, wishes: &Wishes) -> Result<Bus, OpenError> {
    if !is_bus_name(name) {
        return Err(OpenError::Name { name: name.to_owned() });
    }
    wishes.check()?;
    for _ in 0..ATTEMPTS_MAX {
        if let Some(bus) = attempt(place, name, create, wishes)? {
            return Ok(bus);
        }
    }
    Err(OpenError::Unsettled { name: name.to_owned() })
}

/// One attempt; `None` when the bus's folder went away meanwhile.
fn attempt(place: &Place, name: &str, create: bool, wishes: &Wishes) -> Result<Option<Bus>, OpenError> {
    let root = match place.open(create) {
        Err(error) if !create && is_missing(&error) => return Err(not_found(name, place)),
        root => Arc::new(root?),
    };
    if create {
        gc::opportunistically(place, &root, name);
    }
    let opened = attempt_in(place, &root, name, create, wishes);
    if opened.is_err() {
        place.remove_if(root.was_made());
    }
    opened
}

/// As [`attempt`], in the opened runtime folder.
fn attempt_in(
    place: &Place,
    root: &Arc<Dir>,
    name: &str,
    create: bool,
    wishes: &Wishes,
) -> Result<Option<Bus>, OpenError> {
    let folder = match Folder::open(place, Arc::clone(root), name, create) {
        Err(error) if is_missing(&error) => return if create { Ok(None) } else { Err(not_found(name, place)) },
        folder => Arc::new(folder?),
    };
    let opened = match enter_locked(Store::Folder(Arc::clone(&folder)), name, create, wishes) {
        Err(OpenError::NotFound { .. }) => Err(not_found(name, place)),
        opened => opened,
    };
    if opened.is_err() {
        folder.remove_if_empty();
    }
    opened
}

/// A bus in this process's memory.
pub(super) fn open_in_memory(name: &str, wishes: &Wishes) -> Result<Bus, OpenError> {
    wishes.check()?;
    let store = Store::Memory(Arc::new(Memory::new()));
    let opened = enter_locked(store, name, true, wishes)?;
    opened.ok_or_else(|| OpenError::Unsettled { name: name.to_owned() })
}

/// Another participant of a bus that is open in this process.
pub(super) fn open_again(shared: &Shared) -> Result<Bus, OpenError> {
    let name = || shared.name.clone();
    if shared.is_forked() {
        return Err(OpenError::Forked { name: name() });
    }
    // Another bus may lie in the same place by now.
    if shared.look_at_once() {
        return Err(OpenError::Removed { name: name() });
    }
    let opened = enter_locked(shared.store.clone(), &shared.name, false, &Wishes::patient(shared.patience))?;
    opened.ok_or_else(|| OpenError::Unsettled { name: name() })
}

fn not_found(name: &str, place: &Place) -> OpenError {
    OpenError::NotFound { name: name.to_owned(), folder: place.path().to_owned() }
}

/// Takes part in the bus in `store`. `None` when it went away before it could be locked.
fn enter_locked(store: Store, name: &str, create: bool, wishes: &Wishes) -> Result<Option<Bus>, OpenError> {
    let failed = |what| move |source| OpenError::Io { name: name.to_owned(), what, source };
    let lock = match store.lock(wishes.patience) {
        Ok(lock) => lock,
        Err(LockError::Gone) => return Ok(None),
        Err(LockError::Io(source)) => return Err(failed("lock `bus.lock`")(source)),
        Err(LockError::Timeout) => {
            let holder = open_control(&store, Access::Look).ok().flatten().and_then(|control| control.holder());
            return Err(OpenError::Busy { name: name.to_owned(), holder });
        }
    };
    let entered = enter(store.clone(), name, create, wishes);
    if entered.is_err() && !gc::has_life(&store) {
        membership::remove_bus(&store);
    }
    drop(lock);
    let bus = entered?;
    Change::clear_given_up(&bus.shared);
    Ok(Some(bus))
}

/// Finds or makes the register and takes a slot in it. Under `bus.lock`.
fn enter(store: Store, name: &str, create: bool, wishes: &Wishes) -> Result<Bus, OpenError> {
    let failed = |what| move |source| OpenError::Io { name: name.to_owned(), what, source };
    let found = match open_control(&store, Access::Write) {
        Ok(control) => control.filter(|control| View { name, store: &store, control }.has_life()),
        // Without a register locks tell who lives: a spoilt one must neither end a live bus nor block a dead one's name.
        Err(error) if gc::has_held_locks(&store) => return Err(unfit(name, error)),
        Err(_) => None,
    };
    let birth = Birth::own();
    let process = Process::word(birth);
    let control = match found {
        Some(control) => {
            wishes.compare(name, &control.limits())?;
            control
        }
        None if !create => return Err(OpenError::NotFound { name: name.to_owned(), folder: PathBuf::new() }),
        None => {
            membership::clear(&store);
            make_control(&store, process, &wishes.limits()).map_err(failed("make the register"))?
        }
    };
    let identity = store.identity(CONTROL).map_err(failed("map the register"))?;
    control.set_holder(process);
    membership::sweep(View { name, store: &store, control: &control });
    let entered = take_slot(&store, &control, birth).map_err(failed("enter"));
    control.set_holder(0);
    let max = control.limits().participants;
    let (slot, id, lock) = entered?.ok_or_else(|| OpenError::Limit { name: name.to_owned(), max })?;
    let (name, lock, patience) = (name.to_owned(), Some(lock), wishes.patience);
    let (origin, removal) = (Origin::here(), Removal::default());
    let shared = Shared { name, store, control, identity, slot, id, patience, process, origin, removal, lock };
    Ok(Bus { shared: Arc::new(shared) })
}

/// Whether a folder is not there.
pub(crate) fn is_missing(error: &DirError) -> bool {
    matches!(error, DirError::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
}

/// Why the register of the bus `name` can't be used.
pub(crate) fn unfit(name: &str, error: RegisterError) -> OpenError {
    match error {
        RegisterError::Io(source) => OpenError::Io { name: name.to_owned(), what: "map the register", source },
        RegisterError::Unfit(both) => {
            let (made_by, here) = (Box::new(both.made_by), Box::new(both.here));
            OpenError::Incompatible { name: name.to_owned(), made_by, here }
        }
    }
}

/// The register, if there is one.
pub(crate) fn open_control(store: &Store, access: Access) -> Result<Option<Control>, RegisterError> {
    let page = match store.open_first_page(CONTROL) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        page => page?,
    };
    Control::fits(&page)?;
    match store.open(CONTROL, control::BYTES, access) {
        // The bus was removed since its first page was mapped.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        register => Ok(Some(Control::of(register?))),
    }
}

fn make_control(store: &Store, process: u64, limits: &Limits) -> io::Result<Control> {
    let control = Control::create(store.create(CONTROL_NEW, control::BYTES)?, &Build::here(), process, limits);
    control.sign(store.identity(CONTROL_NEW)?.1);
    store.rename(CONTROL_NEW, CONTROL)?;
    Ok(control)
}

/// Takes a slot: its lock first, then its entry. `None` when all are taken.
fn take_slot(store: &Store, control: &Control, birth: Birth) -> io::Result<Option<(usize, u64, ParticipantLock)>> {
    /// A slot whose lock is held though its entry is free is being looked at by somebody, for a moment.
    const LOOKS_MAX: usize = 256;
    // The lock is signed with it before there is an entry.
    let id = control.next_id();
    for _ in 0..LOOKS_MAX {
        let mut looked_at = false;
        for slot in (0..control.limits().participants).filter(|slot| control.participant_is_free(*slot)) {
            let Some(lock) = store.take_slot(LockOwner { register: control.inode(), slot, id })? else {
                looked_at = true;
                continue;
            };
            let start_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_millis() as u64;
            let (process, name) = (Process::word(birth), Build::here().program);
            control.add_participant(slot, NewParticipant { id, process, birth, name: &name, start_ms });
            control.bump_epoch();
            return Ok(Some((slot, id, lock)));
        }
        if !looked_at {
            break;
        }
        std::thread::yield_now();
    }
    Ok(None)
}

impl Drop for Shared {
    fn drop(&mut self) {
        if self.is_forked() {
            return;
        }
        // Publishers and inboxes hold `Shared`, so all of them are gone by now. From here on this participant is dead, and
        // may be cleared away by anybody: nothing is waited for.
        self.lock = None;
        self.control.leave(self.slot, self.id);
        self.control.give_up(GivenUp::Participant(self.slot));
        for _ in 0..Change::ROUNDS_MAX {
            if !self.control.anything_given_up() {
                return;
            }
            let Ok(lock) = self.lock(Duration::ZERO) else { return };
            self.control.set_holder(self.process);
            membership::sweep(self.view());
            let last = !self.control.has_participants();
            self.control.set_holder(0);
            if last {
                membership::remove_bus(&self.store);
                drop(lock);
                self.store.remove_root();
                return;
            }
        }
    }
}
