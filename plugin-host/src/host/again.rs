//! A file that was copied or touched is a request, if what was made of it doesn't run well: try it again. If it runs well, whoever
//! did it is told so.

use super::{Host, Plugin};

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
