//! A file that was copied or touched is a request, if what was made of it doesn't run well: try it again.

use super::{Host, Plugin};

impl Host {
    /// Has the watcher try again what was touched, of plugins that were refused or are suspended. A build that waits comes first.
    pub(super) fn try_touched_again(&mut self) {
        let Self { touched, changes, plugins, watcher, .. } = self;
        touched.retain(|name| {
            let waits = changes.contains(name);
            if !waits && plugins.get(name).is_some_and(Plugin::runs_badly) {
                tracing::info!(plugin = name, "{name}: its file was copied or touched: it is tried again");
                watcher.retry(name);
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
}
