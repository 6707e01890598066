//! A file that was copied again or touched is a request to retry, if its build doesn't run well. If it does run well, the log says so. A
//! build to which the system refused a resource is retried every second by itself.

use std::time::Instant;

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

    /// Retries builds to which the system refused a resource, when their time has come.
    pub(super) fn retry_after_shortage(&mut self) {
        if self.retry_at.is_none_or(|moment| Instant::now() < moment) {
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
    /// Whether its file, as it is, did not become a running plugin.
    fn runs_badly(&self) -> bool {
        self.is_refused || self.slot.as_ref().is_some_and(|slot| slot.is_suspended())
    }

    /// Logs that its file contains the running build.
    fn tell_unchanged(&mut self, name: &str) {
        let generation = self.stats.generation;
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
