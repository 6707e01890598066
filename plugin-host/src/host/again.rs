//! A file that was copied or touched is a request, if what was made of it doesn't run well: try it again. If it runs well, whoever
//! did it is told so. A build that the system refused something is tried again every second, without anybody's doing.

use std::time::Instant;

use super::{Host, Plugin};
use crate::change::Next;
use crate::handover::Build;

impl Host {
    /// Has the watcher try again what was touched, of plugins that were refused or are suspended; says of the others that they
    /// run. A build that waits comes first.
    pub(super) fn try_touched_again(&mut self) {
        let Self { touched, changes, plugins, watcher, .. } = self;
        touched.retain(|name| {
            let waits = changes.contains(name);
            if !waits && let Some(plugin) = plugins.get_mut(name) {
                if plugin.runs_badly() {
                    tracing::info!(plugin = name, "{name}: its file was copied or touched: it is tried again");
                    watcher.retry(name);
                } else if plugin.slot.is_some() {
                    plugin.tell_unchanged(name);
                }
            }
            waits
        });
    }
}

impl Host {
    /// Has builds that the system refused something tried again, when it is time for it.
    pub(super) fn retry_short(&mut self) {
        if self.retry_at.is_none_or(|moment| Instant::now() < moment) {
            return;
        }
        self.retry_at = None;
        for (name, plugin) in &self.plugins {
            let waiting = plugin.waiting.as_ref().filter(|waiting| waiting.is_short);
            if let Some(waiting) = waiting.filter(|_| !self.changes.contains(name)) {
                let build = Build { image: waiting.image.clone(), is_retry: true };
                self.changes.note(name.clone(), Next::Build(build));
            }
        }
    }
}

impl Plugin {
    /// Whether its file, as it is, did not become a plugin that runs.
    fn runs_badly(&self) -> bool {
        self.is_refused || self.slot.as_ref().is_some_and(|slot| slot.is_suspended())
    }

    /// Its file holds the build that runs.
    fn tell_unchanged(&mut self, name: &str) {
        let generation = self.stats.generation;
        if std::mem::take(&mut self.is_in_doubt) {
            tracing::info!(plugin = name, "{name} goes on as generation {generation}: its file holds that build again");
        } else {
            tracing::info!(plugin = name, "{name}: the same build as the one that runs; nothing to do");
        }
    }
}
