//! Windows: a named event for each bell, as waiting on an address works only inside one process.
//!
//! The wait that an event ends resets it. A wake without a sleeper ends the next wait at once; the caller then looks.

#![expect(unsafe_code, reason = "calls the system")]

use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::time::Duration;

use windows_sys::Win32::System::Threading::{CreateEventW, SetEvent, WaitForSingleObject};

use super::BellId;
use crate::sync::{AtomicU64, Ordering};

/// Sleeps on words.
#[derive(Debug)]
pub(crate) struct Sleeper {
    event: OwnedHandle,
}

impl Sleeper {
    /// Creates the sleeper for the bell `id`.
    pub(crate) fn new(id: BellId<'_>) -> io::Result<Self> {
        Ok(Self { event: event(id)? })
    }

    /// Sleeps while `bell` holds `armed`, at most `timeout`, until woken; may wake spuriously.
    pub(crate) fn sleep(&self, bell: &AtomicU64, armed: u64, timeout: Duration) {
        // ORDERING: Relaxed, a shortcut; the event stays set if it was rung in between.
        if bell.load(Ordering::Relaxed) == armed {
            let milliseconds = u32::try_from(timeout.as_millis()).unwrap_or(u32::MAX - 1).max(1);
            // SAFETY: the handle is open for as long as `self`.
            unsafe { WaitForSingleObject(self.event.as_raw_handle(), milliseconds) };
        }
    }
}

/// Wakes the sleeper on `bell`.
pub(crate) fn wake(_: &AtomicU64, id: BellId<'_>) {
    // Without an event nobody can have slept on it for longer than a slice.
    if let Ok(event) = event(id) {
        // SAFETY: the handle is open.
        unsafe { SetEvent(event.as_raw_handle()) };
    }
}

/// The event of this name, created unset if it doesn't exist; the wait that it ends resets it.
fn event(id: BellId<'_>) -> io::Result<OwnedHandle> {
    let folder = crate::wire::schema_hash(&id.folder.to_string_lossy());
    let name: Vec<u16> = format!("Local\\hotframe-{folder:016x}-{}-{}\0", id.kind, id.index).encode_utf16().collect();
    // SAFETY: the name is a zero-terminated string; no attributes are given.
    let handle = unsafe { CreateEventW(std::ptr::null(), 0, 0, name.as_ptr()) };
    if handle.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: a handle that was just opened and that nobody else closes.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
}
