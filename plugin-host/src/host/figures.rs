//! Records the figures of the plugins when a reader asks for them.

use metrics::{counter, gauge};

use super::{Host, PluginStats};
use crate::metering::Figures;

impl Host {
    /// A handle by which a reader on another thread requests this host's figures.
    #[must_use]
    pub fn figures(&self) -> Figures {
        self.figures.clone()
    }

    /// Records the plugins' figures in the process's `metrics` recorder, if a reader has asked for them.
    pub(super) fn record_figures(&self) {
        if self.figures.is_asked() {
            self.plugins.keys().for_each(|name| self.record_plugin(name));
            self.figures.answer();
        }
    }

    fn record_plugin(&self, name: &str) {
        let Some(plugin) = self.plugins.get(name) else { return };
        let mut stats = PluginStats { swaps: Vec::new(), ..plugin.stats };
        if let Some(slot) = &plugin.slot {
            stats.panics = slot.faults().count();
            // Calls in flight must not hold the frame: these figures are then left as they were.
            if let Some(occupant) = slot.lock_within(self.calls_wait) {
                stats.undelivered = occupant.undelivered;
                stats.arena.add(occupant.share.total());
                drop(occupant);
                record_uses(name, &stats);
            }
        }
        let (plugin, left) = (|| name.to_owned(), self.home.retired.of(name));
        counter!("hotframe_loads_total", "plugin" => plugin()).absolute(u64::from(stats.generation));
        counter!("hotframe_swaps_total", "plugin" => plugin()).absolute(u64::from(stats.reloads));
        counter!("hotframe_refusals_total", "plugin" => plugin()).absolute(u64::from(stats.failed_loads));
        counter!("hotframe_panics_total", "plugin" => plugin()).absolute(stats.panics);
        gauge!("hotframe_retired_bytes", "plugin" => plugin()).set(left.bytes as f64);
    }
}

/// What the plugin's use of the host's resources has come to.
fn record_uses(name: &str, stats: &PluginStats) {
    let plugin = || name.to_owned();
    counter!("hotframe_undelivered_records_total", "plugin" => plugin()).absolute(stats.undelivered);
    counter!("hotframe_arena_refusals_total", "plugin" => plugin()).absolute(stats.arena.refused);
    gauge!("hotframe_arena_peak_bytes", "plugin" => plugin()).set(stats.arena.peak_bytes as f64);
}
