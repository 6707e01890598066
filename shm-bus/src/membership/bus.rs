//! The handle to a bus.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::change_error::ChangeError;
use super::shared::Shared;

/// A participant's handle to a bus. Cheap to clone; clones are the same participant.
#[derive(Clone, Debug)]
pub struct Bus {
    shared: Arc<Shared>,
    /// How long the changes through this handle wait for `bus.lock`.
    lock_timeout: Duration,
}

impl Bus {
    pub(crate) fn of(shared: Shared) -> Self {
        let lock_timeout = shared.lock_timeout;
        Self { shared: Arc::new(shared), lock_timeout }
    }

    /// A handle of the same participant with another lock timeout, also for the inboxes and servers that are made with it. Zero means a
    /// single attempt: a thread that must not wait, as in a frame, gets [`ChangeError::Busy`] at once, and tries again later.
    #[must_use]
    pub fn with_lock_timeout(&self, lock_timeout: Duration) -> Self {
        Self { shared: Arc::clone(&self.shared), lock_timeout }
    }

    /// How long changes through this handle wait while another participant changes the bus.
    #[must_use]
    pub const fn lock_timeout(&self) -> Duration {
        self.lock_timeout
    }

    /// Reports progress of this participant, once a frame or turn (its heartbeat). Inboxes also report it at every drain and while they
    /// wait, and publishers while they wait for room. Tools show it; a missing heartbeat never counts as a death.
    #[inline]
    pub fn beat(&self) {
        if !self.shared.is_forked() {
            self.shared.beat();
        }
    }

    /// This participant's id, never reused on this bus. It identifies the participant in a [`Snapshot`](crate::Snapshot); a process id
    /// doesn't, since each pid namespace counts by itself.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.shared.id
    }

    /// Asks the system whether this bus is still the one that others find under its name. Publishers and inboxes then return the error,
    /// too.
    ///
    /// # Errors
    /// [`ChangeError::Removed`] if its folder was deleted, moved or replaced, [`ChangeError::Forked`] in a forked child.
    pub fn check(&self) -> Result<(), ChangeError> {
        if !self.shared.is_forked() {
            self.shared.look_at_once();
        }
        self.shared.check()
    }

    /// The bus's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// The bus's folder. An anonymous bus has none; for it, this is a name that no other bus has.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.shared.store.path()
    }

    pub(crate) const fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}
