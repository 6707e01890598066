//! Counters and measurements of the plugins, for reports.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Host;
use crate::arena::ArenaUse;
use crate::ports::{PastLane, Traffic};

/// Counters and measurements of one plugin's changes at frame edges.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PluginStats {
    /// The running generation; 0 if none was accepted.
    pub generation: u32,
    /// Swaps from one generation to the next.
    pub reloads: u32,
    /// Refused files and builds.
    pub failed_loads: u32,
    /// Calls that panicked.
    pub panics: u64,
    /// Records that were read but not delivered, so that they block no publisher: they arrived while the plugin was suspended, or
    /// contained no whole messages.
    pub undelivered: u64,
    /// Its use of the frame arena.
    pub arena: ArenaUse,
    /// Its images that are no longer used but stay mapped until the process ends: those of replaced and of refused builds.
    pub retired_images: u64,
    /// Address space of these images, in bytes.
    pub retired_bytes: u64,
    /// How long each swap blocked the frame edge, including the wait for its handover.
    pub swaps: Vec<Duration>,
}

impl Host {
    /// Counters and measurements of each plugin, by name.
    pub fn stats(&self) -> impl Iterator<Item = (&str, PluginStats)> {
        self.plugins.iter().map(|(name, plugin)| {
            let mut stats = plugin.stats.clone();
            if let Some(slot) = &plugin.slot {
                let occupant = slot.lock();
                (stats.panics, stats.undelivered) = (slot.faults().count(), occupant.undelivered);
                stats.arena.add(occupant.share.total());
            }
            let left = self.home.retired.of(name);
            (stats.retired_images, stats.retired_bytes) = (left.images, left.bytes);
            (name.as_str(), stats)
        })
    }

    /// Records that plugins received, by topic and priority; includes removed plugins.
    #[must_use]
    pub fn received(&self) -> BTreeMap<String, [u64; 4]> {
        let mut sums = BTreeMap::<String, [u64; 4]>::new();
        self.each_traffic(|traffic| {
            for (topic, counts) in &traffic.received {
                let sum = sums.entry(topic.clone()).or_default();
                sum.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
            }
        });
        sums
    }

    /// Lanes that plugins no longer publish to; the bus lists these only until they are read to their end.
    #[must_use]
    pub fn past_lanes(&self) -> Vec<PastLane> {
        let mut past = Vec::new();
        self.each_traffic(|traffic| past.extend_from_slice(&traffic.past));
        past
    }

    fn each_traffic(&self, mut each: impl FnMut(&Traffic)) {
        for plugin in self.plugins.values() {
            each(&plugin.traffic);
            if let Some(slot) = &plugin.slot {
                each(&slot.lock().ports.traffic);
            }
        }
    }
}
