//! A file that was copied again or touched is a request to retry, if its build doesn't run well. If it does run well, the log says so. A
//! build to which the system refused a resource is retried every second by itself; one that finds `bus.lock` held is retried sooner, and reported as
//! refused after the bus's lock timeout. No try waits for the lock.

use std::time::{Duration, Instant};

use shm_bus::Bus;

use super::{Host, Plugin};
use crate::handover::Build;
use crate::pending::Change;

impl Host {
    /// Has the watcher retry touched files of plugins that were refused or are suspended; logs that the others run. A waiting build takes
    /// precedence.
    pub(super) fn try_touched_again(&mut self) {
        let Self { touched, pending, plugins, watcher, .. } = self;
        touched.retain(|name| {
            let waits = pending.contains(name);
            if !waits && let Some(plugin) = plugins.get_mut(name) {
                if plugin.runs_badly() {
                    tracing::info!(plugin = name, "{name}: its file was copied or touched, so it is tried again");
                    watcher.retry(name);
                } else if plugin.slot.is_some() {
                    plugin.tell_unchanged(name);
                }
            }
            waits
        });
    }

    /// Whether builds to which the system refused a resource are to be retried now.
    pub(super) fn retries_now(&self) -> bool {
        self.retry_at.is_some_and(|moment| moment <= Instant::now())
    }

    /// Retries these builds after `pause`, or before.
    pub(super) fn retry_in(&mut self, pause: Duration) {
        let moment = Instant::now() + pause;
        self.retry_at = Some(self.retry_at.map_or(moment, |earlier| earlier.min(moment)));
    }

    /// Retries builds to which the system refused a resource, when their time has come.
    pub(super) fn retry_after_shortage(&mut self) {
        if !self.retries_now() {
            return;
        }
        self.retry_at = None;
        for (name, plugin) in &self.plugins {
            let waiting = plugin.waiting.as_ref().filter(|waiting| waiting.is_shortage);
            if let Some(waiting) = waiting.filter(|_| !self.pending.contains(name)) {
                let build = Build { image: waiting.image.clone(), is_retry: true };
                self.pending.note(name.clone(), Change::Build(build));
            }
        }
    }
}

impl Plugin {
    /// Whether its build still waits for other participants of `bus` to change it, which was not reported.
    pub(super) fn waits_for(&self, bus: &Bus) -> bool {
        let since = self.waiting.as_ref().and_then(|waiting| waiting.busy_since);
        since.is_some_and(|since| since.elapsed() < bus.lock_timeout())
    }

    /// Whether its file, as it is, did not become a running plugin.
    fn runs_badly(&self) -> bool {
        self.is_refused || self.slot.as_ref().is_some_and(|slot| slot.is_suspended())
    }

    /// Logs that its file contains the running build.
    fn tell_unchanged(&mut self, name: &str) {
        let generation = self.stats.generation;
        self.history.settled();
        if std::mem::take(&mut self.is_in_doubt) {
            tracing::info!(
                plugin = name,
                "{name} keeps running as generation {generation}: its file holds that build again"
            );
        } else {
            tracing::info!(plugin = name, "{name}: the file holds the running build; nothing to do");
        }
    }
}
