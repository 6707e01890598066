//! Opens and creates a bus.
//!
//! # Failure
//! The next opener completes or removes what a killed process left, under `bus.lock`. A bus that could not be created leaves nothing
//! behind. Retries are bounded.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::gc;
use super::options::Options;
use crate::control::{Build, Control, Limits, Process};
use crate::layout;
use crate::membership::{
    Bus, Change, OpenError, Shared, View, clear, has_held_locks, has_life, is_missing, open_control, remove_bus,
};
use crate::runtime::{Access, BusMemory, CONTROL, CONTROL_NEW, Folder, LockError, RuntimeFolder, Store, is_bus_name};
use crate::sys::{Birth, Dir};

/// Maximum number of attempts at a bus that is removed meanwhile.
const ATTEMPTS_MAX: usize = 64;

/// Opens the bus `name`; with `create`, creates it if it doesn't exist.
pub(super) fn open(runtime: &RuntimeFolder, name: &str, create: bool, options: &Options) -> Result<Bus, OpenError> {
    if !is_bus_name(name) {
        return Err(OpenError::Name { name: name.to_owned() });
    }
    options.check()?;
    for _ in 0..ATTEMPTS_MAX {
        if let Some(bus) = attempt(runtime, name, create, options)? {
            return Ok(bus);
        }
    }
    Err(OpenError::Unsettled { name: name.to_owned() })
}

/// One attempt; `None` if the bus's folder was removed meanwhile.
fn attempt(runtime: &RuntimeFolder, name: &str, create: bool, options: &Options) -> Result<Option<Bus>, OpenError> {
    let root = match runtime.open(create) {
        Err(error) if !create && is_missing(&error) => return Err(not_found(name, runtime)),
        root => Arc::new(root?),
    };
    if create {
        gc::opportunistically(runtime, &root, name);
    }
    let opened = attempt_in(runtime, &root, name, create, options);
    if opened.is_err() {
        runtime.remove_if(root.was_made());
    }
    opened
}

/// Like [`attempt`], in the opened runtime folder.
fn attempt_in(
    runtime: &RuntimeFolder,
    root: &Arc<Dir>,
    name: &str,
    create: bool,
    options: &Options,
) -> Result<Option<Bus>, OpenError> {
    let folder = match Folder::open(runtime, Arc::clone(root), name, create) {
        Err(error) if is_missing(&error) => return if create { Ok(None) } else { Err(not_found(name, runtime)) },
        folder => Arc::new(folder?),
    };
    let opened = match enter_locked(Store::Folder(Arc::clone(&folder)), name, create, options) {
        Err(OpenError::NotFound { .. }) => Err(not_found(name, runtime)),
        opened => opened,
    };
    if opened.is_err() {
        folder.remove_if_empty();
    }
    opened
}

/// Opens a bus in this process's memory.
pub(super) fn open_in_memory(name: &str, options: &Options) -> Result<Bus, OpenError> {
    options.check()?;
    let store = Store::Memory(Arc::new(BusMemory::new()));
    let opened = enter_locked(store, name, true, options)?;
    opened.ok_or_else(|| OpenError::Unsettled { name: name.to_owned() })
}

/// Adds another participant of a bus that is open in this process.
pub(super) fn open_again(shared: &Shared) -> Result<Bus, OpenError> {
    let name = || shared.name.clone();
    if shared.is_forked() {
        return Err(OpenError::Forked { name: name() });
    }
    // Another bus may have taken its place by now.
    if shared.look_at_once() {
        return Err(OpenError::Removed { name: name() });
    }
    let opened =
        enter_locked(shared.store.clone(), &shared.name, false, &Options::with_lock_timeout(shared.lock_timeout))?;
    opened.ok_or_else(|| OpenError::Unsettled { name: name() })
}

fn not_found(name: &str, runtime: &RuntimeFolder) -> OpenError {
    OpenError::NotFound { name: name.to_owned(), folder: runtime.path().to_owned() }
}

/// Enters the bus in `store`. `None` if it was removed before it could be locked.
fn enter_locked(store: Store, name: &str, create: bool, options: &Options) -> Result<Option<Bus>, OpenError> {
    let failed = |what| move |source| OpenError::Io { name: name.to_owned(), what, source };
    let lock = match store.lock(options.lock_timeout) {
        Ok(lock) => lock,
        Err(LockError::Gone) => return Ok(None),
        Err(LockError::Io(source)) => return Err(failed("lock `bus.lock`")(source)),
        Err(LockError::Timeout) => {
            let holder = open_control(&store, Access::Look).ok().flatten().and_then(|control| control.holder());
            return Err(OpenError::Busy { name: name.to_owned(), holder });
        }
    };
    let entered = enter(store.clone(), name, create, options);
    if entered.is_err() && !has_life(&store) {
        remove_bus(&store);
    }
    drop(lock);
    let bus = entered?;
    Change::clear_abandoned(bus.shared());
    Ok(Some(bus))
}

/// Finds or creates the registry and takes a slot in it. Under `bus.lock`.
fn enter(store: Store, name: &str, create: bool, options: &Options) -> Result<Bus, OpenError> {
    let failed = |what| move |source| OpenError::Io { name: name.to_owned(), what, source };
    let found = match open_control(&store, Access::Write) {
        Ok(control) => control.filter(|control| View { name, store: &store, control }.has_life()),
        // Without a readable registry, the locks tell who lives: a corrupt one must neither end a live bus nor block a dead one's name.
        Err(error) if has_held_locks(&store) => return Err(OpenError::unfit(name, error)),
        Err(_) => None,
    };
    let birth = Birth::own();
    let control = match found {
        Some(control) => {
            options.compare(name, &control.limits())?;
            control
        }
        None if !create => return Err(OpenError::NotFound { name: name.to_owned(), folder: PathBuf::new() }),
        None => {
            clear(&store);
            make_control(&store, birth, &options.limits()).map_err(failed("create the registry"))?
        }
    };
    Shared::enter(name, store, control, birth, options.lock_timeout).map(Bus::of)
}

fn make_control(store: &Store, birth: Birth, limits: &Limits) -> io::Result<Control> {
    let control = Control::create(
        store.create(CONTROL_NEW, layout::control::BYTES)?,
        &Build::here(),
        Process::word(birth),
        limits,
    );
    control.sign(store.identity(CONTROL_NEW)?.1);
    store.rename(CONTROL_NEW, CONTROL)?;
    Ok(control)
}
